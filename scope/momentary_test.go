package scope_test

import (
	"context"
	"runtime"
	"sync"
	"testing"

	"github.com/ebb-go/ebb/scope"
)

// TestFreeOnceDropped: who is told that the drop of a dependent has ended finds what it
// depended on free, also if the drop was part of a tree that another asked for and that
// goes on.
//
//	top -> api, top -> log
func TestFreeOnceDropped(t *testing.T) {
	for range 200 {
		inScope(t, func(ctx context.Context, s *scope.Scope) {
			begun := make(chan struct{})
			var dropping sync.WaitGroup
			api := must(scope.Defer(s, "api", nothing))
			log := must(scope.Defer(s, "log", nothing))
			top := must(scope.Defer(s, "top", func(context.Context) error { close(begun); runtime.Gosched(); return nil }, scope.DependsOn(api, log)))
			dropping.Go(func() { _ = api.DropTree(ctx) })
			<-begun
			if err := top.Drop(ctx); err != nil {
				t.Error(err)
			}
			if err := log.Drop(ctx); err != nil {
				t.Error(err)
			}
			dropping.Wait()
		})
	}
}
