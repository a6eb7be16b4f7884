package guard_test

import (
	"context"
	"testing"

	"github.com/ebb-go/ebb/guard"
	"github.com/ebb-go/ebb/internal/life"
)

// Each benchmark that makes guards runs without tracking (an owner's guard), with
// it (the default: hook and creation site), and with a stack of 24 frames. Value and
// Borrow do not depend on it.
//
// Not measured: contention, and what the drop function does.

var tracking = []struct {
	name string
	make func() *guard.Guard[int]
}{
	{"track=no", func() *guard.Guard[int] { return guard.New(1, guard.Nothing, life.Untracked) }},
	{"track=site", func() *guard.Guard[int] { return guard.New(1, guard.Nothing) }},
	{"track=stack", func() *guard.Guard[int] { return guard.New(1, guard.Nothing, guard.StackDepth(24)) }},
}

func BenchmarkNewDrop(b *testing.B) {
	for _, mode := range tracking {
		b.Run(mode.name, func(b *testing.B) {
			ctx := b.Context()
			b.ReportAllocs()
			for b.Loop() {
				mode.make().Drop(ctx)
			}
		})
	}
}

func BenchmarkNew(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		sink = guard.New(1, guard.Nothing, life.Untracked)
	}
}

func BenchmarkValue(b *testing.B) {
	g := guard.New(1, guard.Nothing, life.Untracked)
	sum := 0
	for b.Loop() {
		sum += g.Value()
	}
	sink = sum
}

func BenchmarkBorrow(b *testing.B) {
	g := guard.New(1, guard.Nothing, life.Untracked)
	ctx := b.Context()
	fn := func(context.Context, int) error { return nil }
	b.ReportAllocs()
	for b.Loop() {
		g.Borrow(ctx, fn)
	}
}

func BenchmarkCloneDrop(b *testing.B) {
	for _, mode := range tracking {
		b.Run(mode.name, func(b *testing.B) {
			ctx := b.Context()
			s := guard.Share(mode.make())
			defer s.Drop(ctx)
			b.ReportAllocs()
			for b.Loop() {
				c, _ := s.Clone()
				c.Drop(ctx)
			}
		})
	}
}

func BenchmarkLock(b *testing.B) {
	ctx := b.Context()
	m := guard.NewMutex(guard.New(1, guard.Nothing, life.Untracked))
	defer m.Drop(ctx)
	b.ReportAllocs()
	for b.Loop() {
		_, unlock, _ := m.Lock(ctx)
		unlock()
	}
}

func BenchmarkLazyGet(b *testing.B) {
	ctx := b.Context()
	l := guard.NewLazy(func(context.Context) (*guard.Guard[int], error) {
		return guard.New(1, guard.Nothing, life.Untracked), nil
	})
	defer l.Drop(ctx)
	b.ReportAllocs()
	for b.Loop() {
		h, _ := l.Get(ctx)
		h.Drop(ctx)
	}
}
