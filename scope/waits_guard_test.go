package scope_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ebb-go/ebb/guard"
	"github.com/ebb-go/ebb/scope"
)

// TestWaitsThroughGuards: a circle that leads through the lock or the borrowers of a guard,
// and through a drop of the scope, is one for oneself, whichever wait begins last.
func TestWaitsThroughGuards(t *testing.T) {
	type lock = func(ctx context.Context, fn func(ctx context.Context) error) error
	locks := map[string]func(t *testing.T) lock{
		"mutex": func(t *testing.T) lock {
			m := guard.NewMutex(guard.New(1, guard.Nothing))
			t.Cleanup(func() { _ = m.Drop(context.Background()) })
			return func(ctx context.Context, fn func(ctx context.Context) error) error {
				return m.With(ctx, func(ctx context.Context, _ int) error { return fn(ctx) })
			}
		},
		"borrower": func(t *testing.T) lock {
			g := guard.New(1, guard.Nothing)
			first := true
			return func(ctx context.Context, fn func(ctx context.Context) error) error {
				if first {
					first = false
					return g.Borrow(ctx, func(ctx context.Context, _ int) error { return fn(ctx) })
				}
				return errors.Join(g.Drop(ctx), fn(ctx)) // waits for the borrower
			}
		},
	}
	for name, of := range locks {
		for _, dropFirst := range []bool{true, false} {
			t.Run(name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					with := of(t)
					locked, begun := make(chan struct{}), make(chan struct{})
					var inDrop, inTask error
					err := scope.Run(t.Context(), func(ctx context.Context, s *scope.Scope) error {
						h := must(scope.Defer(s, "db", func(ctx context.Context) error {
							close(begun)
							if !dropFirst {
								time.Sleep(sec)
							}
							inDrop = with(ctx, nothing)
							return nil
						}))
						s.Go("works", func(ctx context.Context) error {
							return with(ctx, func(ctx context.Context) error {
								close(locked)
								if dropFirst {
									<-begun
									time.Sleep(sec)
								}
								inTask = h.Drop(ctx)
								return nil
							})
						})
						if dropFirst {
							<-locked
							s.Go("drops", func(ctx context.Context) error { return h.Drop(ctx) })
						}
						return nil
					})
					if err != nil {
						t.Error(err)
					}
					if !errors.Is(inDrop, scope.ErrReentrant) && !errors.Is(inTask, scope.ErrReentrant) {
						t.Errorf("the drop got %v, the task %v", inDrop, inTask)
					}
				})
			})
		}
	}
}
