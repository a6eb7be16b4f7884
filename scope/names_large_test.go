package scope_test

import (
	"context"
	"math/rand/v2"
	"runtime"
	"testing"
	"time"

	"github.com/ebb-go/ebb/scope"
)

// churn opens n children of one name, and returns how long it then takes to close
// two of them at random and to open two, in the best of three tries.
func churn(t *testing.T, n int) time.Duration {
	t.Helper()
	const rounds = 1000
	best := time.Hour
	for seed := range uint64(3) {
		r := rand.New(rand.NewPCG(seed, 1))
		inScope(t, func(ctx context.Context, s *scope.Scope) {
			live := make([]*scope.Scope, n)
			for i := range live {
				live[i] = must(s.Child("conn"))
			}
			from := time.Now()
			for range rounds {
				i, j := r.IntN(n/2), n/2+r.IntN(n/2)
				_ = live[i].Close(ctx)
				_ = live[j].Close(ctx)
				live[i], live[j] = must(s.Child("conn")), must(s.Child("conn"))
			}
			best = min(best, time.Since(from)/rounds)
		})
	}
	return best
}

// TestNamesGivenBack: to give back a name and to take it again does not take
// longer among forty times as many of that name. The bound is wide, since others
// use this machine too; a search through the names exceeds it by far.
func TestNamesGivenBack(t *testing.T) {
	few, many := churn(t, 1000), churn(t, 40_000)
	if many > 10*few {
		t.Errorf("%v with 1,000 names, %v with 40,000", few, many)
	}
}

// TestNamesHoldNothing: names that were given back hold no memory: not after a
// peak, neither if none is left nor if a few are.
func TestNamesHoldNothing(t *testing.T) {
	inScope(t, func(ctx context.Context, s *scope.Scope) {
		held := func() uint64 {
			runtime.GC()
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			return m.HeapAlloc
		}
		before := held()
		for _, left := range []int{10, 0} {
			open := make([]*scope.Scope, 50_000)
			for i := range open {
				open[i] = must(s.Child("conn"))
			}
			for i := len(open) - 1; i >= left; i-- {
				_ = open[i].Close(ctx)
			}
			open = append([]*scope.Scope(nil), open[:left]...)
			if after := held(); after > before+200_000 {
				t.Errorf("with %d of 50,000 names left, %d bytes are held", left, after-before)
			}
			for _, c := range open {
				_ = c.Close(ctx)
			}
		}
	})
}
