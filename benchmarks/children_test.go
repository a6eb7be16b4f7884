package benchmarks

import (
	"context"
	"fmt"
	"testing"

	"golang.org/x/sync/errgroup"

	"github.com/ebb-go/ebb/scope"
)

// BenchmarkChildren opens and closes a million children under one scope that
// lives long, beside as many empty scopes of their own. An operation is the
// whole million, ns/child one of them; heap-B/child is by how much the heap has grown
// at the end, from where it was after ten thousand.
func BenchmarkChildren(b *testing.B) {
	n := 1_000_000
	if testing.Short() {
		n = 10_000
	}
	err := scope.Run(b.Context(), func(ctx context.Context, s *scope.Scope) error {
		compare(b,
			side{"run", func(w *watch, _ int) error {
				for range n {
					if err := scope.Run(ctx, func(context.Context, *scope.Scope) error { return nil }); err != nil {
						return err
					}
				}
				w.metric(float64(w.lap().Nanoseconds())/float64(n), "ns/child")
				return nil
			}},
			children(ctx, s, n, 1), children(ctx, s, n, 8),
		)
		return nil
	})
	if err != nil {
		b.Fatal(err)
	}
}

func children(ctx context.Context, s *scope.Scope, n, goroutines int) side {
	some := func(n int) error {
		var g errgroup.Group
		for range goroutines {
			g.Go(func() error {
				for range n / goroutines {
					c, err := s.Child("child")
					if err != nil {
						return err
					}
					if err := c.Close(ctx); err != nil {
						return err
					}
				}
				return nil
			})
		}
		return g.Wait()
	}
	return side{fmt.Sprintf("child-%d", goroutines), func(w *watch, _ int) error {
		w.stop()
		if err := some(n / 100); err != nil {
			return err
		}
		before := memory()
		w.start()
		if err := some(n); err != nil {
			return err
		}
		w.metric(float64(w.lap().Nanoseconds())/float64(n), "ns/child")
		w.stop()
		w.metric(max(0, float64(memory())-float64(before))/float64(n), "heap-B/child")
		return nil
	}}
}
