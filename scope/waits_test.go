package scope_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/ebb-go/ebb/guard"
	"github.com/ebb-go/ebb/scope"
)

// A selfWait is a program in which functions wait for each other. It calls refused with
// the error of every wait, of which at least one has to be refused.
type selfWait struct {
	name string
	run  func(ctx context.Context, s *scope.Scope, refused func(error) error)
}

var circles = []selfWait{
	{"a drop drops itself", func(ctx context.Context, s *scope.Scope, refused func(error) error) {
		var a *scope.Handle[struct{}]
		a = must(scope.Defer(s, "a", func(ctx context.Context) error { return refused(a.Drop(ctx)) }))
	}},
	{"a drop drops itself early, from a nested Run", func(ctx context.Context, s *scope.Scope, refused func(error) error) {
		var a *scope.Handle[struct{}]
		a = must(scope.Defer(s, "a", func(ctx context.Context) error {
			return scope.Run(ctx, func(ctx context.Context, _ *scope.Scope) error { return refused(a.DropTree(ctx)) })
		}))
		_ = a.Drop(ctx)
	}},
	{"two drops of one wave", func(ctx context.Context, s *scope.Scope, refused func(error) error) {
		ring(s, 2, refused)
	}},
	{"five drops of one wave", func(ctx context.Context, s *scope.Scope, refused func(error) error) {
		ring(s, 5, refused)
	}},
	{"five early drops", func(ctx context.Context, s *scope.Scope, refused func(error) error) {
		for _, h := range ring(s, 5, refused) {
			go func() { _ = h.Drop(context.Background()) }()
		}
		synctest.Wait()
	}},
	{"two drops of two roots", func(ctx context.Context, s *scope.Scope, refused func(error) error) {
		var a, b *scope.Handle[struct{}]
		met := meet(2)
		a = must(scope.Defer(s, "a", func(ctx context.Context) error { met(); return refused(b.Drop(ctx)) }))
		done := make(chan struct{})
		ready := make(chan struct{})
		go func() {
			defer close(done)
			_ = scope.Run(context.Background(), func(ctx context.Context, other *scope.Scope) error {
				b = must(scope.Defer(other, "b", func(ctx context.Context) error { met(); return refused(a.Drop(ctx)) }))
				close(ready)
				return nil
			})
		}()
		<-ready
	}},
	{"a drop drops what comes later", func(ctx context.Context, s *scope.Scope, refused func(error) error) {
		db := must(scope.Defer(s, "db", nothing))
		_ = must(scope.Defer(s, "api", func(ctx context.Context) error { return refused(db.Drop(ctx)) }, scope.DependsOn(db)))
	}},
	{"a task of a child drops what the child depends on", func(ctx context.Context, s *scope.Scope, refused func(error) error) {
		db := must(scope.Defer(s, "db", nothing))
		c := must(s.Child("c"))
		c.Go("t", func(ctx context.Context) error { _ = refused(db.DropTree(ctx)); return nil })
	}},
	{"a task of a child of a child", func(ctx context.Context, s *scope.Scope, refused func(error) error) {
		db := must(scope.Defer(s, "db", nothing))
		c := must(must(s.Child("c")).Child("d"))
		c.Go("t", func(ctx context.Context) error {
			return scope.Run(ctx, func(ctx context.Context, s *scope.Scope) error { _ = refused(db.DropTree(ctx)); return nil })
		})
	}},
	{"a daemon drops what it depends on", func(ctx context.Context, s *scope.Scope, refused func(error) error) {
		db := must(scope.Defer(s, "db", nothing))
		_ = must(s.Daemon("d", func(ctx context.Context) error { _ = refused(db.DropTree(ctx)); return nil }))
	}},
	{"a daemon drops what comes later in a tree to which it belongs", func(ctx context.Context, s *scope.Scope, refused func(error) error) {
		db := must(scope.Defer(s, "db", nothing))
		mid := must(scope.Defer(s, "mid", nothing, scope.DependsOn(db)))
		_ = must(scope.Defer(s, "top", nothing, scope.DependsOn(mid)))
		_ = must(s.Daemon("d", func(ctx context.Context) error {
			<-ctx.Done()
			_ = refused(mid.DropTree(context.WithoutCancel(ctx)))
			return nil
		}, scope.DependsOn(db)))
		_ = db.DropTree(ctx)
	}},
	{"a daemon drops itself", func(ctx context.Context, s *scope.Scope, refused func(error) error) {
		var d *scope.Daemon
		ready := make(chan struct{})
		d = must(s.Daemon("d", func(ctx context.Context) error { <-ready; _ = refused(d.Drop(ctx)); return nil }))
		close(ready)
	}},
	{"a daemon drops in its turn what comes later", func(ctx context.Context, s *scope.Scope, refused func(error) error) {
		db := must(scope.Defer(s, "db", nothing))
		_ = must(s.Daemon("d", func(ctx context.Context) error { <-ctx.Done(); _ = refused(db.Drop(ctx)); return nil }))
	}},
	{"a task of a child closes it", func(ctx context.Context, s *scope.Scope, refused func(error) error) {
		c := must(s.Child("c"))
		c.Go("t", func(ctx context.Context) error { _ = refused(c.Close(ctx)); return nil })
	}},
	{"a drop of a child closes it", func(ctx context.Context, s *scope.Scope, refused func(error) error) {
		c := must(s.Child("c"))
		_ = must(scope.Defer(c, "a", func(ctx context.Context) error { return refused(c.Close(ctx)) }))
		_ = c.Close(ctx)
	}},
	{"a drop of a grandchild closes the child", func(ctx context.Context, s *scope.Scope, refused func(error) error) {
		c := must(s.Child("c"))
		_ = must(scope.Defer(must(c.Child("d")), "a", func(ctx context.Context) error { return refused(c.Close(ctx)) }))
		_ = c.Close(ctx)
	}},
	{"two children close each other", func(ctx context.Context, s *scope.Scope, refused func(error) error) {
		a, b := must(s.Child("a")), must(s.Child("b"))
		met := meet(2)
		a.Go("t", func(ctx context.Context) error { met(); _ = refused(b.Close(ctx)); return nil })
		b.Go("t", func(ctx context.Context) error { met(); _ = refused(a.Close(ctx)); return nil })
	}},
	{"a borrower drops what it borrows", func(ctx context.Context, s *scope.Scope, refused func(error) error) {
		db := must(scope.Defer(s, "db", nothing))
		_ = db.Borrow(ctx, func(ctx context.Context, _ struct{}) error { return refused(db.Drop(ctx)) })
	}},
	{"a borrower drops it from a task below", func(ctx context.Context, s *scope.Scope, refused func(error) error) {
		db := must(scope.Defer(s, "db", nothing))
		_ = db.Borrow(ctx, func(ctx context.Context, _ struct{}) error {
			return scope.Run(ctx, func(ctx context.Context, in *scope.Scope) error {
				in.Go("t", func(ctx context.Context) error { _ = refused(db.DropTree(ctx)); return nil })
				return nil
			})
		})
	}},
	{"two borrowers drop what the other borrows", func(ctx context.Context, s *scope.Scope, refused func(error) error) {
		a, b := must(scope.Defer(s, "a", nothing)), must(scope.Defer(s, "b", nothing))
		met := meet(2)
		for _, x := range [][2]*scope.Handle[struct{}]{{a, b}, {b, a}} {
			s.Go("t", func(ctx context.Context) error {
				return x[0].Borrow(ctx, func(ctx context.Context, _ struct{}) error { met(); _ = refused(x[1].Drop(ctx)); return nil })
			})
		}
	}},
	{"a task awaits itself", func(ctx context.Context, s *scope.Scope, refused func(error) error) {
		var a *scope.Task[int]
		ready := make(chan struct{})
		a = scope.Async(s, "a", func(ctx context.Context) (int, error) {
			<-ready
			_, err := a.Await(ctx)
			_ = refused(err)
			return 1, nil
		})
		close(ready)
	}},
	{"three tasks await each other", func(ctx context.Context, s *scope.Scope, refused func(error) error) {
		tasks := make([]*scope.Task[int], 3)
		ready := make(chan struct{})
		for k := range tasks {
			tasks[k] = scope.Async(s, "t", func(ctx context.Context) (int, error) {
				<-ready
				_, err := tasks[(k+1)%3].Await(ctx)
				_ = refused(err)
				return 1, nil
			})
		}
		close(ready)
	}},
	{"a task awaits one that drops the child in which the first is", func(ctx context.Context, s *scope.Scope, refused func(error) error) {
		c := must(s.Child("c"))
		var outer *scope.Task[int]
		ready := make(chan struct{})
		outer = scope.Async(s, "outer", func(ctx context.Context) (int, error) { <-ready; return 1, refused(c.Close(ctx)) })
		c.Go("inner", func(ctx context.Context) error { <-ready; _, err := outer.Await(ctx); _ = refused(err); return nil })
		close(ready)
	}},
	{"a start of what awaits the starter", func(ctx context.Context, s *scope.Scope, refused func(error) error) {
		var a *scope.Task[int]
		ready := make(chan struct{})
		a = scope.Async(s, "a", func(ctx context.Context) (int, error) {
			<-ready
			_, _, err := scope.Start(ctx, s, "d", func(ctx context.Context, ready func(int)) error {
				_, err := a.Await(ctx)
				_ = refused(err)
				ready(1)
				return nil
			})
			return 1, err
		})
		close(ready)
	}},
	{"a daemon drops what its child depends on while it starts", func(ctx context.Context, s *scope.Scope, refused func(error) error) {
		db := must(scope.Defer(s, "db", nothing))
		c := must(s.Child("c"))
		_, _, _ = scope.Start(ctx, c, "d", func(ctx context.Context, ready func(int)) error { return refused(db.DropTree(ctx)) })
	}},
	{"an open function drops the lazy that it opens", func(ctx context.Context, s *scope.Scope, refused func(error) error) {
		var l *scope.LazyHandle[int]
		l = scope.Lazy(s, "l", func(ctx context.Context) (int, error) { return 1, refused(l.Drop(ctx)) }, guard.Nothing)
		_, _ = l.Use(ctx)
	}},
	{"an open function drops what the lazy uses", func(ctx context.Context, s *scope.Scope, refused func(error) error) {
		db := must(scope.Acquire(ctx, s, "db", opens("db"), guard.Nothing))
		l := scope.Lazy(s, "l", func(ctx context.Context) (int, error) { db.Use(ctx); return 1, refused(db.DropTree(ctx)) }, guard.Nothing)
		_, _ = l.Use(ctx)
	}},
	{"the drop of a value that no one wanted drops what the child depends on", func(ctx context.Context, s *scope.Scope, refused func(error) error) {
		db := must(scope.Defer(s, "db", nothing))
		c := must(s.Child("c"))
		l := scope.Lazy(c, "l", func(ctx context.Context) (int, error) { <-ctx.Done(); return 1, nil },
			func(ctx context.Context, _ int) error { return refused(db.DropTree(ctx)) })
		own, cancel := context.WithTimeout(ctx, sec)
		defer cancel()
		_, _ = l.Use(own)
	}},
	{"the drop of a value that no one wanted drops what waits for the lazy", func(ctx context.Context, s *scope.Scope, refused func(error) error) {
		var db *scope.Handle[struct{}]
		waiting := make(chan struct{})
		var first sync.Once
		l := scope.Lazy(s, "l", func(ctx context.Context) (int, error) { first.Do(func() { <-ctx.Done() }); return 1, nil },
			func(ctx context.Context, _ int) error { <-waiting; return refused(db.Drop(ctx)) })
		db = must(scope.Defer(s, "db", func(ctx context.Context) error { close(waiting); _, err := l.Use(ctx); _ = refused(err); return nil }))
		own, cancel := context.WithTimeout(ctx, sec)
		defer cancel()
		_, _ = l.Use(own)
		go func() { _ = db.Drop(context.Background()) }()
		synctest.Wait()
	}},
	{"a lazy awaits a task that uses it", func(ctx context.Context, s *scope.Scope, refused func(error) error) {
		var a *scope.Task[int]
		ready := make(chan struct{})
		l := scope.Lazy(s, "l", func(ctx context.Context) (int, error) { close(ready); _, err := a.Await(ctx); return 1, refused(err) }, guard.Nothing)
		begin := make(chan struct{})
		a = scope.Async(s, "a", func(ctx context.Context) (int, error) { <-ready; _, err := l.Use(ctx); _ = refused(err); return 1, nil })
		close(begin)
		_, _ = l.Use(ctx)
	}},
}

// ring makes n guards whose drops meet and then each drop the next.
func ring(s *scope.Scope, n int, refused func(error) error) []*scope.Handle[struct{}] {
	all := make([]*scope.Handle[struct{}], n)
	met := meet(n)
	for k := range all {
		all[k] = must(scope.Defer(s, "g", func(ctx context.Context) error { met(); return refused(all[(k+1)%n].Drop(ctx)) }))
	}
	return all
}

// meet returns a function that returns when n have called it.
func meet(n int) func() {
	var wg sync.WaitGroup
	wg.Add(n)
	return func() { wg.Done(); wg.Wait() }
}

// TestCircles: whatever waits for itself, around whatever corner, exactly one of the
// waits is refused at once, with ErrReentrant, and all ends.
func TestCircles(t *testing.T) {
	for _, c := range circles {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var mu sync.Mutex
				count := 0
				call := calls(func() error {
					return scope.Run(t.Context(), func(ctx context.Context, s *scope.Scope) error {
						c.run(ctx, s, func(err error) error {
							mu.Lock()
							defer mu.Unlock()
							if errors.Is(err, scope.ErrReentrant) {
								count++
							}
							return nil
						})
						synctest.Wait() // what is to wait does, before the teardown comes
						return nil
					})
				})
				synctest.Wait()
				if call.err != nil || call.panic != nil || count != 1 {
					t.Errorf("refused %d times, %v, %v", count, call.err, call.panic)
				}
			})
		})
	}
}

// TestNoCircle: waits that end are none, however they look.
func TestNoCircle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		inScope(t, func(ctx context.Context, s *scope.Scope) {
			want := func(err error) {
				t.Helper()
				if err != nil {
					t.Error(err)
				}
			}
			// A drop that drops another one, of its wave too.
			met := meet(2)
			b := must(scope.Defer(s, "b", func(context.Context) error { met(); return nil }))
			_ = must(scope.Defer(s, "a", func(ctx context.Context) error { met(); return b.Drop(ctx) }))
			// A borrower that drops something else, and a former borrower.
			c, d := must(scope.Defer(s, "c", nothing)), must(scope.Defer(s, "d", nothing))
			var former context.Context
			want(c.Borrow(ctx, func(ctx context.Context, _ struct{}) error { former = ctx; return d.Drop(ctx) }))
			want(c.Drop(former))
			// Many tasks that await one, and one that awaits many.
			end := make(chan struct{})
			one := scope.Async(s, "one", func(context.Context) (int, error) { <-end; return 1, nil })
			many := make([]*scope.Task[int], 10)
			for k := range many {
				many[k] = scope.Async(s, "many", func(ctx context.Context) (int, error) { return one.Await(ctx) })
			}
			all := scope.Async(s, "all", func(ctx context.Context) (int, error) {
				for _, x := range many {
					_, err := x.Await(ctx)
					want(err)
				}
				return 1, nil
			})
			synctest.Wait()
			close(end)
			_, err := all.Await(ctx)
			want(err)
			// A child that is closed from the context that it gave to someone.
			e := must(s.Child("e"))
			want(e.Close(e.Context()))
		})
	})
}

// TestLazyCircles: lazies that open each other, from one goroutine or from several, in
// one scope or across, are a *CycleError with the names; one of itself too.
func TestLazyCircles(t *testing.T) {
	for _, n := range []int{1, 2, 3} {
		for _, apart := range []bool{false, true} { // each in a scope of its own
			for _, at := range []int{1, n} { // how many goroutines
				synctest.Test(t, func(t *testing.T) {
					inScope(t, func(ctx context.Context, s *scope.Scope) {
						names := []string{"a", "b", "c"}[:n]
						all := make([]*scope.LazyHandle[int], n)
						met := meet(at)
						for k := range all {
							in := s
							if apart {
								in = must(s.Child("c", scope.DependsOn()))
							}
							first := sync.OnceFunc(met) // another Use tries again what has failed
							all[k] = scope.Lazy(in, names[k], func(ctx context.Context) (int, error) {
								if at > 1 {
									first()
								}
								return all[(k+1)%n].Use(ctx)
							}, guard.Nothing)
						}
						errs := make(chan error, at)
						for k := range at {
							go func() {
								_, err := all[k].Use(ctx)
								errs <- err
							}()
						}
						for range at {
							var cycle *scope.CycleError
							if err := <-errs; !errors.As(err, &cycle) || len(cycle.Path) != n+1 || cycle.Path[0] != cycle.Path[n] || !slices.Contains(names, cycle.Path[0]) {
								t.Errorf("%d lazies, apart %v, %d goroutines: %v", n, apart, at, err)
							}
						}
					})
				})
			}
		}
	}
}
