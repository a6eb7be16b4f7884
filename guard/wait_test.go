package guard_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
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

// A step is a function that waits, on a goroutine of its own: it meets the other
// steps of its circle, and then makes the call that cannot succeed.
type step struct {
	// run calls meet from inside a function, and then waits for what next has.
	run func(ctx context.Context, meet func(), next func(ctx context.Context) error) error
	// wait waits for what this step is inside of.
	wait func(ctx context.Context) error
	drop guard.Dropper
}

// steps are the kinds of functions that something may wait for.
var steps = map[string]func() step{
	"Borrow": func() step {
		g := guard.New(1, guard.Nothing, guard.Name("borrowed"))
		return step{func(ctx context.Context, meet func(), next func(context.Context) error) error {
			return g.Borrow(ctx, func(ctx context.Context, _ int) error { meet(); return next(ctx) })
		}, g.Drop, g}
	},
	"Shared.Borrow": func() step {
		s := guard.Share(guard.New(1, guard.Nothing, guard.Name("shared")))
		return step{func(ctx context.Context, meet func(), next func(context.Context) error) error {
			return s.Borrow(ctx, func(ctx context.Context, _ int) error { meet(); return next(ctx) })
		}, s.Drop, s}
	},
	"drop": func() step {
		var meets func()
		var then func(context.Context) error
		g := guard.New(1, func(ctx context.Context, _ int) error { meets(); return then(ctx) }, guard.Name("dropped"))
		return step{func(ctx context.Context, meet func(), next func(context.Context) error) error {
			meets, then = meet, next
			return g.Drop(ctx)
		}, g.Drop, g}
	},
	"drop in a Table": func() step {
		var meets func()
		var then func(context.Context) error
		table := guard.NewTable[int, int]()
		table.TryInsert(1, guard.New(1, func(ctx context.Context, _ int) error { meets(); return then(ctx) }))
		return step{func(ctx context.Context, meet func(), next func(context.Context) error) error {
			meets, then = meet, next
			return table.Drop(ctx)
		}, table.Drop, table}
	},
	"With": func() step {
		m := guard.NewMutex(guard.New(1, guard.Nothing, guard.Name("locked")))
		return step{func(ctx context.Context, meet func(), next func(context.Context) error) error {
			return m.With(ctx, func(ctx context.Context, _ int) error { meet(); return next(ctx) })
		}, func(ctx context.Context) error {
			return m.With(ctx, func(context.Context, int) error { return nil })
		}, m}
	},
	"With, dropped": func() step {
		m := guard.NewMutex(guard.New(1, guard.Nothing))
		return step{func(ctx context.Context, meet func(), next func(context.Context) error) error {
			return m.With(ctx, func(ctx context.Context, _ int) error { meet(); return next(ctx) })
		}, m.Drop, m}
	},
	"open": func() step {
		var meets func()
		var then func(context.Context) error
		l := guard.NewLazy(func(ctx context.Context) (*guard.Guard[int], error) { meets(); return nil, then(ctx) })
		return step{func(ctx context.Context, meet func(), next func(context.Context) error) error {
			meets, then = meet, next
			return second(l.Get(ctx))
		}, func(ctx context.Context) error { return second(l.Get(ctx)) }, l}
	},
	"open, dropped": func() step {
		var meets func()
		var then func(context.Context) error
		l := guard.NewLazy(func(ctx context.Context) (*guard.Guard[int], error) { meets(); return nil, then(ctx) })
		return step{func(ctx context.Context, meet func(), next func(context.Context) error) error {
			meets, then = meet, next
			return second(l.Get(ctx))
		}, l.Drop, l}
	},
	"open for another": func() step {
		var meets func()
		var then func(context.Context) error
		l := guard.NewLazy(func(ctx context.Context) (*guard.Guard[int], error) { meets(); return nil, then(ctx) })
		outer := guard.New(1, guard.Nothing, guard.Name("outer"))
		return step{func(ctx context.Context, meet func(), next func(context.Context) error) error {
			meets, then = meet, next
			return outer.Borrow(ctx, func(ctx context.Context, _ int) error { return second(l.Get(ctx)) })
		}, outer.Drop, guard.Of(dropperFunc(func(ctx context.Context) error { return guard.DropAll(ctx, l, outer) }))}
	},
}

// Circles of two and three functions on as many goroutines, of all kinds: the calls
// return at once, at least one of them with ErrReentrant, and no other has hung. The
// contexts have no end, so a call that waited would be a deadlock of the bubble.
func TestWaitingAround(t *testing.T) {
	var kinds []string
	for kind := range steps {
		kinds = append(kinds, kind)
	}
	slices.Sort(kinds)
	check := func(names ...string) {
		t.Run(strings.Join(names, ", "), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx := t.Context()
				stop := guard.Track()
				circle := make([]step, len(names))
				for i, name := range names {
					circle[i] = steps[name]()
				}
				var met, all sync.WaitGroup
				met.Add(len(circle))
				errs := make([]error, len(circle))
				for i, s := range circle {
					once := sync.OnceFunc(func() { met.Done(); met.Wait() })
					next := circle[(i+1)%len(circle)].wait
					all.Go(func() { errs[i] = s.run(ctx, once, next) })
				}
				all.Wait()
				err := errors.Join(errs...)
				if !errors.Is(err, guard.ErrReentrant) && slices.Contains(names, "open, dropped") {
					wantErr(t, "a call", err, guard.ErrDropped) // Drop cancels the open function, which may end the circle
				} else if !errors.Is(err, guard.ErrReentrant) {
					t.Errorf("the calls returned %v", err)
				} else if !strings.Contains(err.Error(), " -> ") {
					t.Errorf("the way is not named: %v", err)
				}
				for _, s := range circle {
					s.drop.Drop(ctx)
				}
				synctest.Wait()
				if left := stop(); len(left) > 0 {
					t.Errorf("not dropped: %v", left)
				}
			})
		})
	}
	for _, a := range kinds {
		for _, b := range kinds {
			check(a, b)
		}
		check(a, kinds[0], kinds[len(kinds)-1])
		check(a, a, a)
	}
}

// The way is named by what the user has named, and by where the rest was made.
func TestWaitingAroundNamesTheWay(t *testing.T) {
	var a, b *guard.Lazy[int]
	a = guard.NewLazy(func(ctx context.Context) (*guard.Guard[int], error) { return nil, second(b.Get(ctx)) })
	siteA := here(-1)
	db := guard.New("", guard.Nothing, guard.Name("db"))
	b = guard.NewLazy(func(ctx context.Context) (*guard.Guard[int], error) {
		return nil, db.Borrow(ctx, func(ctx context.Context, _ string) error { return second(a.Get(ctx)) })
	})
	siteB := here(-3)
	err := second(a.Get(t.Context()))
	want := "Lazy[int] made at " + siteA + " -> Lazy[int] made at " + siteB + " -> Lazy[int] made at " + siteA
	if !errors.Is(err, guard.ErrReentrant) || !strings.HasSuffix(err.Error(), ": "+want) {
		t.Errorf("%v, want %s", err, want)
	}
	guard.DropAll(t.Context(), a, b, db)
}

// What waits without a circle is not refused, however the functions lie.
func TestWaitingForOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx := t.Context()
		// Diamond: two functions wait for one third, which waits for a fourth.
		sleeps := func(ctx context.Context) (*guard.Guard[int], error) {
			time.Sleep(time.Second)
			return guard.New(1, guard.Nothing), nil
		}
		end := guard.NewLazy(sleeps)
		uses := func(l *guard.Lazy[int]) func(ctx context.Context) (*guard.Guard[int], error) {
			return func(ctx context.Context) (*guard.Guard[int], error) {
				h, err := l.Get(ctx)
				if err != nil {
					return nil, err
				}
				return guard.New(1, func(ctx context.Context, _ int) error { return h.Drop(ctx) }), nil
			}
		}
		mid := guard.NewLazy(uses(end))
		left, right := guard.NewLazy(uses(mid)), guard.NewLazy(uses(mid))
		a, b, err := guard.Join2(ctx, uses(left), uses(right))
		wantErr(t, "Join2", err, nil)
		wantErr(t, "Drop", guard.DropAll(ctx, a, b, left, right, mid, end), nil)

		// The same two mutexes in one order, by many.
		m, n := guard.NewMutex(guard.New(1, guard.Nothing)), guard.NewMutex(guard.New(1, guard.Nothing))
		var all sync.WaitGroup
		for range 20 {
			all.Go(func() {
				wantErr(t, "With", m.With(ctx, func(ctx context.Context, _ int) error {
					return n.With(ctx, func(context.Context, int) error { time.Sleep(time.Millisecond); return nil })
				}), nil)
			})
		}
		all.Wait()

		// A function that is over no longer waits, though a goroutine that it has left
		// behind still does: for n, inside of which g is dropped, whose other borrower
		// ends by itself.
		g := guard.New(1, guard.Nothing)
		all.Go(func() {
			g.Borrow(ctx, func(context.Context, int) error { time.Sleep(time.Minute); return nil })
		})
		all.Go(func() {
			n.With(ctx, func(ctx context.Context, _ int) error {
				time.Sleep(time.Second)
				wantErr(t, "Drop", g.Drop(ctx), nil)
				return nil
			})
		})
		synctest.Wait()
		g.Borrow(ctx, func(ctx context.Context, _ int) error {
			all.Go(func() {
				_, unlock, err := n.Lock(ctx)
				unlock()
				wantErr(t, "Lock", err, nil)
			})
			synctest.Wait()
			return nil
		})
		all.Wait()
		wantErr(t, "Drop", guard.DropAll(ctx, m, n), nil)
	})
}

// After a circle each of its things is as it was: a Lazy opens when it is asked
// again, a mutex is free, a guard that was not to be dropped can be used.
func TestAfterWaitingAround(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx := t.Context()
		g, h := guard.New(1, guard.Nothing), guard.New(2, guard.Nothing)
		m := guard.NewMutex(h)
		var met, all sync.WaitGroup
		met.Add(2)
		errs := make([]error, 2)
		all.Go(func() {
			errs[0] = g.Borrow(ctx, func(ctx context.Context, _ int) error {
				met.Done()
				met.Wait()
				return m.With(ctx, func(context.Context, int) error { return nil })
			})
		})
		all.Go(func() {
			errs[1] = m.With(ctx, func(ctx context.Context, _ int) error {
				met.Done()
				met.Wait()
				time.Sleep(time.Second) // the other waits by now
				return g.Drop(ctx)
			})
		})
		all.Wait()
		wantErr(t, "With", errs[0], nil)
		wantErr(t, "Drop", errs[1], guard.ErrReentrant)
		wantErr(t, "Borrow", g.Borrow(ctx, func(context.Context, int) error { return nil }), nil)
		wantErr(t, "Drop", guard.DropAll(ctx, g, m), nil)
	})
}

// Two Drops of a Mutex, one of them inside a Borrow from before the value was given
// to it: the other does not keep what this one waits for.
func TestMutexDropBesideBorrower(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx := t.Context()
		g := guard.New(1, guard.Nothing)
		var m *guard.Mutex[int]
		other := make(chan error, 1)
		g.Borrow(ctx, func(inner context.Context, _ int) error {
			m = guard.NewMutex(g)
			go func() { other <- m.Drop(ctx) }()
			synctest.Wait()
			wantErr(t, "Drop inside", m.Drop(inner), guard.ErrReentrant)
			return nil
		})
		wantErr(t, "Drop beside", <-other, nil)
		wantErr(t, "Err", g.Err(), nil)
	})
}
