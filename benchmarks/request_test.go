package benchmarks

import (
	"context"
	"fmt"
	"testing"

	"github.com/ebb-go/ebb/guard"
	"github.com/ebb-go/ebb/scope"
)

// BenchmarkEmpty is a scope that owns nothing, beside the cancellable context
// that every alternative makes too.
func BenchmarkEmpty(b *testing.B) {
	ctx := b.Context()
	compare(b,
		each("context", func() error {
			_, cancel := context.WithCancelCause(ctx)
			cancel(nil)
			return nil
		}),
		each("ebb", func() error {
			return scope.Run(ctx, func(context.Context, *scope.Scope) error { return nil })
		}),
	)
}

// request is the work of a handler that does nothing but what is measured.
func request(guards, tasks int) Request {
	return Request{
		Guards: names(guards), Tasks: names(tasks),
		Open: openNothing,
		Drop: guard.Nothing[int],
		Task: func(context.Context) error { return nil },
	}
}

// BenchmarkRequest opens three values, runs tasks, waits for them and drops the
// values.
func BenchmarkRequest(b *testing.B) {
	for _, tasks := range []int{0, 1, 4} {
		b.Run(fmt.Sprintf("guards=3/tasks=%d", tasks), func(b *testing.B) {
			r := request(3, tasks)
			var sides []side
			for _, p := range []Peer{Errgroup(), Ebb(scope.Waves), Conc(), Defers()} {
				sides = append(sides, each(p.Name, func() error { return p.Request(b.Context(), r) }))
			}
			compare(b, sides...)
		})
	}
}

// BenchmarkNested has two guards in the scope of a request, and in a scope
// inside of it: one that is bound to a function, and one that is closed.
func BenchmarkNested(b *testing.B) {
	ctx, r := b.Context(), request(2, 0)
	compare(b,
		each("flat", func() error { return ebbRequest(ctx, r) }),
		each("nested", func() error { return ebbNested(ctx, r) }),
		each("child", func() error { return ebbChild(ctx, r) }),
	)
}

// BenchmarkHandle reads the value of a guard, beside a plain atomic load.
func BenchmarkHandle(b *testing.B) {
	err := scope.Run(b.Context(), func(ctx context.Context, s *scope.Scope) error {
		h, err := scope.Acquire(ctx, s, "value", openNothing, guard.Nothing)
		if err != nil {
			return err
		}
		compare(b,
			side{"load", func(_ *watch, n int) error {
				for range n {
					sink += int(plain.Load())
				}
				return nil
			}},
			side{"value", func(_ *watch, n int) error {
				for range n {
					sink += h.Value()
				}
				return nil
			}},
			side{"use", func(_ *watch, n int) error {
				for range n {
					sink += h.Use(ctx)
				}
				return nil
			}},
		)
		return nil
	})
	if err != nil {
		b.Fatal(err)
	}
}
