package scope_test

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ebb-go/ebb/scope"
)

// TestStoppingDeadline: it is when the function is canceled in the end, which happens
// then, whatever limits its time; nothing before it was asked, or without a limit.
func TestStoppingDeadline(t *testing.T) {
	for _, tt := range []struct {
		name string
		want time.Duration // from when it is asked; 0: none
		run  func(s *scope.Scope, f func(ctx context.Context) error)
		opts []scope.Option
	}{
		{"task", 15 * sec, func(s *scope.Scope, f func(ctx context.Context) error) { s.Go("t", f) }, []scope.Option{scope.WithGrace(20 * sec)}},
		{"task without a grace", 0, func(s *scope.Scope, f func(ctx context.Context) error) { s.Go("t", f) }, nil},
		{"nested", 15 * sec, func(s *scope.Scope, f func(ctx context.Context) error) {
			s.Go("t", func(ctx context.Context) error {
				return scope.Run(ctx, func(ctx context.Context, _ *scope.Scope) error { return f(ctx) })
			})
		}, []scope.Option{scope.WithGrace(20 * sec)}},
		{"daemon", 3 * sec, func(s *scope.Scope, f func(ctx context.Context) error) {
			_ = must(s.Daemon("d", f, scope.Graceful(), scope.DropTimeout(4*sec)))
		}, []scope.Option{scope.WithGrace(20 * sec)}},
		{"daemon without a limit", 0, func(s *scope.Scope, f func(ctx context.Context) error) {
			_ = must(s.Daemon("d", f, scope.Graceful()))
		}, nil},
		{"child", 3 * sec, func(s *scope.Scope, f func(ctx context.Context) error) {
			must(s.Child("c", scope.Graceful(), scope.DropTimeout(4*sec))).Go("t", f)
		}, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				_ = scope.Run(t.Context(), func(ctx context.Context, s *scope.Scope) error {
					tt.run(s, func(ctx context.Context) error {
						if at, ok := scope.StoppingDeadline(ctx); ok {
							t.Errorf("%v before it was asked", at)
						}
						<-scope.Stopping(ctx)
						asked := time.Now()
						at, ok := scope.StoppingDeadline(ctx)
						if ok != (tt.want > 0) || ok && at.Sub(asked) != tt.want {
							t.Errorf("%v, %v, want %v", at.Sub(asked), ok, tt.want)
						}
						sooner, cancel := context.WithTimeout(ctx, sec)
						defer cancel()
						if at, ok := scope.StoppingDeadline(sooner); !ok || at.Sub(asked) != sec {
							t.Errorf("%v, %v with a deadline of a second", at, ok)
						}
						if ok {
							<-ctx.Done()
							if got := time.Since(asked); got != tt.want {
								t.Errorf("canceled after %v", got)
							}
						}
						return ctx.Err()
					})
					synctest.Wait()
					s.Stop(nil)
					return nil
				}, append(tt.opts, new(logs).with())...)
			})
		})
	}
	if _, ok := scope.StoppingDeadline(t.Context()); ok {
		t.Error("outside of a scope")
	}
}

// A daemon that is asked to stop divides its time: half of it to finish, the rest to
// hand back what is left.
func ExampleStoppingDeadline() {
	err := scope.Run(context.Background(), func(ctx context.Context, s *scope.Scope) error {
		_, err := s.Daemon("worker", func(ctx context.Context) error {
			<-scope.Stopping(ctx)
			if end, limited := scope.StoppingDeadline(ctx); limited {
				fmt.Println("canceled in", time.Until(end).Round(time.Second))
			}
			return nil
		}, scope.Graceful(), scope.DropTimeout(40*time.Second))
		return err
	})
	fmt.Println(err)
	// Output:
	// canceled in 30s
	// <nil>
}
