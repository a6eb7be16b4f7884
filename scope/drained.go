package scope

import (
	"context"
	"log/slog"
	"strconv"
	"time"

	"github.com/ebb-go/ebb/trace"
)

// drained is what became of the tasks and nested Runs that a scope waited for, from
// when it was canceled, asked to stop, or its body had ended. There is one only if
// someone looks; it is guarded by the scope's mu.
type drained struct {
	started time.Time
	items   []*trace.DrainItem // in the order in which the first of each ended
	byName  map[drainedName]*trace.DrainItem
}

type drainedName struct{ kind, name string }

// beginDrainedLocked starts the account, unless that was done or nothing looks at it.
func (s *Scope) beginDrainedLocked() {
	if !s.watched() || s.state >= dropping {
		return
	}
	if in := s.exitStateLocked(); in.drained == nil {
		in.drained = &drained{started: time.Now()}
	}
}

// beginDrained starts the account for who does not hold the lock.
func (s *Scope) beginDrained() {
	if s.watched() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.beginDrainedLocked()
	}
}

// noticeDrained starts the account if the scope has been canceled: what ends for that
// may do so before the scope itself has noticed. The context is foreign code, so it is
// asked without the lock.
func (s *Scope) noticeDrained() {
	if s.watched() && s.body.Err() != nil {
		s.beginDrained()
	}
}

// drainedLocked returns the account, nil if there is none.
func (s *Scope) drainedLocked() *drained {
	if s.exitState == nil {
		return nil
	}
	return s.exitState.drained
}

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

// refused counts a task that the scope no longer takes.
func (s *Scope) refused(t *task, why error) {
	if why == ErrBusy {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if d := s.drainedLocked(); d != nil {
		d.item("task", t.name).Refused++
	}
}

// drainReport returns the account for the report of a scope whose drain ended at end.
func (s *Scope) drainReport(end time.Time) (r trace.Drain) {
	s.mu.Lock()
	defer s.mu.Unlock()
	d := s.drainedLocked()
	if d == nil {
		return r
	}
	r.Started, r.Ended = d.started, end
	for _, item := range d.items {
		r.Items = append(r.Items, *item)
	}
	return r
}

// wasCanceled reports whether the context of a scope that has closed had been
// canceled before.
func (s *Scope) wasCanceled() bool {
	own := s.context.own.Load()
	return own != nil && own != endedUnmade && context.Cause(own.Context) != errEnded
}

// warnOfDrain logs a drain that takes longer than the slow threshold, once, and returns
// how to call that off.
func (s *Scope) warnOfDrain() (stop func() bool) {
	return time.AfterFunc(s.slow(), func() {
		if names := s.draining(); len(names) > 0 {
			s.warn("ebb: slow drain", slog.Duration("age", s.slow()), slog.Any("waits_for", names))
		}
	}).Stop
}

// draining names what the scope waits for before its teardown: equal names are one,
// with a count, and at most ten are given.
func (s *Scope) draining() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	counts := make(map[string]int)
	var names []string // the newest first
	add := func(name string) {
		if counts[name]++; counts[name] == 1 {
			names = append(names, name)
		}
	}
	for c := s.nested; c != nil; c = c.next {
		if c.lexicalFrame() == &s.body {
			add(c.name)
		}
	}
	for t := s.tasks; t != nil; t = t.next {
		add(t.name)
	}
	for k, name := range names {
		if n := counts[name]; n > 1 {
			names[k] = strconv.Itoa(n) + " x " + name
		}
	}
	return atMost(names, maxNames)
}
