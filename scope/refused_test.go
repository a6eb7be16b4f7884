package scope_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"

	"github.com/ebb-go/ebb/scope"
)

// TestGoRefused: whatever the reason, the log has the first task that Go has not run by
// name, and the number of the others when the scope ends; after that each by name.
// Those who are told otherwise need no log.
func TestGoRefused(t *testing.T) {
	never := func(context.Context) error { t.Error("a refused task runs"); return nil }
	for reason, c := range map[string]struct {
		refuse func(s *scope.Scope)
		opts   []scope.Option
		first  string
	}{
		"canceled": {func(s *scope.Scope) { s.Cancel(errGone) }, nil, "task refused scope=x task=a cause=caller is gone"},
		"stopped":  {func(s *scope.Scope) { s.Stop(errGone) }, nil, "task refused scope=x task=a cause=caller is gone"},
		"stopped under a limit": {func(s *scope.Scope) {
			busy := make(chan struct{})
			s.Go("busy", func(ctx context.Context) error { <-scope.Stopping(ctx); <-busy; return nil })
			synctest.Wait()
			go func() { synctest.Wait(); s.Stop(errGone); close(busy) }() // while Go is waiting for room
		}, []scope.Option{scope.WithTaskLimit(1)}, "task refused scope=x task=a cause=caller is gone"},
	} {
		synctest.Test(t, func(t *testing.T) {
			var l logs
			var kept *scope.Scope
			_ = scope.Run(t.Context(), func(ctx context.Context, s *scope.Scope) error {
				kept = s
				c.refuse(s)
				s.Go("a", never)
				s.Go("b", never)
				s.Go("a", never)
				if err := s.TryGo("try", never); !errors.Is(err, errGone) {
					t.Errorf("%s: %v", reason, err)
				}
				_, err := scope.Async(s, "async", func(context.Context) (int, error) { return 0, never(nil) }).Await(context.WithoutCancel(ctx))
				wantIs(t, err, errGone)
				l.want(t, c.first)
				return nil
			}, append(c.opts, scope.WithName("x"), l.with())...)
			l.want(t, c.first, "more tasks refused scope=x count=2")
			kept.Go("late", never)
			l.want(t, c.first, "more tasks refused scope=x count=2", "task refused by a closed scope scope=x task=late")
		})
	}
}

// TestGoRefusedInNestedRun: the turn of a daemon asks what it nests to stop.
func TestGoRefusedInNestedRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var l logs
		err := scope.Run(t.Context(), func(ctx context.Context, s *scope.Scope) error {
			_ = must(s.Daemon("server", func(ctx context.Context) error {
				return scope.Run(ctx, func(ctx context.Context, s *scope.Scope) error {
					<-scope.Stopping(ctx)
					s.Go("t", func(context.Context) error { t.Error("run"); return nil })
					return nil
				})
			}, scope.Graceful()))
			synctest.Wait()
			return nil
		}, l.with())
		if err != nil {
			t.Error(err)
		}
		l.want(t, "task refused scope=scope/scope task=t cause=its turn in the teardown has come")
	})
}
