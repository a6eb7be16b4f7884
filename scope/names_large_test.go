package scope_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"runtime"
	"testing"
	"time"

	"github.com/ebb-go/ebb/internal/cputime"
	"github.com/ebb-go/ebb/scope"
)

// churn registers n guards, and returns a function that measures what it costs to
// release two of them at random and to register two. Guards and children take their
// names from one set.
func churn(t *testing.T, n int, name func(k int) string) func() time.Duration {
	const rounds = 1000
	seed := uint64(0)
	return func() (took time.Duration) {
		seed++
		r := rand.New(rand.NewPCG(seed, 1))
		inScope(t, func(_ context.Context, s *scope.Scope) {
			live := make([]*scope.Handle[struct{}], n)
			for i := range live {
				live[i] = must(scope.Defer(s, name(i), nothing))
			}
			from := cputime.Now()
			for range rounds {
				i, j := r.IntN(n/2), n/2+r.IntN(n/2)
				must(live[i].Release())
				must(live[j].Release())
				live[i], live[j] = must(scope.Defer(s, name(i), nothing)), must(scope.Defer(s, name(j), nothing))
			}
			took = cputime.Since(from) / rounds
		})
		return took
	}
}

// TestNamesGivenBack: to give back a name and to take it again among 40,000 of that
// name does not take much longer than among as many different ones. The bound is
// wide, since others use this machine too; a search through the names exceeds it by
// far.
func TestNamesGivenBack(t *testing.T) {
	const n = 40_000 / scale
	took := cputime.Least(
		churn(t, n, func(k int) string { return fmt.Sprint("conn", k) }),
		churn(t, n, func(int) string { return "conn" }))
	if took[1] > 20*took[0] {
		t.Errorf("%v with equal names, %v with different ones", took[1], took[0])
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
			open := make([]*scope.Scope, 50_000/scale)
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
