package guard_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ebb-go/ebb/guard"
)

// derived are contexts that come from one and keep what it is inside of.
var derived = map[string]func(context.Context) (context.Context, context.CancelFunc){
	"itself": func(ctx context.Context) (context.Context, context.CancelFunc) { return ctx, func() {} },
	"WithValue": func(ctx context.Context) (context.Context, context.CancelFunc) {
		return context.WithValue(ctx, valueKey{}, 1), func() {}
	},
	"WithoutCancel": func(ctx context.Context) (context.Context, context.CancelFunc) {
		return context.WithoutCancel(ctx), func() {}
	},
	"WithTimeout": func(ctx context.Context) (context.Context, context.CancelFunc) {
		return context.WithTimeout(ctx, time.Hour)
	},
	"all": func(ctx context.Context) (context.Context, context.CancelFunc) {
		return context.WithTimeout(context.WithoutCancel(context.WithValue(ctx, valueKey{}, 1)), time.Hour)
	},
}

// A call that would wait for the function it is made from fails at once, with any
// context that comes from the function's. Each line makes such a call with in(ctx).
func TestWaitingForOneself(t *testing.T) {
	type fn = func(ctx context.Context, v int) error
	for name, op := range map[string]func(ctx context.Context, inside func(call func(context.Context) error) fn){
		"Drop in Borrow": func(ctx context.Context, inside func(func(context.Context) error) fn) {
			g := guard.New(1, guard.Nothing)
			g.Borrow(ctx, inside(g.Drop))
			g.Drop(ctx)
		},
		"Drop in its drop": func(ctx context.Context, inside func(func(context.Context) error) fn) {
			var g *guard.Guard[int]
			g = guard.New(1, func(ctx context.Context, v int) error { return inside(g.Drop)(ctx, v) })
			g.Drop(ctx)
		},
		"Drop of the outer in an inner Borrow": func(ctx context.Context, inside func(func(context.Context) error) fn) {
			g, h := guard.New(1, guard.Nothing), guard.New(2, guard.Nothing)
			g.Borrow(ctx, func(ctx context.Context, _ int) error { return h.Borrow(ctx, inside(g.Drop)) })
			guard.DropAll(ctx, g, h)
		},
		"Drop of the mapped in a Borrow of what it was": func(ctx context.Context, inside func(func(context.Context) error) fn) {
			g := guard.New(1, guard.Nothing)
			var h *guard.Guard[string]
			g.Borrow(ctx, func(ctx context.Context, v int) error {
				h = guard.Map(g, func(int) string { return "" })
				return inside(h.Drop)(ctx, v)
			})
			h.Drop(ctx)
		},
		"last Drop in Shared.Borrow": func(ctx context.Context, inside func(func(context.Context) error) fn) {
			s := guard.Share(guard.New(1, guard.Nothing))
			other, _ := s.Clone()
			other.Borrow(ctx, func(ctx context.Context, v int) error {
				s.Drop(ctx)
				return inside(other.Drop)(ctx, v)
			})
			other.Drop(ctx)
		},
		"last Drop in its drop": func(ctx context.Context, inside func(func(context.Context) error) fn) {
			var s *guard.Shared[int]
			s = guard.Share(guard.New(1, func(ctx context.Context, v int) error { return inside(s.Drop)(ctx, v) }))
			s.Drop(ctx)
		},
		"Lock in With": func(ctx context.Context, inside func(func(context.Context) error) fn) {
			m := guard.NewMutex(guard.New(1, guard.Nothing))
			m.With(ctx, inside(func(ctx context.Context) error { return second2(m.Lock(ctx)) }))
			m.Drop(ctx)
		},
		"With in With": func(ctx context.Context, inside func(func(context.Context) error) fn) {
			m := guard.NewMutex(guard.New(1, guard.Nothing))
			m.With(ctx, inside(func(ctx context.Context) error {
				return m.With(ctx, func(context.Context, int) error { return nil })
			}))
			m.Drop(ctx)
		},
		"Drop in With": func(ctx context.Context, inside func(func(context.Context) error) fn) {
			m := guard.NewMutex(guard.New(1, guard.Nothing))
			m.With(ctx, inside(m.Drop))
			m.Drop(ctx)
		},
		"Drop of a Mutex in the drop of its value": func(ctx context.Context, inside func(func(context.Context) error) fn) {
			var m *guard.Mutex[int]
			m = guard.NewMutex(guard.New(1, func(ctx context.Context, v int) error { return inside(m.Drop)(ctx, v) }))
			m.Drop(ctx)
		},
		"Drop of a Mutex in a Borrow from before": func(ctx context.Context, inside func(func(context.Context) error) fn) {
			g := guard.New(1, guard.Nothing)
			var m *guard.Mutex[int]
			g.Borrow(ctx, func(ctx context.Context, v int) error {
				m = guard.NewMutex(g)
				return inside(m.Drop)(ctx, v)
			})
			m.Drop(ctx)
		},
		"Drop of a Table in the drop of a value": func(ctx context.Context, inside func(func(context.Context) error) fn) {
			table := guard.NewTable[int, int]()
			table.TryInsert(1, guard.New(1, inside(table.Drop)))
			table.TryInsert(2, guard.New(1, guard.Nothing))
			table.Drop(ctx)
		},
		"Drop of a Table in a Borrow from before": func(ctx context.Context, inside func(func(context.Context) error) fn) {
			g, table := guard.New(1, guard.Nothing), guard.NewTable[int, int]()
			g.Borrow(ctx, func(ctx context.Context, v int) error {
				table.TryInsert(1, g)
				return inside(table.Drop)(ctx, v)
			})
			table.Drop(ctx)
		},
		"Get in open": func(ctx context.Context, inside func(func(context.Context) error) fn) {
			var l *guard.Lazy[int]
			l = guard.NewLazy(func(ctx context.Context) (*guard.Guard[int], error) {
				return nil, inside(func(ctx context.Context) error { return second(l.Get(ctx)) })(ctx, 0)
			})
			l.Get(ctx)
			l.Drop(ctx)
		},
		"Drop in open": func(ctx context.Context, inside func(func(context.Context) error) fn) {
			var l *guard.Lazy[int]
			l = guard.NewLazy(func(ctx context.Context) (*guard.Guard[int], error) { return nil, inside(l.Drop)(ctx, 0) })
			l.Get(ctx)
			l.Drop(ctx)
		},
		"Drop of a Lazy in the drop of its value": func(ctx context.Context, inside func(func(context.Context) error) fn) {
			var l *guard.Lazy[int]
			l = guard.NewLazy(func(ctx context.Context) (*guard.Guard[int], error) { return guard.New(1, inside(l.Drop)), nil })
			h, _ := l.Get(ctx)
			h.Drop(ctx)
			l.Drop(ctx)
		},
		"Get in the open function of what it opens": func(ctx context.Context, inside func(func(context.Context) error) fn) {
			var a, b *guard.Lazy[int]
			a = guard.NewLazy(func(ctx context.Context) (*guard.Guard[int], error) { return nil, second(b.Get(ctx)) })
			b = guard.NewLazy(func(ctx context.Context) (*guard.Guard[int], error) {
				return nil, inside(func(ctx context.Context) error { return second(a.Get(ctx)) })(ctx, 0)
			})
			a.Get(ctx)
			guard.DropAll(ctx, a, b)
		},
	} {
		for by, derive := range derived {
			for _, joined := range []string{"", " through Join2", " through DropAll"} {
				t.Run(name+"/"+by+joined, func(t *testing.T) {
					synctest.Test(t, func(t *testing.T) {
						stop := guard.Track()
						start, calls := time.Now(), 0
						op(t.Context(), func(call func(context.Context) error) func(context.Context, int) error {
							return func(ctx context.Context, _ int) error {
								ctx, cancel := derive(ctx)
								defer cancel()
								var err error
								switch joined {
								case "":
									err = call(ctx)
								case " through DropAll":
									err = guard.DropAll(ctx, dropperFunc(call))
								default:
									_, _, err = guard.Join2(ctx, opens(0, nil), func(ctx context.Context) (*guard.Guard[int], error) { return nil, call(ctx) })
								}
								if calls++; calls > 1 { // of a drop that was tried again
									return nil
								}
								wantErr(t, name, err, guard.ErrReentrant)
								return nil
							}
						})
						if calls == 0 || time.Since(start) != 0 {
							t.Errorf("%d calls, after %v", calls, time.Since(start))
						}
						if left := stop(); len(left) > 0 {
							t.Errorf("not dropped: %v", left)
						}
					})
				})
			}
		}
	}
}
