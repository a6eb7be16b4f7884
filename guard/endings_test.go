package guard_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ebb-go/ebb/guard"
)

// Whatever a function of the user's does in the end, nothing hangs, no outcome is
// lost, everything that waits gets it, and nothing is taken for forgotten. Each
// line is one operation that calls such a function.
func TestEndings(t *testing.T) {
	for name, op := range map[string]func(t *testing.T, e ending){
		"Guard.Drop": func(t *testing.T, e ending) {
			g := guard.New(1, slow(e))
			dropTogether(t, e, g, g)
		},
		"Of": func(t *testing.T, e ending) {
			g := guard.Of(dropperFunc(func(ctx context.Context) error { return slow(e)(ctx, 0) }))
			dropTogether(t, e, g, g)
		},
		"a mapped Guard.Drop": func(t *testing.T, e ending) {
			g := guard.Map(guard.New(1, slow(e)), func(v int) string { return "" })
			dropTogether(t, e, g, g)
		},
		"Shared.Drop": func(t *testing.T, e ending) {
			h := guard.Share(guard.New(1, slow(e)))
			other, _ := h.Clone()
			wantErr(t, "Drop of the first", other.Drop(t.Context()), nil)
			weak := h.Downgrade()
			dropTogether(t, e, h, h)
			e.outcome(t, "Err of the other", other.Err())
			if _, ok := weak.Upgrade(); ok || h.Refs() != 0 {
				t.Errorf("%d refs", h.Refs())
			}
		},
		"Lazy.Drop": func(t *testing.T, e ending) {
			l := guard.NewLazy(func(context.Context) (*guard.Guard[int], error) { return guard.New(1, slow(e)), nil })
			h, err := l.Get(t.Context())
			wantErr(t, "Get", err, nil)
			h.Drop(t.Context())
			dropTogether(t, e, l, h)
		},
		"Lazy.Drop after an unwanted value": func(t *testing.T, e ending) {
			first := true
			l := guard.NewLazy(func(ctx context.Context) (*guard.Guard[int], error) {
				if first {
					first = false
					<-ctx.Done()
					return guard.New(0, func(context.Context, int) error { return errBody }), nil
				}
				return guard.New(1, slow(e)), nil
			})
			over, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			l.Get(over)
			h, err := l.Get(t.Context())
			wantErr(t, "Get", err, nil)
			h.Drop(t.Context())
			dropTogether(t, e, l, nil, errBody)
		},
		"Mutex.Drop": func(t *testing.T, e ending) {
			g := guard.New(1, slow(e))
			m := guard.NewMutex(g)
			_, unlock, _ := m.Lock(t.Context())
			waiting := make(chan error)
			go func() { waiting <- second2(m.Lock(t.Context())) }()
			synctest.Wait()
			time.AfterFunc(time.Second, unlock)
			dropTogether(t, e, m, g)
			wantErr(t, "Lock that waited", <-waiting, guard.ErrDropped)
		},
		"Table.Drop": func(t *testing.T, e ending) {
			drop, calls := counted(nil)
			table := guard.NewTable[int, int]()
			g := guard.New(2, slow(e))
			table.TryInsert(1, guard.New(1, drop))
			table.TryInsert(2, g)
			table.TryInsert(3, guard.New(3, drop))
			e.outcome(t, "Drop", table.Drop(t.Context())) // a Goexit ends the goroutine of the guard alone
			e.outcome(t, "Err of the guard", g.Err())
			if calls.Load() != 2 || table.Len() != 0 {
				t.Errorf("%d of the others dropped", calls.Load())
			}
		},
		"DropAll": func(t *testing.T, e ending) {
			drop, calls := counted(errBody)
			g := guard.New(1, slow(e))
			e.outcome(t, "DropAll", guard.DropAll(t.Context(), guard.New(1, drop), nil, g), errBody)
			if calls.Load() != 1 {
				t.Error("the other was not dropped")
			}
		},
		"Borrow": func(t *testing.T, e ending) {
			drop, calls := counted(nil)
			g := guard.New(1, drop)
			dropped := make(chan error)
			var inner context.Context
			value, exited := apart(func() {
				e.outcome(t, "Borrow", g.Borrow(t.Context(), func(ctx context.Context, _ int) error {
					inner = ctx
					go func() { dropped <- g.Drop(t.Context()) }()
					synctest.Wait()
					return e.do()
				}))
			})
			goesOn(t, e, value, exited)
			wantErr(t, "Drop that waited", <-dropped, nil)
			wantErr(t, "Drop with the context of the Borrow that is over", g.Drop(inner), nil)
			if calls.Load() != 1 {
				t.Errorf("%d drops", calls.Load())
			}
		},
		"Shared.Borrow": func(t *testing.T, e ending) {
			drop, _ := counted(nil)
			h := guard.Share(guard.New(1, drop))
			var inner context.Context
			value, exited := apart(func() {
				h.Borrow(t.Context(), func(ctx context.Context, _ int) error { inner = ctx; return e.do() })
			})
			goesOn(t, e, value, exited)
			wantErr(t, "Drop with the context of the Borrow that is over", h.Drop(inner), nil)
		},
		"Mutex.With": func(t *testing.T, e ending) {
			m := guard.NewMutex(guard.New(1, guard.Nothing))
			locked := make(chan error)
			var inner context.Context
			value, exited := apart(func() {
				e.outcome(t, "With", m.With(t.Context(), func(ctx context.Context, _ int) error {
					inner = ctx
					go func() {
						_, unlock, err := m.Lock(t.Context())
						unlock()
						locked <- err
					}()
					synctest.Wait()
					return e.do()
				}))
			})
			goesOn(t, e, value, exited)
			wantErr(t, "Lock that waited", <-locked, nil)
			_, unlock, err := m.Lock(inner)
			wantErr(t, "Lock with the context of the With that is over", err, nil)
			time.AfterFunc(time.Second, unlock)
			wantErr(t, "Drop with it", m.Drop(inner), nil)
		},
		"With": func(t *testing.T, e ending) {
			for _, d := range endings { // of the drop
				g := guard.New(1, slow(d))
				value, exited := apart(func() {
					_, err := guard.With(t.Context(), g, func(context.Context, int) (int, error) { return 0, e.do() })
					e.outcome(t, "With", err, errorsOf(d)...)
				})
				if e.want != guard.ErrGoexit && e.want != boom && d.want == guard.ErrGoexit {
					e = d // nothing stops it
				}
				goesOn(t, e, value, exited)
				d.outcome(t, "Err", g.Err())
			}
		},
		"KeepOnSuccess": func(t *testing.T, e ending) {
			for _, d := range endings { // of the drop
				if e.want == guard.ErrGoexit {
					continue // it cannot be seen
				}
				g := guard.New(1, slow(d))
				value, exited := apart(func() {
					err := func() (err error) {
						defer guard.KeepOnSuccess(t.Context(), g, &err)
						return e.do()
					}()
					if e.want != nil {
						e.outcome(t, "KeepOnSuccess", err, errorsOf(d)...)
					}
				})
				switch e.want {
				case nil:
					wantErr(t, "kept", second(g.Get()), nil)
					apart(func() { g.Drop(t.Context()) })
				case boom:
					goesOn(t, e, value, exited)
				default:
					if exited != (d.want == guard.ErrGoexit) || value != nil {
						t.Errorf("recovered %v, exited %t", value, exited)
					}
				}
				d.outcome(t, "Err", g.Err())
			}
		},
		"Map": func(t *testing.T, e ending) {
			drop, calls := counted(nil)
			g := guard.New(1, drop)
			h := g
			value, exited := apart(func() {
				h = guard.Map(g, func(v int) int { e.do(); return v })
			})
			goesOn(t, e, value, exited)
			if (h == g) != (value != nil || exited) {
				t.Error("mapped though f did not return, or not")
			}
			wantErr(t, "Get", second(h.Get()), nil)
			wantErr(t, "Drop", h.Drop(t.Context()), nil)
			if calls.Load() != 1 {
				t.Errorf("%d drops", calls.Load())
			}
		},
		"open of a Lazy": func(t *testing.T, e ending) {
			fails := true
			l := guard.NewLazy(func(context.Context) (*guard.Guard[int], error) {
				time.Sleep(time.Second)
				if fails {
					if err := e.do(); err != nil {
						return nil, err
					}
				}
				return guard.New(1, guard.Nothing), nil
			})
			all := []<-chan got{get(t.Context(), l), get(t.Context(), l), get(t.Context(), l)}
			for _, c := range all {
				r := <-c
				e.outcome(t, "Get", r.err)
				r.h.Drop(t.Context())
			}
			fails = false
			h, err := l.Get(t.Context())
			wantErr(t, "Get again", err, nil)
			wantErr(t, "Drop", guard.DropAll(t.Context(), h, l), nil)
		},
		"open of a join": func(t *testing.T, e ending) {
			drop, calls := counted(errBody)
			value, exited := apart(func() {
				a, b, c, err := guard.Join3(t.Context(),
					func(context.Context) (*guard.Guard[int], error) { return guard.New(1, drop), nil },
					func(context.Context) (*guard.Guard[int], error) {
						time.Sleep(time.Second)
						err := e.do()
						return guard.New(2, guard.Nothing), err
					},
					func(context.Context) (*guard.Guard[int], error) { return guard.New(3, drop), nil })
				if e.want != nil {
					e.outcome(t, "Join3", err, errBody, errBody)
				} else {
					wantErr(t, "Join3", err, nil)
				}
				if a != nil {
					guard.DropAll(t.Context(), a, b, c)
				}
			})
			p, panicked := value.(*guard.PanicError)
			if exited || panicked != (e.want == boom) || panicked && (p.Value != boom || !errors.Is(p, errBody)) {
				t.Errorf("recovered %v, exited %t", value, exited)
			}
			if calls.Load() != 2 {
				t.Errorf("%d of the others dropped", calls.Load())
			}
		},
		"drop of a join": func(t *testing.T, e ending) {
			drop, calls := counted(nil)
			_, _, _, err := guard.Join3(t.Context(),
				func(context.Context) (*guard.Guard[int], error) { return guard.New(1, slow(e)), nil },
				opens(0, errBody),
				func(context.Context) (*guard.Guard[int], error) { return guard.New(1, drop), nil })
			e.outcome(t, "Join3", err, errBody)
			if calls.Load() != 1 {
				t.Error("the other was not dropped")
			}
		},
		"drop of what a Lazy opened in vain": func(t *testing.T, e ending) {
			l := guard.NewLazy(func(ctx context.Context) (*guard.Guard[int], error) {
				<-ctx.Done()
				return guard.New(1, slow(e)), nil
			})
			over, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			wantErr(t, "Get", second(l.Get(over)), context.DeadlineExceeded)
			e.outcome(t, "Drop", l.Drop(t.Context()))
		},
	} {
		for _, e := range endings {
			t.Run(name+"/"+e.name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					stop := guard.Track()
					op(t, e)
					synctest.Wait()
					if left := stop(); len(left) > 0 {
						t.Errorf("taken for forgotten: %v", left)
					}
				})
			})
		}
	}
}
