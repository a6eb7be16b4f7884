package scope_test

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/multierr"

	"github.com/ebb-go/ebb/scope"
)

// TestHungBelow: what a scope without a limit of its own hangs in is named, with its
// stack, when the function that it belongs to is abandoned by a scope above.
func TestHungBelow(t *testing.T) {
	hang := make(chan struct{})
	hangs := func(context.Context) error { <-hang; return nil }
	request := func(ctx context.Context, body func(ctx context.Context, s *scope.Scope) error) error {
		return scope.Run(ctx, body, scope.WithName("request"))
	}
	drops := func(ctx context.Context) error {
		return request(ctx, func(_ context.Context, s *scope.Scope) error {
			must(scope.Defer(s, "db", nothing))
			must(scope.Defer(s, "tx", hangs))
			return nil
		})
	}
	type below struct {
		name string
		fn   func(ctx context.Context) error
		want []string // scope and name of the leaves
	}
	for _, b := range []below{
		{"drop", drops, []string{"app/request tx"}},
		{"two drops", func(ctx context.Context) error {
			return request(ctx, func(_ context.Context, s *scope.Scope) error {
				must(scope.Defer(s, "tx", hangs))
				must(scope.Defer(s, "lock", hangs))
				return nil
			})
		}, []string{"app/request lock", "app/request tx"}},
		{"task", func(ctx context.Context) error {
			return request(ctx, func(_ context.Context, s *scope.Scope) error {
				s.Go("fetch", hangs)
				s.Go("quick", nothing)
				return nil
			})
		}, []string{"app/request fetch"}},
		{"daemon", func(ctx context.Context) error {
			return request(ctx, func(_ context.Context, s *scope.Scope) error {
				must(s.Daemon("pump", hangs))
				return nil
			})
		}, []string{"app/request pump"}},
		{"body", func(ctx context.Context) error {
			return request(ctx, func(ctx context.Context, _ *scope.Scope) error { return hangs(ctx) })
		}, []string{"app request"}},
		{"child", func(ctx context.Context) error {
			return request(ctx, func(_ context.Context, s *scope.Scope) error {
				session := must(s.Child("session"))
				must(scope.Defer(session, "tx", hangs))
				return nil
			})
		}, []string{"app/request/session tx"}},
		{"below a drop", func(ctx context.Context) error {
			return request(ctx, func(_ context.Context, s *scope.Scope) error {
				must(scope.Defer(s, "outer", drops))
				return nil
			})
		}, []string{"app/request/request tx"}},
		{"below a task", func(ctx context.Context) error {
			return request(ctx, func(_ context.Context, s *scope.Scope) error {
				s.Go("fetch", drops)
				return nil
			})
		}, []string{"app/request/request tx"}},
		{"early drop", func(ctx context.Context) error {
			return request(ctx, func(ctx context.Context, s *scope.Scope) error {
				return must(scope.Defer(s, "tx", hangs)).Drop(ctx)
			})
		}, []string{"app/request tx"}}, // the body has given up its wait
	} {
		for name, start := range map[string]func(ctx context.Context, s *scope.Scope){
			"task":   func(_ context.Context, s *scope.Scope) { s.Go("serve", b.fn) },
			"daemon": func(_ context.Context, s *scope.Scope) { must(s.Daemon("serve", b.fn)) },
			"guard":  func(_ context.Context, s *scope.Scope) { must(scope.Defer(s, "serve", b.fn)) },
			"early": func(ctx context.Context, s *scope.Scope) {
				h := must(scope.Defer(s, "serve", b.fn))
				s.Go("drops", func(ctx context.Context) error { return h.Drop(ctx) })
			},
		} {
			t.Run(b.name+" of a "+name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					hang = make(chan struct{})
					err := scope.Run(t.Context(), func(ctx context.Context, s *scope.Scope) error {
						start(ctx, s)
						time.Sleep(time.Second)
						s.Cancel(errBoom)
						return nil
					}, scope.WithName("app"), scope.WithGrace(10*time.Second), scope.WithLogger(slog.New(slog.DiscardHandler)))
					var got []string
					for _, err := range multierr.Errors(err) {
						e := new(scope.AbandonedError)
						if !errors.As(err, &e) || e.Name == "serve" {
							continue
						}
						got = append(got, e.Scope+" "+e.Name)
						if e.Age < 9*time.Second {
							t.Errorf("%v: no age", e)
						}
						if e.Name != "request" && !strings.Contains(e.Stack, "TestHungBelow") {
							t.Errorf("%v: its stack is %q", e, e.Stack)
						}
					}
					slices.Sort(got)
					if !slices.Equal(got, b.want) {
						t.Errorf("got %q, want %q in\n%v", got, b.want, err)
					}
					close(hang)
					synctest.Wait()
				})
			})
		}
	}
}
