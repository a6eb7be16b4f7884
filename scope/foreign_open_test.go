package scope_test

import (
	"context"
	"testing"
	"testing/synctest"

	"github.com/ebb-go/ebb/guard"
	"github.com/ebb-go/ebb/scope"
)

// backCaller is a context whose values ask the scope, as one that resolves them when
// they are asked for may do.
type backCaller struct {
	context.Context
	s *scope.Scope
}

func (c backCaller) Value(key any) any {
	_ = c.s.Snapshot()
	return c.Context.Value(key)
}

// TestValuesOutsideOfLocks: the context that is handed to Acquire may ask the scope
// while that is stopped, abandoned and torn down around what its open function nests.
func TestValuesOutsideOfLocks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		err := scope.Run(t.Context(), func(ctx context.Context, s *scope.Scope) error {
			s.Go("opens", func(ctx context.Context) error {
				_, err := scope.Acquire(backCaller{ctx, s}, s, "h", func(ctx context.Context) (int, error) {
					return 1, scope.Run(ctx, func(ctx context.Context, in *scope.Scope) error {
						_ = must(scope.Defer(in, "x", nothing))
						<-scope.Stopping(ctx)
						return nil
					})
				}, guard.Nothing)
				return err
			})
			synctest.Wait()
			s.Stop(nil)
			return nil
		}, scope.WithGrace(sec))
		if err != nil {
			t.Error(err)
		}
	})
}
