package scope_test

import (
	"context"
	"testing"

	"golang.org/x/sync/errgroup"

	"github.com/ebb-go/ebb/guard"
	"github.com/ebb-go/ebb/scope"
	"github.com/ebb-go/ebb/trace"
)

// BenchmarkEmpty compares a scope that owns nothing with the context that it
// cannot do without.
func BenchmarkEmpty(b *testing.B) {
	b.Run("context", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			ctx, cancel := context.WithCancelCause(context.Background())
			_ = ctx
			cancel(nil)
		}
	})
	b.Run("scope", func(b *testing.B) {
		b.ReportAllocs()
		body := func(context.Context, *scope.Scope) error { return nil }
		for b.Loop() {
			_ = scope.Run(context.Background(), body)
		}
	})
}

// BenchmarkRequest compares a request's scope of three guards and some tasks
// with errgroup doing the same by hand.
func BenchmarkRequest(b *testing.B) {
	task := func(context.Context) error { return nil }
	open := func(context.Context) (int, error) { return 1, nil }
	for _, tasks := range []int{0, 1, 4} {
		name := "tasks=" + string(rune('0'+tasks))
		b.Run(name+"/errgroup", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				vals := [3]int{}
				g, ctx := errgroup.WithContext(context.Background())
				for i := range vals {
					vals[i], _ = open(ctx)
				}
				for range tasks {
					g.Go(func() error { return task(ctx) })
				}
				_ = g.Wait()
				var d errgroup.Group
				for _, v := range vals {
					d.Go(func() error { return guard.Nothing(ctx, v) })
				}
				_ = d.Wait()
			}
		})
		b.Run(name+"/scope", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				_ = scope.Run(context.Background(), func(ctx context.Context, s *scope.Scope) error {
					for range tasks {
						s.Go("t", task)
					}
					for _, name := range [...]string{"a", "b", "c"} {
						if _, err := scope.Acquire(ctx, s, name, open, guard.Nothing); err != nil {
							return err
						}
					}
					return nil
				})
			}
		})
	}
}

// BenchmarkHandle is the cost of using a value.
func BenchmarkHandle(b *testing.B) {
	_ = scope.Run(context.Background(), func(ctx context.Context, s *scope.Scope) error {
		h, err := scope.Acquire(ctx, s, "g", func(context.Context) (int, error) { return 1, nil }, guard.Nothing)
		if err != nil {
			return err
		}
		b.Run("Value", func(b *testing.B) {
			for b.Loop() {
				h.Value()
			}
		})
		b.Run("Use", func(b *testing.B) {
			for b.Loop() {
				h.Use(ctx)
			}
		})
		return nil
	})
}

// BenchmarkInspector is what a live page that nobody has open costs a service's
// requests.
func BenchmarkInspector(b *testing.B) {
	for name, opts := range map[string][]scope.Option{"off": nil, "on": {scope.WithInspector(new(trace.Inspector))}} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			_ = scope.Run(context.Background(), func(ctx context.Context, _ *scope.Scope) error {
				for b.Loop() {
					_ = scope.Run(ctx, func(ctx context.Context, s *scope.Scope) error {
						_, err := scope.Acquire(ctx, s, "tx", opens("tx"), guard.Nothing)
						return err
					})
				}
				return nil
			}, opts...)
		})
	}
}
