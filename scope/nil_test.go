package scope_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ebb-go/ebb/scope"
	"github.com/ebb-go/ebb/trace"
)

// TestNilMeansSucceeded is the promise that a caller who has seen nil may acknowledge
// the work: whatever cancels a scope, and whatever the scope owns, Run and Close
// return nil exactly if a drop sees Succeeded, and the cause alone if a drop sees
// Canceled.
func TestNilMeansSucceeded(t *testing.T) {
	owns := map[string]func(s *scope.Scope){
		"nothing": func(*scope.Scope) {},
		"a guard": func(s *scope.Scope) { _ = must(scope.Defer(s, "g", nothing)) },
		"a task":  func(s *scope.Scope) { s.Go("t", func(ctx context.Context) error { <-ctx.Done(); return nil }) },
		"an echo": func(s *scope.Scope) { s.Go("t", func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }) },
		"a daemon": func(s *scope.Scope) {
			_ = must(s.Daemon("d", func(ctx context.Context) error { <-ctx.Done(); return context.Cause(ctx) }))
		},
		"a child": func(s *scope.Scope) { _ = must(s.Child("c")) },
	}
	ends := map[string]struct {
		end  func(s *scope.Scope, caller context.CancelCauseFunc)
		want error
	}{
		"nothing":         {func(*scope.Scope, context.CancelCauseFunc) {}, nil},
		"its Cancel":      {func(s *scope.Scope, _ context.CancelCauseFunc) { s.Cancel(errGone) }, errGone},
		"the caller":      {func(_ *scope.Scope, cancel context.CancelCauseFunc) { cancel(errGone) }, errGone},
		"a Stop":          {func(s *scope.Scope, _ context.CancelCauseFunc) { s.Stop(errGone) }, nil},
		"Cancel with nil": {func(s *scope.Scope, _ context.CancelCauseFunc) { s.Cancel(nil) }, context.Canceled},
		"a Cancel too late": {func(s *scope.Scope, _ context.CancelCauseFunc) {
			_ = must(scope.Defer(s, "late", func(context.Context) error { s.Cancel(errGone); return nil }))
		}, nil},
	}
	kinds := map[string]func(ctx context.Context, body func(s *scope.Scope)) error{
		"Run": func(ctx context.Context, body func(*scope.Scope)) error {
			return scope.Run(ctx, func(_ context.Context, s *scope.Scope) error { body(s); return nil })
		},
		"RunValue": func(ctx context.Context, body func(*scope.Scope)) error {
			v, err := scope.RunValue(ctx, func(_ context.Context, s *scope.Scope) (int, error) { body(s); return 7, nil })
			if v != 7 {
				t.Errorf("value %d", v)
			}
			return err
		},
		"Run with a report": func(ctx context.Context, body func(*scope.Scope)) error {
			return scope.Run(ctx, func(_ context.Context, s *scope.Scope) error { body(s); return nil },
				reported(new(*trace.Report)), scope.WithGrace(time.Minute))
		},
		"a nested Run": func(ctx context.Context, body func(*scope.Scope)) (err error) {
			_ = scope.Run(ctx, func(ctx context.Context, _ *scope.Scope) error {
				err = scope.Run(ctx, func(_ context.Context, s *scope.Scope) error { body(s); return nil })
				return nil
			})
			return err
		},
		"Close": func(ctx context.Context, body func(*scope.Scope)) (err error) {
			_ = scope.Run(ctx, func(ctx context.Context, s *scope.Scope) error {
				c := must(s.Child("child"))
				body(c)
				err = c.Close(context.WithoutCancel(ctx))
				return nil
			})
			return err
		},
	}
	for kind, run := range kinds {
		for what, own := range owns {
			for by, end := range ends {
				synctest.Test(t, func(t *testing.T) {
					ctx, cancel := context.WithCancelCause(t.Context())
					defer cancel(nil)
					if what == "a task" || what == "an echo" {
						if end.want == nil {
							return // it would not end
						}
					}
					seen := scope.Exit{Kind: 255}
					err := run(ctx, func(s *scope.Scope) {
						own(s)
						if what != "nothing" {
							_ = must(scope.Defer(s, "sees", func(ctx context.Context) error { seen = scope.ExitOf(ctx); return nil }))
						}
						synctest.Wait() // what was started has begun
						end.end(s, cancel)
					})
					if err != end.want {
						t.Errorf("%s that owns %s, canceled by %s: %v, want %v", kind, what, by, err, end.want)
					}
					want := scope.Exit{}
					if end.want != nil {
						want = scope.Exit{Kind: scope.Canceled, Err: end.want}
					}
					if what != "nothing" && seen != want {
						t.Errorf("%s that owns %s, canceled by %s: a drop saw %v, Run returned %v", kind, what, by, seen, err)
					}
				})
			}
		}
	}
}

// TestCanceledChildIsTold: a child that was canceled alone, and whose drops have
// rolled back, is an error of its parent's exit; one canceled with its parent adds
// nothing.
func TestCanceledChildIsTold(t *testing.T) {
	for name, alone := range map[string]bool{"alone": true, "with its parent": false} {
		c := calls(func() error {
			return scope.Run(t.Context(), func(ctx context.Context, s *scope.Scope) error {
				c := must(s.Child("c"))
				_ = must(scope.Defer(c, "tx", nothing))
				if alone {
					c.Cancel(errGone)
				} else {
					s.Cancel(errGone)
				}
				return nil
			})
		})
		if alone {
			wantTold(t, c, "drop c: error")
			wantIs(t, c.err, errGone)
		} else if c.err != errGone {
			t.Errorf("%s: %v", name, c.err)
		}
	}
}
