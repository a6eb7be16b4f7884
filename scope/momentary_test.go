package scope_test

import (
	"context"
	"sync"
	"testing"

	"github.com/ebb-go/ebb/scope"
)

// TestFreeOnceDropped: who is told that the drop of a dependent has ended finds what it
// depended on free, also if another asked for that drop, and as a part of a tree.
func TestFreeOnceDropped(t *testing.T) {
	for range 500 {
		inScope(t, func(ctx context.Context, s *scope.Scope) {
			db := must(scope.Defer(s, "db", nothing))
			api := must(scope.Defer(s, "api", nothing, scope.DependsOn(db)))
			top := must(scope.Defer(s, "top", nothing, scope.DependsOn(api)))
			var wg sync.WaitGroup
			wg.Go(func() { _ = api.DropTree(ctx) })
			wg.Go(func() { _ = top.Drop(ctx) })
			if err := api.DropTree(ctx); err != nil {
				t.Error(err)
			}
			if err := db.Drop(ctx); err != nil {
				t.Error(err)
			}
			wg.Wait()
		})
	}
}
