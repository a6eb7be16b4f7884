package benchmarks

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/ebb-go/ebb/scope"
)

// A graph is a random service whose drops sleep.
type graph struct {
	units []Unit
	times []time.Duration // that they are to sleep
	took  []time.Duration // that they did in the last teardown; each element is its drop's
}

// randomGraph makes 12 to 24 units in 3 to 6 layers, each using one to three of
// older layers; drops take 1 to 20 ms. The same seed is the same graph.
func randomGraph(seed uint64) *graph {
	r := rand.New(rand.NewPCG(seed, 6))
	n, layers := 12+r.IntN(13), 3+r.IntN(4)
	g := &graph{make([]Unit, n), make([]time.Duration, n), make([]time.Duration, n)}
	for i := range g.units {
		u := &g.units[i]
		u.Name = fmt.Sprintf("unit-%d", i)
		below := i * layers / n * n / layers // units of the layers below this one's
		for range min(below, 1+r.IntN(3)) {
			d := r.IntN(below)
			if !contains(u.Uses, d) {
				u.Uses = append(u.Uses, d)
			}
		}
		g.times[i] = time.Millisecond + time.Duration(r.Int64N(int64(19*time.Millisecond)))
		u.Drop = func(context.Context) error {
			began := time.Now()
			time.Sleep(g.times[i])
			g.took[i] = time.Since(began)
			return nil
		}
	}
	return g
}

func contains(list []int, x int) bool {
	for _, y := range list {
		if x == y {
			return true
		}
	}
	return false
}

// BenchmarkDAG tears down random services with each peer. An operation is one
// service; x-bound is what all took together over the least that its schedule
// can take: the longest path for those that drop what is free at once, the sum
// of the longest of each wave for those that go by waves, the sum of all for
// those that go one by one. x-path is the same over the longest path for all.
// Those that go one by one take every tenth service.
//
// The least is reckoned with the times that the drops have taken in this very
// teardown. A program that idles waits in whole milliseconds, so a sleep takes up to
// one longer than was asked for, under any schedule and library; x-asked is x-bound
// with the times that were asked for, and so has that in it.
func BenchmarkDAG(b *testing.B) {
	graphs := make([]*graph, 200)
	if testing.Short() {
		graphs = graphs[:10]
	}
	for i := range graphs {
		graphs[i] = randomGraph(uint64(i))
	}
	path := func(d Bounds) time.Duration { return d.Path }
	waves := func(d Bounds) time.Duration { return d.Waves }
	sum := func(d Bounds) time.Duration { return d.Sum }
	compare(b,
		services(b, Ebb(scope.Waves), graphs, 1, waves),
		services(b, Ebb(scope.Eager), graphs, 1, path),
		services(b, Errgroup(), graphs, 1, waves),
		services(b, Conc(), graphs, 1, waves),
		services(b, Naive(), graphs, 1, path),
		services(b, Do(), graphs, 1, waves),
		services(b, Ebb(scope.Sequential), graphs, 10, sum),
		services(b, Fx(), graphs, 10, sum),
		services(b, Run(), graphs, 10, sum),
		services(b, Defers(), graphs, 10, sum),
	)
}

// services is a side that tears down every step-th of graphs. Whatever n is, it
// does so once: the time that is measured is the same for any n.
func services(b *testing.B, p Peer, graphs []*graph, step int, bound func(Bounds) time.Duration) side {
	return side{p.Name, func(w *watch, n int) error {
		w.stop()
		var took, least, path, asked time.Duration
		count := 0
		for i := 0; i < len(graphs); i += step {
			g := graphs[i]
			var began time.Time
			err := p.Teardown(b.Context(), g.units, func() { began = time.Now() })
			if err != nil {
				return err
			}
			took += time.Since(began)
			actual := BoundsOf(g.units, g.took)
			least += bound(actual)
			path += actual.Path
			asked += bound(BoundsOf(g.units, g.times))
			count++
		}
		w.elapsed += took * time.Duration(n) / time.Duration(count)
		w.metric(float64(took)/float64(least), "x-bound")
		w.metric(float64(took)/float64(path), "x-path")
		w.metric(float64(took)/float64(asked), "x-asked")
		return nil
	}}
}
