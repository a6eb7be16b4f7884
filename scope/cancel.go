package scope

import (
	"context"
	"time"
	"weak"

	"github.com/ebb-go/ebb/internal/budget"
)

// Cancel cancels the scope's context, and so that of its tasks, lexical
// children and child scopes, with cause; nil is [context.Canceled]. Daemons and
// guards wait for their turn in the teardown. The first cause wins. Cancel does
// not wait. After the scope has closed it does nothing.
func (s *Scope) Cancel(cause error) { s.cancelFor(cause) }

// cancelFor also starts the grace, at this very moment.
func (s *Scope) cancelFor(cause error) {
	s.beginDrained() // before what is canceled can end
	s.context.cancel(cause)
	if s.grace > 0 {
		s.noteCanceled()
	}
}

// onCancel has noteCanceled called when the context is canceled, until stop is called.
// A scope that Open has made is not kept by it: the context around it may live long.
func (s *Scope) onCancel() (stop func() bool) {
	if !s.isOpened() {
		return context.AfterFunc(&s.body, s.noteCanceled)
	}
	watched := weak.Make(s)
	return context.AfterFunc(s.context.make(), func() {
		if s := watched.Value(); s != nil {
			s.noteCanceled()
		}
	})
}

// noteCanceled keeps the time of the cancellation, from which the grace counts.
// Whoever notices first writes it: the watch on the context runs on a goroutine
// of its own and may come later than the code that has to know.
func (s *Scope) noteCanceled() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.beginDrainedLocked()
	c := s.clock()
	if c.canceledAt.IsZero() {
		c.canceledAt = time.Now()
	}
	if s.grace > 0 && c.graceFrom.IsZero() {
		c.graceFrom = c.canceledAt
	}
}

// Stop asks the scope, its nested Runs and its children to stop: the channel
// that [Stopping] returns closes, while contexts stay alive, so that what
// listens can finish what it has begun. New tasks are refused with cause, nil
// being [context.Canceled]. Stop starts the grace; when that has run out but
// for the reserve, the scope is canceled with cause, which Run then returns.
// Daemons are asked when their turn in the teardown comes. The first
// cause wins, and Stop does not wait.
func (s *Scope) Stop(cause error) {
	if cause == nil {
		cause = context.Canceled
	}
	s.stop(cause, true)
}

// stop is Stop; without cancel the grace begins, but does not cancel the scope at its
// end: its drain does.
func (s *Scope) stop(cause error, cancel bool) {
	s.mu.Lock()
	if s.stopReasonLocked() != nil || s.state >= dropping {
		s.mu.Unlock()
		return
	}
	s.exitStateLocked().stopCause = cause
	s.beginDrainedLocked()
	told := s.body.askLocked(cause, nil)
	for t := s.tasks; t != nil; t = t.next {
		told = t.askLocked(cause, told)
	}
	if s.grace > 0 && s.clock().graceFrom.IsZero() {
		s.clock().graceFrom = time.Now()
		if cancel {
			s.clock().stopTimer = time.AfterFunc(budget.Asked(s.grace), func() { s.cancelFor(cause) })
		}
	}
	below := s.belowLocked(nil)
	s.mu.Unlock()
	told.finish()
	for _, c := range below {
		c.Stop(cause)
	}
}

// belowLocked returns the children that are not Graceful, and the lexical children that belong to a
// task or the body or, given one, to that frame. Those of daemons are asked
// when the daemon is.
func (s *Scope) belowLocked(of *frame) (below []*Scope) {
	for c := s.nested; c != nil; c = c.next {
		owner := c.lexicalFrame()
		if of == nil && owner.kind <= taskFrame || of != nil && owner == of {
			below = append(below, c)
		}
	}
	if of == nil {
		for _, n := range s.graph.Nodes() {
			if c, ok := nodeOf(n).resource.(*Scope); ok && !c.graceful() {
				below = append(below, c)
			}
		}
	}
	return below
}

// stopReasonLocked is the cause with which the scope, or one above it, was asked to
// stop; nil before.
func (s *Scope) stopReasonLocked() error {
	if s.exitState == nil {
		return nil
	}
	return s.exitState.stopCause
}

// stopCause is the cause that a daemon which is asked to stop finds, and what is
// nested in it.
func (s *Scope) stopCause() error {
	if cause := s.cause(); cause != nil {
		return cause
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if reason := s.stopReasonLocked(); reason != nil {
		return reason
	}
	return errTurn
}
