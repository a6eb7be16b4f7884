package guard

import (
	"context"
	"sync/atomic"
)

// A mark is the context of a function that something may wait for: a drop, a
// Borrow, a With, an open function. It is the caller's context in every respect, and
// besides shows a call that is made with it, or with a context that is derived from
// it, inside which functions the call is made.
type mark struct {
	context.Context // the caller's
	of              *core
	over            atomic.Bool // the function has returned: nothing waits for it any longer; terminal
}

type markKey struct{}

func (m *mark) Value(key any) any {
	if _, ok := key.(markKey); ok {
		return m
	}
	return m.Context.Value(key)
}

// innermost returns the mark of the innermost function that ctx is, or comes from,
// the context of, and that has not returned; nil if there is none. It calls methods of
// ctx, which is foreign code.
func innermost(ctx context.Context) *mark {
	for {
		m, _ := ctx.Value(markKey{}).(*mark)
		if m == nil || !m.over.Load() {
			return m
		}
		ctx = m.Context
	}
}
