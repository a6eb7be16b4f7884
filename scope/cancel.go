package scope

import (
	"context"
	"time"
	"weak"

	"github.com/ebb-go/ebb/internal/budget"
	"github.com/ebb-go/ebb/internal/fault"
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
	asked := s.body.askLocked(cause, nil)
	for t := s.tasks; t != nil; t = t.next {
		asked = t.askLocked(cause, asked)
	}
	if s.grace > 0 && s.clock().graceFrom.IsZero() {
		s.clock().graceFrom = time.Now()
		if cancel {
			s.clock().stopTimer = time.AfterFunc(budget.Asked(s.grace), func() { s.cancelFor(cause) })
		}
	}
	below := s.belowLocked(nil)
	s.mu.Unlock()
	asked.finish()
	for _, c := range below {
		c.Stop(cause)
	}
}

// belowLocked returns the children that are not Graceful, and the lexical children that belong to a
// task or the body or, given one, to that frame. Those of daemons are asked
// when the daemon is.
func (s *Scope) belowLocked(of *frame) (below []*Scope) {
	for c := s.nested; c != nil; c = c.next {
		owner := c.within
		if of == nil && owner.kind <= taskFrame || of != nil && owner == of {
			below = append(below, c)
		}
	}
	if of == nil {
		for _, n := range s.graph.Nodes() {
			switch r := nodeOf(n).resource.(type) {
			case *Scope:
				if !r.graceful() {
					below = append(below, r)
				}
			case interface{ inside() *Scope }:
				below = append(below, r.inside())
			}
		}
	}
	return below
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

// fail records a failure and cancels the scope with it, unless it is an echo. It is that
// of t, or of the body if t is nil. What an abandoned task fails with comes too late: the
// errors may have been collected, and its end logs it. Whether it is abandoned is asked
// under the lock that records it, so no error falls between the two.
func (s *Scope) fail(f failure, echo bool, t *task) {
	s.mu.Lock()
	if t != nil {
		if t.abandoned {
			s.mu.Unlock()
			return
		}
		t.reported = true
	}
	if echo {
		s.echoed = true
		s.mu.Unlock()
		return
	}
	s.failLocked(f)
	s.mu.Unlock()
	if s.supervisor && f.index != bodyIndex && f.panicked == nil {
		return
	}
	s.cancelFor(f.err)
}

// byTurn reports whether cause, which the scope was canceled with, is that of its
// turn, or of the turn of a child that it is a child of. Such a cancellation only
// counts as one if it has cut work short.
func (s *Scope) byTurn(cause error) bool {
	for ; cause != nil && s.self != nil; s = s.parent {
		s.mu.Lock()
		turn := s.exitState != nil && fault.Same(s.exitState.turn, cause)
		s.mu.Unlock()
		if turn {
			return true
		}
	}
	return false
}

// turn cancels the child because its turn in the teardown of its parent, or in a
// DropTree, has come: with the cause that a daemon finds then. It does so once, and not
// when the tasks have ended.
//
// A Graceful child is asked to stop instead; its drain cancels it in time.
func (s *Scope) turn() {
	canceled := s.cause() != nil
	cause := s.parent.stopCause()
	s.mu.Lock()
	over := s.state >= dropping
	x := s.exitStateLocked()
	first := !over && !x.turned
	if first {
		x.turned = true
		if !canceled {
			x.turn = cause
		}
	}
	s.mu.Unlock()
	if !first {
		return
	}
	switch {
	case canceled:
	case s.graceful():
		s.stop(cause, false)
	default:
		s.cancelFor(cause)
	}
	if s.config != nil {
		s.parent.interrupt(s.config.guard.interrupt)
	}
}
