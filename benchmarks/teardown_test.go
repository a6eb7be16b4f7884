package benchmarks

import (
	"context"
	"fmt"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ebb-go/ebb/group"
	"github.com/ebb-go/ebb/scope"
	"golang.org/x/sync/errgroup"
)

// flat is n units without edges that all have the same drop.
func flat(n int, drop func(context.Context) error) []Unit {
	units := make([]Unit, n)
	for i, name := range names(n) {
		units[i] = Unit{Name: name, Drop: drop}
	}
	return units
}

// teardown is a side whose operations are teardowns by p. Building the service
// is not measured.
func teardown(b *testing.B, p Peer, units []Unit) side {
	return side{p.Name, func(w *watch, n int) error {
		for range n {
			w.stop()
			err := p.Teardown(b.Context(), units, w.start)
			if err != nil {
				return err
			}
		}
		return nil
	}}
}

// engine is group alone, without scope: what the engine costs by itself.
func engine() Peer {
	return Peer{Name: "group", Teardown: func(ctx context.Context, units []Unit, built func()) error {
		var g group.Graph
		nodes := make([]*group.Node, len(units))
		for i, u := range units {
			deps := make([]*group.Node, len(u.Uses))
			for j, d := range u.Uses {
				deps[j] = nodes[d]
			}
			var err error
			if nodes[i], err = g.Add(u.Name, u.Drop, deps...); err != nil {
				return err
			}
		}
		built()
		g.Teardown(context.WithoutCancel(ctx))
		return nil
	}}
}

// BenchmarkFlat drops n guards that do nothing and have no edges. The libraries
// that keep the order themselves are beside it as far as they get in reasonable
// time.
func BenchmarkFlat(b *testing.B) {
	sizes := []int{10, 1_000, 100_000, 1_000_000}
	if testing.Short() {
		sizes = sizes[:2]
	}
	for _, n := range sizes {
		b.Run(fmt.Sprintf("guards=%d", n), func(b *testing.B) {
			units := flat(n, func(context.Context) error { return nil })
			peers := []Peer{Errgroup(), Ebb(scope.Waves), engine(), Conc(), Naive()}
			if n <= 1_000 {
				peers = append(peers, Defers(), Run(), Fx(), Do())
			}
			var sides []side
			for _, p := range peers {
				sides = append(sides, perGuard(teardown(b, p, units), n))
			}
			compare(b, sides...)
		})
	}
}

// perGuard adds the time per guard to what s reports.
func perGuard(s side, guards int) side {
	return side{s.name, func(w *watch, n int) error {
		before := w.elapsed
		if err := s.loop(w, n); err != nil {
			return err
		}
		w.stop()
		w.metric(float64(w.elapsed-before)/float64(n*guards), "ns/guard")
		return nil
	}}
}

// BenchmarkBlocking drops n guards without edges that each block for 10 ms.
func BenchmarkBlocking(b *testing.B) {
	for _, n := range blockingSizes() {
		b.Run(fmt.Sprintf("guards=%d", n), func(b *testing.B) {
			units := flat(n, func(context.Context) error {
				time.Sleep(10 * time.Millisecond)
				return nil
			})
			compare(b,
				teardown(b, Errgroup(), units),
				teardown(b, Ebb(scope.Waves), units),
				teardown(b, engine(), units),
				teardown(b, Conc(), units),
			)
		})
	}
}

func blockingSizes() []int {
	if testing.Short() {
		return []int{1_000}
	}
	return []int{10_000, 100_000}
}

// BenchmarkPeak drops n guards that block until all n are in their drop. That is
// when a teardown takes most memory, and it is read there: what the teardown has
// added to the built service, and all that there is, on heap and stacks.
//
// The runtime starts a goroutine with as much stack as goroutines have had in use
// on average when it last collected garbage. In a process with a few deep ones that
// is 4 KB or more, whatever the new ones need, until a collection in their midst,
// which is a matter of chance. So there are goroutines that idle with next to
// nothing on their stacks, as in any service, and all start with 2 KB.
func BenchmarkPeak(b *testing.B) {
	for _, n := range blockingSizes() {
		b.Run(fmt.Sprintf("guards=%d", n), func(b *testing.B) {
			compare(b, peak(b, Errgroup(), n), peak(b, Ebb(scope.Waves), n), peak(b, engine(), n), peak(b, Conc(), n))
		})
	}
}

func peak(b *testing.B, p Peer, n int) side {
	return side{p.Name, func(w *watch, times int) error {
		for range times {
			var in atomic.Int64
			var top uint64
			all := make(chan struct{})
			units := flat(n, func(context.Context) error {
				if in.Add(1) == int64(n) {
					top = memory()
					close(all)
				}
				<-all
				return nil
			})
			w.stop()
			stop := idle(1_000)
			empty, built := memory(), uint64(0)
			err := p.Teardown(b.Context(), units, func() { built = memory(); w.start() })
			w.stop()
			stop()
			if err != nil {
				return err
			}
			w.metric(float64(top-built)/float64(n), "peak-B/guard")
			w.metric(float64(top-empty)/float64(n), "total-B/guard")
		}
		return nil
	}}
}

// idle starts n goroutines that do nothing until stop is called.
func idle(n int) (stop func()) {
	var g errgroup.Group
	end := make(chan struct{})
	for range n {
		g.Go(func() error { <-end; return nil })
	}
	return func() {
		close(end)
		_ = g.Wait()
	}
}

// memory returns what is alive on the heap and what stacks take.
func memory() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc + m.StackInuse
}
