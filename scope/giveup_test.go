package scope_test

import (
	"context"
	"errors"
	"runtime"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/multierr"

	"github.com/ebb-go/ebb/guard"
	"github.com/ebb-go/ebb/scope"
)

// TestFailedOpenGivesUp: an open function that fails, in whatever way, has given up
// what it acquired or started before its error is returned, dependents first; those
// drops see exit Failed with its error, and it can be tried again.
func TestFailedOpenGivesUp(t *testing.T) {
	ends := map[string]func() error{
		"error":  func() error { return errBoom },
		"panic":  func() error { panic(errBoom) },
		"goexit": func() error { runtime.Goexit(); return nil },
	}
	for end, fails := range ends {
		for _, lazy := range []bool{false, true} {
			synctest.Test(t, func(t *testing.T) {
				var j journal
				inScope(t, func(ctx context.Context, s *scope.Scope) {
					drop := func(name string) func(context.Context, string) error {
						return func(ctx context.Context, _ string) error {
							want := errBoom
							if end == "goexit" {
								want = scope.ErrGoexit
							}
							if x := scope.ExitOf(ctx); x.Kind != scope.Failed || !errors.Is(x.Err, want) {
								t.Errorf("%s: %s sees %+v", end, name, x)
							}
							j.add(name)
							return nil
						}
					}
					c := must(s.Child("c", scope.DependsOn()))
					open := func(ctx context.Context) (string, error) {
						db := must(scope.Acquire(ctx, c, "db", opens("db"), drop("db")))
						_ = must(scope.Acquire(ctx, c, "cache", func(ctx context.Context) (string, error) { return db.Use(ctx), nil }, drop("cache")))
						_ = must(scope.Acquire(ctx, s, "above", opens("above"), drop("above")))
						_, _, err := scope.Start(ctx, c, "worker", func(ctx context.Context, ready func(int)) error {
							ready(1)
							<-ctx.Done()
							j.add("worker")
							return nil
						})
						if err != nil {
							t.Error(err)
						}
						return "", fails()
					}
					try := func() call {
						if !lazy {
							return calls(func() error {
								_, err := scope.Acquire(ctx, c, "pool", open, guard.Nothing)
								return err
							})
						}
						l := scope.Lazy(c, "pool", open, guard.Nothing)
						defer func() { _ = l.Drop(ctx) }()
						return calls(func() error { _, err := l.Use(ctx); return err })
					}
					for range 2 {
						got := try()
						if got.err == nil && got.panic == nil && !got.goexit {
							t.Errorf("%s, lazy %v: %+v", end, lazy, got)
						}
						if left := append(live(c), live(s)...); !slices.Equal(left, []string{"c"}) && !slices.Equal(left, []string{"pool", "c"}) {
							t.Errorf("%s, lazy %v: left %q", end, lazy, left)
						}
						j.add("tried")
					}
				})
				j.want(t, "worker", "cache", "db", "above", "tried", "worker", "cache", "db", "above", "tried")
			})
		}
	}
}

// TestFailedOpenKeepsWhatIsNotIts: what another has come to depend on, or what was
// moved or released, stays, and the errors of the drops stand beside the open's own.
func TestFailedOpenKeepsWhatIsNotIts(t *testing.T) {
	inScope(t, func(ctx context.Context, s *scope.Scope) {
		c := must(s.Child("c", scope.DependsOn()))
		_, err := scope.Acquire(ctx, s, "pool", func(ctx context.Context) (string, error) {
			used := must(scope.Acquire(ctx, s, "used", opens(""), guard.Nothing))
			_ = must(scope.Defer(s, "user", nothing, scope.DependsOn(used)))
			_ = must(must(scope.Acquire(ctx, s, "bad", opens(""), func(context.Context, string) error { return errGone })).MoveTo(c))
			_ = must(scope.Acquire(ctx, s, "lost", opens(""), func(context.Context, string) error { return errGone }))
			return "", errBoom
		}, guard.Nothing)
		wantIs(t, err, errBoom)
		wantTold(t, call{err: err}, "boom", "drop lost: error")
		if got := live(s); !slices.Equal(got, []string{"c", "used", "user"}) {
			t.Errorf("left %q", got)
		}
		if _, err := c.Snapshot(), c.Close(ctx); !errors.Is(err, errGone) {
			t.Error(err)
		}
	})
}

// TestFailedOpenUnheard: the errors of what a lazy gave up, when all who had asked for it
// have gone, are those of its drop.
func TestFailedOpenUnheard(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		err := scope.Run(t.Context(), func(ctx context.Context, s *scope.Scope) error {
			l := scope.Lazy(s, "pool", func(ctx context.Context) (string, error) {
				_ = must(scope.Acquire(ctx, s, "db", opens(""), func(context.Context, string) error { time.Sleep(time.Minute); return errGone }))
				return "", errBoom
			}, guard.Nothing)
			for range 2 {
				own, cancel := context.WithTimeout(ctx, sec)
				_, err := l.Use(own)
				wantIs(t, err, context.DeadlineExceeded)
				cancel()
				time.Sleep(time.Hour)
			}
			_, err := l.Use(ctx) // and those that are heard are not told again
			wantTold(t, call{err: err}, "boom", "drop db: error")
			return nil
		})
		var drop *scope.DropError
		if !errors.As(err, &drop) || drop.Guard != "pool" || len(multierr.Errors(drop.Err)) != 2 || !errors.Is(err, errGone) {
			t.Errorf("%v", err)
		}
	})
}

// TestUseWhileRegistered: a daemon that has reported ready may use something while it is
// being registered, under another name than it was started with.
func TestUseWhileRegistered(t *testing.T) {
	inScope(t, func(ctx context.Context, s *scope.Scope) {
		db := must(scope.Acquire(ctx, s, "db", opens("db"), guard.Nothing))
		nest(ctx, 1, func(ctx context.Context, in *scope.Scope) {
			for range 200 {
				used := make(chan struct{})
				_, d, err := scope.Start(ctx, in, "d", func(ctx context.Context, ready func(int)) error {
					ready(1)
					db.Use(ctx)
					close(used)
					<-ctx.Done()
					return nil
				})
				<-used
				if err != nil || d.Name() == "" {
					t.Error(err, d.Name())
				}
			}
		})
	})
}

// TestLazyErrorsBesideGoexit: what a failed attempt has given up with an error, and no
// Use has returned, is Run's also if the drop of the lazy panics or calls Goexit.
func TestLazyErrorsBesideGoexit(t *testing.T) {
	for name, end := range map[string]func(){"panic": func() { panic(errBoom) }, "goexit": runtime.Goexit} {
		synctest.Test(t, func(t *testing.T) {
			broken := errors.New("broken")
			call := calls(func() error {
				return scope.Run(t.Context(), func(ctx context.Context, s *scope.Scope) error {
					first := true
					l := scope.Lazy(s, "l", func(ctx context.Context) (int, error) {
						if !first {
							return 1, nil
						}
						first = false
						_ = must(scope.Acquire(ctx, s, "part", opens("part"), func(context.Context, string) error { return broken }))
						<-ctx.Done()
						return 0, ctx.Err()
					}, func(context.Context, int) error { end(); return nil })
					own, cancel := context.WithTimeout(ctx, sec)
					defer cancel()
					_, _ = l.Use(own)
					_ = must(l.Use(ctx))
					return nil
				})
			})
			if !errors.Is(call.err, broken) || name == "goexit" && !errors.Is(call.err, scope.ErrGoexit) || name == "panic" && !errors.Is(call.err, errBoom) {
				t.Errorf("%s: %v, %v", name, call.err, call.panic)
			}
		})
	}
}
