package scope

import (
	"context"
	"time"

	"github.com/ebb-go/ebb/internal/budget"
)

// Cancel cancels the scope's context, and so that of its tasks, lexical
// children and child scopes, with cause; nil is [context.Canceled]. Daemons and
// guards wait for their turn in the teardown. The first cause wins. Cancel does
// not wait. After the scope has closed it does nothing.
func (s *Scope) Cancel(cause error) { s.cancelFor(cause) }

// cancelFor also starts the grace, at this very moment.
func (s *Scope) cancelFor(cause error) {
	s.context.cancel(cause)
	if s.grace > 0 || s.watched() {
		s.noteCanceled()
	}
}

// noteCanceled keeps the time of the cancellation, from which the grace counts.
// Whoever notices first writes it: the watch on the context runs on a goroutine
// of its own and may come later than the code that has to know.
func (s *Scope) noteCanceled() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.beginDrainedLocked()
	c := s.clock()
	if c == nil {
		return
	}
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
// for the reserve, the scope is cancelled with cause, which Run then returns.
// Daemons are asked when their turn in the teardown comes. The first
// cause wins, and Stop does not wait.
func (s *Scope) Stop(cause error) {
	if cause == nil {
		cause = context.Canceled
	}
	s.mu.Lock()
	if s.stopReasonLocked() != nil || s.state >= dropping {
		s.mu.Unlock()
		return
	}
	s.incidentsLocked().stopCause = cause
	s.beginDrainedLocked()
	s.body.tellLocked()
	for t := s.tasks; t != nil; t = t.next {
		t.tellLocked()
	}
	if s.grace > 0 && s.clock().graceFrom.IsZero() {
		s.clock().graceFrom = time.Now()
		s.clock().stopTimer = time.AfterFunc(budget.Asked(s.grace), func() { s.cancelFor(cause) })
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

// stopReasonLocked is the cause with which the scope, or one above it, was asked to
// stop; nil before.
func (s *Scope) stopReasonLocked() error {
	if s.incidents == nil {
		return nil
	}
	return s.incidents.stopCause
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

// Stopping returns a channel that closes when the task, daemon, drop or body in
// whose context it is called is asked to stop, or ctx is cancelled; so one select
// suffices. Outside of a scope it is ctx.Done().
func Stopping(ctx context.Context) <-chan struct{} {
	o := lexicalOwnerOf(ctx)
	if o == nil || o.kind == dropOwner {
		return ctx.Done()
	}
	// The context may be anybody's code, so it is asked without a lock held.
	if ctx.Err() != nil {
		return ctx.Done()
	}
	l, added := o.listen(ctx.Done())
	if added {
		l.watch(o, context.AfterFunc(ctx, func() { o.unlisten(l) }))
	}
	return l.stopping
}

// listen returns who listens with a context of that Done already, or adds him. A
// context that was derived from the owner's has a channel of its own; of those
// there are as many as contexts that have not ended.
func (o *owner) listen(done <-chan struct{}) (l *listener, added bool) {
	s := o.s
	s.mu.Lock()
	defer s.mu.Unlock()
	for l := o.stopping; l != nil; l = l.next {
		if l.ctx == done {
			return l, false
		}
	}
	l = &listener{ctx: done, stopping: make(chan struct{}), next: o.stopping}
	if o.asked || s.stopReasonLocked() != nil && o.kind <= taskOwner || o.live.Load() == 0 {
		close(l.stopping)
		return l, false
	}
	o.stopping = l
	return l, true
}

// listener is somebody who wants to know when an owner is asked to stop.
type listener struct {
	ctx      <-chan struct{} // Done of the context that was asked with
	stopping chan struct{}   // closed by whoever takes the listener off the list
	told     bool            // stopping is closed
	unwatch  func() bool     // ends the watch on that context; nil before there is one
	next     *listener
}

// watch keeps how to end the watch on the context of l, or ends it if l was told
// meanwhile.
func (l *listener) watch(o *owner, unwatch func() bool) {
	o.s.mu.Lock()
	l.unwatch = unwatch
	told := l.told
	o.s.mu.Unlock()
	if told {
		unwatch()
	}
}

// unlisten closes the channel of l, whose context was cancelled.
func (o *owner) unlisten(l *listener) {
	o.s.mu.Lock()
	defer o.s.mu.Unlock()
	for at := &o.stopping; *at != nil; at = &(*at).next {
		if *at == l {
			*at = l.next
			l.told = true
			close(l.stopping)
			return
		}
	}
}

// tellLocked closes the channels of all who listen, and forgets them.
func (o *owner) tellLocked() {
	for l := o.stopping; l != nil; l = l.next {
		if l.unwatch != nil {
			l.unwatch()
		}
		l.told = true
		close(l.stopping)
	}
	o.stopping = nil
}
