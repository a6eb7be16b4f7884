package life

import (
	"context"
	"sync/atomic"
)

// A Mark is the context of a function that something may wait for: a drop, a
// Borrow, a With, an open function. It is the caller's context in every respect. A call
// that is made with it, or with a context that is derived from it, can be seen to be made
// inside that function.
type Mark struct {
	context.Context // the caller's
	of              *Life
	over            atomic.Bool // the function has returned: nothing waits for it any longer; terminal
}

// NewMark returns the context for a function that runs on l and is called with ctx. The
// mark of a borrower, which [Life.Lend] makes, is over with [Life.GiveBack]. The mark of a drop is never over, as
// nothing waits for the drop once it has ended.
func NewMark(ctx context.Context, l *Life) *Mark { return &Mark{Context: ctx, of: l} }

type markKey struct{}

// Value returns the mark itself for the key of marks, and else the caller's value.
func (m *Mark) Value(key any) any {
	if _, ok := key.(markKey); ok {
		return m
	}
	return m.Context.Value(key)
}

// innermost returns the mark of the innermost function that ctx is, or comes from,
// the context of, and that has not returned; nil if there is none. It calls methods of
// ctx, which is foreign code.
func innermost(ctx context.Context) *Mark {
	for {
		m, _ := ctx.Value(markKey{}).(*Mark)
		if m == nil || !m.over.Load() {
			return m
		}
		ctx = m.Context
	}
}
