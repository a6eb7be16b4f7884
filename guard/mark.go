package guard

import (
	"context"
	"sync/atomic"
)

// A mark is the context of a function that somebody may wait for: a drop, a
// Borrow. It is the caller's context in every respect, and besides tells a call
// that would wait for the function from inside of it, and so for ever.
type mark struct {
	context.Context // the caller's
	of              *core
	over            atomic.Bool // the function has returned: nobody waits for it any more
}

type markKey struct{ of *core }

func (m *mark) Value(key any) any {
	if k, ok := key.(markKey); ok && k.of == m.of && !m.over.Load() {
		return m
	}
	return m.Context.Value(key)
}

// inside reports whether ctx is, or comes from, the context of a function that
// is running on c, or on a guard that c was mapped from.
func inside(ctx context.Context, c *core) bool {
	for ; c != nil; c = c.from {
		if ctx.Value(markKey{c}) != nil {
			return true
		}
	}
	return false
}
