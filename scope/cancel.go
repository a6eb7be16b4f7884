package scope

import (
	"context"
	"time"
)

// Cancel cancels the scope's context, and so that of its tasks, lexical
// children and child scopes, with cause; nil is [context.Canceled]. Daemons and
// guards wait for their turn in the teardown. The first cause wins. Cancel does
// not wait. After the scope has closed it does nothing.
func (s *Scope) Cancel(cause error) { s.cancelFor(cause) }

// cancelFor also starts the grace, at this very moment.
func (s *Scope) cancelFor(cause error) {
	s.cancel(cause)
	if s.grace > 0 {
		s.noteCanceled()
	}
}

// noteCanceled keeps the time of the cancellation, from which the grace counts.
// Whoever notices first writes it: the watch on the context runs on a goroutine
// of its own and may come later than the code that has to know.
func (s *Scope) noteCanceled() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.clock.canceledAt.IsZero() {
		s.clock.canceledAt = time.Now()
	}
	if s.clock.graceFrom.IsZero() {
		s.clock.graceFrom = s.clock.canceledAt
	}
}

// Stop asks the scope, its nested Runs and its children to stop: the channel
// that [Stopping] returns closes, while contexts stay alive, so that what
// listens can finish what it has begun. New tasks are refused with cause, nil
// being [context.Canceled]. Stop starts the grace; when that has run out but
// for the reserve, the scope is cancelled with cause, which Run does not return
// by itself. Daemons are asked when their turn in the teardown comes. The first
// cause wins, and Stop does not wait.
func (s *Scope) Stop(cause error) {
	if cause == nil {
		cause = context.Canceled
	}
	s.mu.Lock()
	if s.stopped || s.state >= dropping {
		s.mu.Unlock()
		return
	}
	s.stopped, s.stopCause = true, cause
	s.body.tellLocked()
	for t := s.tasks; t != nil; t = t.next {
		t.tellLocked()
	}
	if s.grace > 0 && s.clock.graceFrom.IsZero() {
		s.clock.graceFrom = time.Now()
		s.clock.stopTimer = time.AfterFunc(s.grace-s.grace/4, func() { s.cancelFor(cause) })
	}
	below := s.belowLocked(nil)
	s.mu.Unlock()
	for _, c := range below {
		c.Stop(cause)
	}
}

// belowLocked returns the children, and the lexical children that belong to a
// task or the body or, given one, to that owner. Those of daemons are asked
// when the daemon is.
func (s *Scope) belowLocked(of *owner) (below []*Scope) {
	for c := s.nested; c != nil; c = c.next {
		owner := c.lexicalOwner()
		if of == nil && owner.kind <= taskOwner || of != nil && owner == of {
			below = append(below, c)
		}
	}
	if of == nil {
		for _, n := range s.graph.Nodes() {
			if c, ok := itemOf(n).impl.(*Scope); ok {
				below = append(below, c)
			}
		}
	}
	return below
}

// stopCauseLocked is the cause that a daemon which is asked to stop finds, and
// what is nested in it.
func (s *Scope) stopCauseLocked() error {
	if cause, ok := s.canceled(); ok {
		return cause
	}
	if s.stopped {
		return s.stopCause
	}
	return ErrClosed
}

// Stopping returns a channel that closes when the task, daemon, drop or body in
// whose context it is called is asked to stop, or ctx is cancelled; so one select
// suffices. Outside of a scope it is ctx.Done().
func Stopping(ctx context.Context) <-chan struct{} {
	o := lexicalOwnerOf(ctx)
	if o == nil || o.kind == dropOwner {
		return ctx.Done()
	}
	s := o.s
	s.mu.Lock()
	defer s.mu.Unlock()
	if ctx.Err() != nil || o.asked || s.stopped && o.kind <= taskOwner || o.live == 0 {
		return closedChan()
	}
	// A context that was derived from the owner's has a channel of its own. Of
	// those there are as many as contexts that have not ended.
	for l := o.stopping; l != nil; l = l.next {
		if l.ctx == ctx.Done() {
			return l.stopping
		}
	}
	l := &listener{ctx: ctx.Done(), stopping: make(chan struct{}), next: o.stopping}
	o.stopping = l
	l.unwatch = context.AfterFunc(ctx, func() { o.unlisten(l) })
	return l.stopping
}

// listener is somebody who wants to know when an owner is asked to stop.
type listener struct {
	ctx      <-chan struct{} // Done of the context that was asked with
	stopping chan struct{}   // closed by whoever takes the listener off the list
	unwatch  func() bool     // ends the watch on that context
	next     *listener
}

// unlisten closes the channel of l, whose context was cancelled.
func (o *owner) unlisten(l *listener) {
	o.s.mu.Lock()
	defer o.s.mu.Unlock()
	for at := &o.stopping; *at != nil; at = &(*at).next {
		if *at == l {
			*at = l.next
			close(l.stopping)
			return
		}
	}
}

// tellLocked closes the channels of all who listen, and forgets them.
func (o *owner) tellLocked() {
	for l := o.stopping; l != nil; l = l.next {
		l.unwatch()
		close(l.stopping)
	}
	o.stopping = nil
}

func closedChan() <-chan struct{} {
	c := make(chan struct{})
	close(c)
	return c
}
