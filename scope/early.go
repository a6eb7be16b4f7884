package scope

import (
	"context"
	"log/slog"

	"go.uber.org/multierr"

	"github.com/ebb-go/ebb/internal/engine"
	"github.com/ebb-go/ebb/internal/outcome"
)

// beginEarlyLocked adds e to the early drops that have not ended. It is no task: the
// exit does not wait for it before the teardown, which meets what it drops.
func (s *Scope) beginEarlyLocked(e *earlyDrop) {
	x := s.exitStateLocked()
	if e.next = x.early; e.next != nil {
		e.next.prev = e
	}
	x.early = e
}

// endEarlyLocked is its opposite.
func (s *Scope) endEarlyLocked(e *earlyDrop) {
	if e.prev != nil {
		e.prev.next = e.next
	} else {
		s.exitState.early = e.next
	}
	if e.next != nil {
		e.next.prev = e.prev
	}
	close(e.over)
}

// failUnheardLocked makes an error of drops that no caller waits for Run's. If Run has
// collected its errors already it reports that, and the error is to be logged.
//
// The inside of a slot hands the errors of its values to the scope around, but only so
// many: further ones are to be logged, as a slot may live for years.
func (s *Scope) failUnheardLocked(err error) (afterExit bool) {
	if s.isInside() {
		x := s.exitStateLocked()
		if x.handed == maxHanded {
			return true
		}
		x.handed++
		s.parent.mu.Lock() // which comes after that of a scope below
		defer s.parent.mu.Unlock()
		return s.parent.failUnheardLocked(err)
	}
	if s.exitStateLocked().collected {
		return true
	}
	s.failLocked(failure{earlyIndex, err, nil})
	return false
}

// reportUnheard makes an error of drops that no caller waits for Run's, or logs it. nil is
// none.
func (s *Scope) reportUnheard(n *node, err error) {
	if err == nil {
		return
	}
	s.mu.Lock()
	late := s.failUnheardLocked(err)
	s.mu.Unlock()
	if late {
		s.logUnheard(n, err)
	}
}

// maxHanded bounds the errors of the values of one slot that no caller has heard.
const maxHanded = 100

// logUnheard logs an error of the drop of n, or of what it has made, that comes too late
// for Run.
func (s *Scope) logUnheard(n *node, err error) {
	s.warn("ebb: late result of an abandoned drop", slog.String("guard", n.name()), slog.Any("error", err))
}

// leaveLocked is for a caller that no longer waits for e. If it was the last one, it
// returns an error for which only the log is left.
func (e *earlyDrop) leaveLocked() (late error) {
	if e.waiters--; e.waiters > 0 || e.unheard == nil {
		return nil
	}
	unheard := e.unheard
	e.unheard = nil
	if e.node.s.failUnheardLocked(unheard) {
		return unheard
	}
	return nil
}

// Run is the goroutine of an early drop.
func (e *earlyDrop) Run() {
	n := e.node
	s := n.s
	outcomes := e.run.Do(context.WithoutCancel(s.context.base), s.options(nil))
	errs := s.outcomes(outcomes)
	var late error
	s.mu.Lock()
	unheard := e.unheardLocked(outcomes, errs)
	switch {
	case unheard == nil:
	case e.waiters > 0 && e.concluded == nil:
		e.unheard = unheard
	case s.failUnheardLocked(unheard):
		late = unheard
	}
	if e.concluded == nil {
		e.endRunLocked(errs)
	}
	s.endEarlyLocked(e)
	s.mu.Unlock()
	if late != nil {
		s.logUnheard(n, late)
	}
}

// outcomes returns what Run says of drops of early runs, with what hangs below them.
func (s *Scope) outcomes(outcomes []engine.Outcome) []error {
	hung := s.takeStacks(outcomes)
	errs := make([]error, len(outcomes))
	for k, o := range outcomes {
		errs[k] = multierr.Append(nodeOf(o.Node).outcome(o), hung[k])
	}
	return errs
}

// unheardLocked returns the errors of e's run that nothing else reports: neither the
// teardown, of nodes that it gave up, nor conclude.
func (e *earlyDrop) unheardLocked(outcomes []engine.Outcome, errs []error) (unheard error) {
	for k, o := range outcomes {
		if n := nodeOf(o.Node); !n.rarelyLocked().cut && !e.concluded[n] {
			unheard = multierr.Append(unheard, errs[k])
		}
	}
	return unheard
}

// endRunLocked ends the record with its run, unless the teardown has taken the node over
// and has not come to its end.
func (e *earlyDrop) endRunLocked(errs []error) {
	e.err, e.run = multierr.Combine(errs...), nil
	if e.node.is() == gone {
		e.node.endRecordLocked()
	}
}

// conclude ends the records of early runs for which the exit has no more time. The
// errors of what has ended are reported now, to the callers that wait or else by Run; the
// run itself logs what ends later.
func (s *Scope) conclude(early []*earlyDrop) {
	for _, e := range early {
		s.mu.Lock()
		run := e.run
		s.mu.Unlock()
		if run == nil {
			continue
		}
		outcomes := run.Ended()
		errs := s.outcomes(outcomes)
		s.mu.Lock()
		if e.run != nil { // else it has ended meanwhile
			e.concludeLocked(outcomes, errs)
		}
		s.mu.Unlock()
	}
}

func (e *earlyDrop) concludeLocked(outcomes []engine.Outcome, errs []error) {
	if unheard := e.unheardLocked(outcomes, errs); unheard != nil && e.waiters == 0 {
		e.node.s.failUnheardLocked(unheard) // the errors are collected after this
	}
	e.concluded = make(map[*node]bool)
	for _, o := range outcomes {
		e.concluded[nodeOf(o.Node)] = true
	}
	if !e.concluded[e.node] && e.node.vertex.Early() {
		errs = append(errs, e.node.rarelyLocked().dropErr) // the teardown has given it up
	}
	e.endRunLocked(errs)
}

// endRecordLocked ends the record of the drop of n, which is gone, unless its run still
// collects what others have come to.
func (n *node) endRecordLocked() {
	e := n.rarelyLocked().early
	if e == nil || e.run != nil {
		return
	}
	if e.over == nil || !n.vertex.Early() { // of another run
		e.err = multierr.Append(e.err, n.rarelyLocked().dropErr)
	}
	n.rarely.Load().early = nil
	close(e.done)
}

// joinedError returns what a call gets that waits for a drop which another run has done:
// the error of a drop that has ended with err.
func (n *node) joinedError(err error, returned bool) error {
	if err == nil {
		return nil
	}
	e := &DropError{Scope: n.s.Path(), Guard: n.name(), Wave: n.vertex.Wave(), Err: err}
	as := outcome.Error
	switch c, is := err.(*engine.Caught); {
	case !is && !returned:
		as = outcome.Goexit
	case !is:
	default:
		e.Err, as = c.Err, outcome.Panic
		if c.Goexit {
			as = outcome.Goexit
		} else if c.Timeout {
			as = outcome.Timeout
		}
	}
	e.Outcome = as.String()
	return e
}
