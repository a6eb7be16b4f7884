package scope

import (
	"time"

	"github.com/ebb-go/ebb/internal/record"
	"github.com/ebb-go/ebb/trace"
)

// exitState is what most scopes never see. All is guarded by the scope's mu.
type exitState struct {
	failures  []failure // of the body, tasks and early drops
	daemon    failure   // of the first daemon that failed before it was asked
	stopCause error     // set by Stop, here or above; never nil then
	refused   refusals
	turned    bool            // a child: its turn has come
	turn      error           // a child was canceled with that because its turn had come
	early     *earlyDrop      // the newest early drop that has not ended
	drained   *drained        // nil: nothing looks, or nothing has happened yet
	handed    int             // the inside of a slot: errors that it has handed to the scope around
	collected bool            // what fails from here on is logged, for it comes too late for Run
	contained map[string]bool // sorts of foreign code of which it was logged that they failed
}

// clock is what a scope must know of time if something can abandon what runs in
// it: a grace or a limit of its own, or of a scope around it. Other scopes, and
// those of most requests are such, do without.
type clock struct {
	opened time.Time // immutable

	// Guarded by the scope's mu.
	left       time.Time     // when the body returned; zero before
	graceFrom  time.Time     // when the grace began; zero before
	bound      time.Time     // when its drop by its parent is to cancel it; zero before, and for none
	canceledAt time.Time     // when the cancellation was noticed; zero before
	cut        error         // with what it was canceled when its time was up; nil before
	filled     chan struct{} // closed, and nil again, when a drain that has found nothing to drop gets something
	stopTimer  *time.Timer   // cancels what was only asked to stop
	unwatch    func() bool   // of the watch on the context, with a grace
}

// age returns for how long the scope has been open; 0 for no clock.
func (c *clock) age(now time.Time) time.Duration {
	if c == nil {
		return 0
	}
	return now.Sub(c.opened)
}

// decision is how a scope ends, as drop functions, spans and reports see it. It is made
// once, by decide.
type decision struct {
	exit     Exit
	by       failure          // what has decided it
	cause    error            // with which it was canceled or asked to stop; nil: it was not
	teardown *record.Teardown // nil: there is no recorder

	faults *faults // of a child that has closed; guarded by its mu
}

// clock returns what is known of time, or nil. It is set before the scope opens, or
// by a Close with a deadline.
func (s *Scope) clock() *clock { return s.timing.Load() }

func (s *Scope) exitStateLocked() *exitState {
	if s.exitState == nil {
		s.exitState = new(exitState)
	}
	return s.exitState
}

// stopReasonLocked is the cause with which the scope, or one above it, was asked to
// stop; nil before.
func (s *Scope) stopReasonLocked() error {
	if s.exitState == nil {
		return nil
	}
	return s.exitState.stopCause
}

// filledLocked wakes a drain that waits with nothing to drop that there is something
// now, for which the reserve is kept.
func (c *clock) filledLocked() {
	if c != nil && c.filled != nil {
		close(c.filled)
		c.filled = nil
	}
}

// refusals are the tasks that Go has not run: the scope was canceled, asked to stop or
// closed. The caller of Go has no result to learn it from, so the log has the first by
// name, and a count of the others when the scope ends. They are guarded by the scope's
// mu.
type refusals struct {
	n    int
	over bool // the count was logged: from then on each is, by name
}

// drained is what became of the tasks and nested Runs that a scope waited for, from
// when it was canceled, asked to stop, or its body had ended. There is one only if
// someone looks; it is guarded by the scope's mu.
type drained struct {
	started time.Time
	items   []*trace.DrainItem // in the order in which the first of each ended
	byName  map[drainedName]*trace.DrainItem
}

type drainedName struct{ kind, name string }

// item returns what is counted of one kind and name, or of nothing if d is nil.
func (d *drained) item(kind, name string) *trace.DrainItem {
	if d == nil {
		return new(trace.DrainItem)
	}
	key := drainedName{kind, name}
	item := d.byName[key]
	if item == nil {
		item = &trace.DrainItem{Kind: kind, Name: name}
		if d.byName == nil {
			d.byName = make(map[drainedName]*trace.DrainItem)
		}
		d.byName[key] = item
		d.items = append(d.items, item)
	}
	return item
}

// ended counts one that has returned.
func (d *drained) ended(kind, name string, canceled bool) {
	if d == nil {
		return
	}
	item := d.item(kind, name)
	if canceled {
		item.Canceled++
	} else {
		item.Ended++
	}
}

// drainedLocked returns the account, nil if there is none.
func (s *Scope) drainedLocked() *drained {
	if s.exitState == nil {
		return nil
	}
	return s.exitState.drained
}
