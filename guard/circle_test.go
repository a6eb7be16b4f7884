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
