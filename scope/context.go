package scope

import (
	"context"
	"sync/atomic"
	"time"
)

// A lazyContext is the context of a scope. It can be canceled, but few functions
// ever wait for that, so the context of package context that this takes is made
// when a caller first asks for Done, or cancels the scope. (An empty Run takes half
// the time without, and many scopes that are opened at once do not queue for the
// lock of their parent's context.)
//
// The invariant is that the context never changes its mind: once a reader has
// seen an end, every later one sees that end and its cause. So there is one
// decision, the first step of own away from nil, and it is made before anything is
// reported:
//
//   - nil: alive, as far as anybody has seen. It behaves as base does; a reader
//     that finds base ended makes a context out of it first, and reports what
//     that says.
//   - endedUnmade: the scope has closed before. What base does later is not looked
//     at. Left only for a context that has ended in the same way, when a caller
//     asks for one.
//   - any other is terminal: package context decides, under the lock of its own,
//     whether base, a cancellation or the close came first.
//
// base is foreign code; its methods are called with no lock held.
type lazyContext struct {
	base context.Context
	own  atomic.Pointer[ownContext]
}

// ownContext is the context of a scope once it has been made.
type ownContext struct {
	context.Context
	cancel context.CancelCauseFunc
}

// endedUnmade is only ever compared with, and never changes.
var endedUnmade = new(ownContext)

// made reports whether there is a context that others can be derived from
// without a look at base.
func (c *lazyContext) made() bool { return c.own.Load() != nil }

// make returns the context, and makes it first if there is none.
func (c *lazyContext) make() *ownContext {
	for {
		own := c.own.Load()
		if own != nil && own != endedUnmade {
			return own
		}
		base := c.base
		if own == endedUnmade {
			base = context.WithoutCancel(base) // its end came too late
		}
		made := new(ownContext)
		made.Context, made.cancel = context.WithCancelCause(base)
		if own == endedUnmade {
			made.cancel(errEnded)
		}
		if c.own.CompareAndSwap(own, made) {
			return made
		}
		made.cancel(nil) // the scope has closed, or another goroutine was first
	}
}

// cancel cancels the context. The first cause wins.
func (c *lazyContext) cancel(cause error) { c.make().cancel(cause) }

// close is called while the scope moves on to closed, under its lock, by a caller
// that has asked for Err before it took the lock. A context that was not made
// or seen ended ends here; end is the rest for the others.
func (c *lazyContext) close() { c.own.CompareAndSwap(nil, endedUnmade) }

// end is called after close, without the lock; more than one caller may.
func (c *lazyContext) end() {
	if own := c.own.Load(); own != endedUnmade {
		own.cancel(errEnded)
	}
}

// Deadline is that of base.
func (c *lazyContext) Deadline() (time.Time, bool) { return c.base.Deadline() }

// Done makes the context.
func (c *lazyContext) Done() <-chan struct{} { return c.make().Done() }

// Err returns why the context has ended, and nil before.
func (c *lazyContext) Err() error {
	switch own := c.own.Load(); own {
	case nil:
		if c.base.Err() == nil {
			return nil
		}
		return c.make().Err()
	case endedUnmade:
		return context.Canceled
	default:
		return own.Err()
	}
}

// Value also answers package context, which asks for the cause of what has an Err,
// and after a call of Done for where to hang on a context that is derived from this
// one. In both cases own has left nil.
func (c *lazyContext) Value(key any) any {
	if c.own.Load() == nil {
		return c.base.Value(key)
	}
	return c.make().Value(key)
}

func isClosed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}
