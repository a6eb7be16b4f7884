package scope_test

import (
	"context"
	"testing"

	"github.com/ebb-go/ebb/guard"
	"github.com/ebb-go/ebb/scope"
)

// BenchmarkSlot compares the use of a slot's value with that of a handle: again and again
// in one function, and once in each of many Runs, as requests do.
func BenchmarkSlot(b *testing.B) {
	_ = scope.Run(context.Background(), func(ctx context.Context, s *scope.Scope) error {
		open := func(context.Context) (int, error) { return 1, nil }
		h, err := scope.Acquire(ctx, s, "handle", open, guard.Nothing)
		if err != nil {
			return err
		}
		l, err := scope.NewSlot(ctx, s, "slot", open, guard.Nothing)
		if err != nil {
			return err
		}
		useHandle := func(ctx context.Context, _ *scope.Scope) error { h.Use(ctx); return nil }
		useSlot := func(ctx context.Context, _ *scope.Scope) error { _, err := l.Use(ctx); return err }
		b.Run("again/handle", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				_ = useHandle(ctx, s)
			}
		})
		b.Run("again/slot", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				_ = useSlot(ctx, s)
			}
		})
		b.Run("run/handle", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				_ = scope.Run(ctx, useHandle)
			}
		})
		b.Run("run/slot", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				_ = scope.Run(ctx, useSlot)
			}
		})
		return nil
	})
}
