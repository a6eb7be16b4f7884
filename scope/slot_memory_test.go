package scope_test

import (
	"context"
	"runtime"
	"testing"

	"github.com/ebb-go/ebb/guard"
	"github.com/ebb-go/ebb/scope"
)

// heapIn returns what lives on the heap.
func heapIn() int {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int(m.HeapAlloc)
}

// A slot whose value was replaced 100,000 times, and slots that have evicted 20,000 keys,
// hold nothing for what has ended: neither the slot nor the context that the values were
// opened in.
func TestSlotsHoldNothingForWhatHasEnded(t *testing.T) {
	const n = 100_000 / scale
	rounds := map[string]func(ctx context.Context, s *scope.Scope) func(k int) error{
		"Replace": func(ctx context.Context, s *scope.Scope) func(int) error {
			open := func(ctx context.Context) (*[512]byte, error) {
				in, _ := scope.From(ctx)
				_, err := scope.Defer(in, "of the value", func(context.Context) error { return nil })
				return new([512]byte), err
			}
			l, err := scope.NewSlot(ctx, s, "slot", open, guard.Nothing)
			if err != nil {
				t.Error(err)
			}
			return func(int) error {
				err := scope.Run(ctx, func(ctx context.Context, _ *scope.Scope) error {
					_, err := l.Use(ctx)
					return err
				})
				if err != nil {
					return err
				}
				return l.Replace(ctx, open)
			}
		},
		"Evict": func(ctx context.Context, s *scope.Scope) func(int) error {
			l := scope.NewSlots(s, "slots", func(context.Context, int) (*[512]byte, error) { return new([512]byte), nil },
				func(context.Context, int, *[512]byte) error { return nil })
			return func(k int) error {
				err := l.Borrow(ctx, k, func(context.Context, *[512]byte) error { return nil })
				if err != nil {
					return err
				}
				return l.Evict(ctx, k)
			}
		},
	}
	for name, round := range rounds {
		inScope(t, func(ctx context.Context, s *scope.Scope) {
			once := round(ctx, s)
			for k := range 100 {
				if err := once(k); err != nil {
					t.Fatal(err)
				}
			}
			before := heapIn()
			rounds := n
			if name == "Evict" {
				rounds /= 5
			}
			for k := range rounds {
				if err := once(k); err != nil {
					t.Fatal(err)
				}
			}
			if grown := heapIn() - before; grown > 256<<10 {
				t.Errorf("%s: %d bytes more after %d", name, grown, rounds)
			}
		})
	}
}
