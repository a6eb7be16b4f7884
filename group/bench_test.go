package group_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"runtime"
	"testing"
	"time"

	"github.com/ebb-go/ebb/group"
	"golang.org/x/sync/errgroup"
)

// flat registers n guards without edges.
func flat(b *testing.B, n int, drop func(context.Context) error) *group.Graph {
	g := new(group.Graph)
	for range n {
		if _, err := g.Add("guard", drop); err != nil {
			b.Fatal(err)
		}
	}
	return g
}

// BenchmarkTeardown drops guards that do nothing, beside an errgroup with a
// goroutine for each. Registration is not measured; planning is. Small graphs are
// dropped in batches, for stopping the clock costs more than to drop one.
func BenchmarkTeardown(b *testing.B) {
	for _, n := range []int{3, 10, 1_000, 100_000, 1_000_000} {
		batch := max(1, 100_000/n)
		b.Run(fmt.Sprintf("ebb/guards=%d", n), func(b *testing.B) {
			b.ReportAllocs()
			graphs := make([]*group.Graph, batch)
			for b.Loop() {
				b.StopTimer()
				for i := range graphs {
					graphs[i] = flat(b, n, nothing)
				}
				b.StartTimer()
				for _, g := range graphs {
					g.Teardown(context.Background())
				}
			}
			perGuard(b, n*batch)
		})
		b.Run(fmt.Sprintf("errgroup/guards=%d", n), func(b *testing.B) {
			b.ReportAllocs()
			ctx := context.Background()
			for b.Loop() {
				for range batch {
					var g errgroup.Group
					for range n {
						g.Go(func() error { return nothing(ctx) })
					}
					_ = g.Wait()
				}
			}
			perGuard(b, n*batch)
		})
	}
}

func perGuard(b *testing.B, n int) {
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n), "ns/guard")
}

// BenchmarkBlocking drops guards that all block for 10 ms.
func BenchmarkBlocking(b *testing.B) {
	for _, n := range []int{10_000, 100_000} {
		b.Run(fmt.Sprintf("ebb/guards=%d", n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				b.StopTimer()
				g := flat(b, n, sleeps(10*time.Millisecond))
				b.StartTimer()
				g.Teardown(context.Background())
			}
		})
		b.Run(fmt.Sprintf("errgroup/guards=%d", n), func(b *testing.B) {
			b.ReportAllocs()
			ctx, drop := context.Background(), sleeps(10*time.Millisecond)
			for b.Loop() {
				var g errgroup.Group
				for range n {
					g.Go(func() error { return drop(ctx) })
				}
				_ = g.Wait()
			}
		})
	}
}

// BenchmarkPlan plans random graphs with five edges a node. B/guard is all that
// the graph and the plan hold, names and drops excepted.
func BenchmarkPlan(b *testing.B) {
	for _, n := range []int{1_000, 100_000, 1_000_000} {
		b.Run(fmt.Sprintf("guards=%d/edges=%d", n, 5*n), func(b *testing.B) {
			before := heap()
			g := random(b, n)
			built := heap()
			var waves [][]*group.Node
			for b.Loop() {
				waves = g.Waves()
			}
			perGuard(b, n)
			b.ReportMetric(float64(built-before)/float64(n), "B/guard")
			runtime.KeepAlive(waves)
			runtime.KeepAlive(g)
		})
	}
}

// random registers n guards with five edges each, all to older ones.
func random(b testing.TB, n int) *group.Graph {
	r := rand.New(rand.NewPCG(1, 2))
	g := new(group.Graph)
	nodes := make([]*group.Node, n)
	for i := range nodes {
		var deps [5]*group.Node
		for j := range min(i, len(deps)) {
			deps[j] = nodes[r.IntN(i)]
		}
		nodes[i] = add(b, g, "guard", nothing, deps[:min(i, len(deps))]...)
	}
	return g
}

func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// BenchmarkRegister registers a guard and removes it again.
func BenchmarkRegister(b *testing.B) {
	b.ReportAllocs()
	var g group.Graph
	for b.Loop() {
		n := add(b, &g, "guard", nothing)
		if err := g.Remove(n); err != nil {
			b.Fatal(err)
		}
	}
}
