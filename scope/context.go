package scope

import (
	"context"
	"time"
)

// A scope's context can be cancelled, but few functions ever wait for that: so
// what it takes is made when somebody first asks for its Done channel, or it is
// cancelled by the scope itself. Until then it is cancelled when base is, and has
// base's cause. (An empty Run takes half the time without, and who opens many
// scopes at once does not queue for the lock of their parent's context.)
type scopeContext Scope

// madeContext is the context of a scope once it has been made.
type madeContext struct {
	context.Context
	cancel context.CancelCauseFunc
}

// contextEnd says how a context that nobody had asked for was when its scope
// closed.
type contextEnd uint32

const (
	notEnded      contextEnd = iota // left when the scope closes
	endedAlive                      // terminal: it is canceled with errEnded from then on
	endedCanceled                   // terminal: it had been cancelled, with the cause of base
)

// maxUnasked bounds for how many scopes around each other no context is made: to
// look whether one of them has been cancelled takes as many steps.
const maxUnasked = 8

// makeContext returns the context, and makes it first if nobody has.
func (s *Scope) makeContext() *madeContext {
	if c := s.made(); c != nil {
		return c
	}
	base := s.base
	if contextEnd(s.contextEnd.Load()) == endedAlive {
		base = context.WithoutCancel(base) // that it was cancelled later changes nothing
	}
	c := new(madeContext)
	c.Context, c.cancel = context.WithCancelCause(base)
	if !s.inner.CompareAndSwap(nil, c) {
		c.cancel(nil) // somebody else was first
	}
	return s.made()
}

// made returns the context if it has been made, else nil. Who makes it while the
// scope closes may have seen it open; so whoever comes to it sees to it that it
// ends with the scope.
func (s *Scope) made() *madeContext {
	c := s.inner.Load()
	if c != nil && contextEnd(s.contextEnd.Load()) != notEnded {
		c.cancel(errEnded)
	}
	return c
}

// cancel cancels the context. The first cause wins.
func (s *Scope) cancel(cause error) { s.makeContext().cancel(cause) }

// endOfContext returns how the context would end now. It is asked without a lock
// held, and the answer noted when the scope closes; after that the context has
// ended for everybody who asks. What was made before, made cancels.
func (s *Scope) endOfContext() contextEnd {
	if s.inner.Load() == nil && s.base.Err() != nil {
		return endedCanceled
	}
	return endedAlive
}

// asked returns the context if it has been made or has ended, and else base, as
// which it behaves until then.
func (c *scopeContext) asked() context.Context {
	s := (*Scope)(c)
	if made := s.made(); made != nil {
		return made
	}
	if contextEnd(s.contextEnd.Load()) != notEnded {
		return s.makeContext()
	}
	return s.base
}

// unasked returns how many scopes around s have no context yet, without one that
// has between them; maxUnasked stands for as many or more.
func (s *Scope) unasked() (n int) {
	for o := s.frame; o != nil && n < maxUnasked && o.s.inner.Load() == nil; o = o.s.frame {
		n++
	}
	return n
}

// Deadline is that of base.
func (c *scopeContext) Deadline() (time.Time, bool) { return c.base.Deadline() }

// Done makes the context.
func (c *scopeContext) Done() <-chan struct{} { return (*Scope)(c).makeContext().Done() }

// Err returns why the context has ended, and nil before. If base was cancelled, it
// looks again, for that may have been after the scope had closed.
func (c *scopeContext) Err() error {
	if c.asked().Err() == nil {
		return nil
	}
	return c.asked().Err()
}

// Value also answers package context, which finds causes by it and, after a call
// of Done, where to hang on a context that is derived from this one.
func (c *scopeContext) Value(key any) any { return c.asked().Value(key) }
