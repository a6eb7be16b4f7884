package scope_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ebb-go/ebb/scope"
	"github.com/ebb-go/ebb/trace"
)

// TestSupervisor: a failing task or daemon does not cancel its siblings; all
// failures are returned, and the exit is Failed.
func TestSupervisor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var j journal
		var report *trace.Report
		err := scope.Run(t.Context(), func(ctx context.Context, s *scope.Scope) error {
			_ = must(scope.Defer(s, "tx", func(ctx context.Context) error { j.add(scope.ExitOf(ctx).Kind.String()); return nil }))
			_ = must(s.Daemon("daemon", func(context.Context) error { return errBoom }))
			s.Go("a", func(context.Context) error { return errBoom })
			s.Go("b", func(ctx context.Context) error {
				select {
				case <-ctx.Done():
					t.Error("canceled")
				case <-time.After(sec):
					j.add("b")
				}
				return nil
			})
			s.Go("c", func(context.Context) error { return errGone })
			return nil
		}, scope.WithName("x"), scope.WithSupervisor(), reported(&report))
		wantTold(t, call{err: err}, "task a: boom", "task c: caller is gone", "task daemon: boom")
		j.want(t, "b", "failed")
	})
}

// TestSupervisorBodyAndPanic: the body's error, and a panic, cancel all the same.
func TestSupervisorBodyAndPanic(t *testing.T) {
	for _, how := range []string{"body", "panic"} {
		synctest.Test(t, func(t *testing.T) {
			c := calls(func() error {
				return scope.Run(t.Context(), func(ctx context.Context, s *scope.Scope) error {
					s.Go("sibling", func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() })
					if how == "body" {
						return errBoom
					}
					s.Go("mad", func(context.Context) error { panic("mad") })
					return nil
				}, scope.WithSupervisor())
			})
			if how == "body" {
				wantTold(t, c, "boom")
			} else {
				wantTold(t, c, "panics PanicError mad")
			}
		})
	}
}
