package benchmarks_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ebb-go/ebb/benchmarks"
)

func TestBoundsOf(t *testing.T) {
	//  3: 40 -> 1: 10 -> 0: 5
	//  4: 1  -> 2: 30
	units := make([]benchmarks.Unit, 5)
	units[1].Uses, units[3].Uses, units[4].Uses = []int{0}, []int{1}, []int{2}
	got := benchmarks.BoundsOf(units, []time.Duration{5, 10, 30, 40, 1})
	if want := (benchmarks.Bounds{Path: 55, Waves: 75, Sum: 86}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if got := benchmarks.BoundsOf(nil, nil); got != (benchmarks.Bounds{}) {
		t.Errorf("of nothing: %+v", got)
	}
}

// TestTimes: in virtual time, where only drops take any, each peer takes exactly
// the least that its way can take; so x-bound of BenchmarkDAG compares with what
// it says it does.
func TestTimes(t *testing.T) {
	for _, p := range benchmarks.Peers() {
		t.Run(p.Name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				for seed := range uint64(10) {
					units, times := sleepers(seed)
					var began time.Time
					if err := p.Teardown(t.Context(), units, func() { began = time.Now() }); err != nil {
						t.Fatal(err)
					}
					took, b := time.Since(began), benchmarks.BoundsOf(units, times)
					want := b.Waves
					switch p.Name {
					case "ebb-eager", "naive":
						want = b.Path
					case "ebb-sequential", "defers", "run", "fx":
						want = b.Sum
					}
					if took != want {
						t.Errorf("seed %d: took %v, want %v of %+v", seed, took, want, b)
					}
				}
			})
		})
	}
}

func sleepers(seed uint64) ([]benchmarks.Unit, []time.Duration) {
	r := rand.New(rand.NewPCG(seed, 1))
	f := newFleet(seed, 15, false)
	times := make([]time.Duration, len(f.units))
	for i := range f.units {
		times[i] = time.Duration(r.IntN(1000)) * time.Millisecond
		f.units[i] = benchmarks.Unit{Name: fmt.Sprint(i), Uses: f.units[i].Uses, Drop: sleep(times[i])}
	}
	return f.units, times
}

func sleep(d time.Duration) func(context.Context) error {
	return func(context.Context) error { time.Sleep(d); return nil }
}
