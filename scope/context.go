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

// cancellable is the context of a scope once it has been made.
type cancellable struct {
	context.Context
	cancel context.CancelCauseFunc
}

// contextEnd says how a context that nobody had asked for was when its scope
// closed.
type contextEnd uint32

const (
	notEnded      contextEnd = iota // left when the scope closes
	endedAlive                      // terminal: it is cancelled with ErrClosed from then on
	endedCanceled                   // terminal: it had been cancelled, with the cause of base
)

// cancelable returns the context, and makes it first if nobody has.
func (s *Scope) cancelable() *cancellable {
	if c := s.inner.Load(); c != nil {
		return c
	}
	base := s.base
	end := contextEnd(s.contextEnd.Load())
	if end == endedAlive {
		base = context.WithoutCancel(base) // that it was cancelled later changes nothing
	}
	c := new(cancellable)
	c.Context, c.cancel = context.WithCancelCause(base)
	if end == endedAlive {
		c.cancel(ErrClosed)
	}
	if !s.inner.CompareAndSwap(nil, c) {
		c.cancel(nil) // somebody else was first
		return s.inner.Load()
	}
	// Either the closing scope finds what was made, or it is found here that it
	// has closed: each side writes first and then looks.
	if end == notEnded && contextEnd(s.contextEnd.Load()) != notEnded {
		c.cancel(ErrClosed)
	}
	return c
}

// cancel cancels the context. The first cause wins.
func (s *Scope) cancel(cause error) { s.cancelable().cancel(cause) }

// endContext cancels the context with ErrClosed, as the last of what happens in
// a scope; when nobody has asked for it, it only notes that.
func (s *Scope) endContext() {
	end := endedAlive
	if s.inner.Load() == nil && s.base.Err() != nil {
		end = endedCanceled
	}
	s.contextEnd.Store(uint32(end))
	if c := s.inner.Load(); c != nil {
		c.cancel(ErrClosed)
	}
}

// asked returns the context if it has been made or has ended, and else base, as
// which it behaves until then.
func (c *scopeContext) asked() context.Context {
	s := (*Scope)(c)
	if inner := s.inner.Load(); inner != nil {
		return inner
	}
	if contextEnd(s.contextEnd.Load()) != notEnded {
		return s.cancelable()
	}
	return s.base
}

// Deadline is that of base.
func (c *scopeContext) Deadline() (time.Time, bool) { return c.base.Deadline() }

// Done makes the context.
func (c *scopeContext) Done() <-chan struct{} { return (*Scope)(c).cancelable().Done() }

// Err returns why the context has ended, and nil before.
func (c *scopeContext) Err() error { return c.asked().Err() }

// Value also answers package context, which finds causes by it and, after a call
// of Done, where to hang on a context that is derived from this one.
func (c *scopeContext) Value(key any) any { return c.asked().Value(key) }
