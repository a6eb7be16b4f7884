package scope_test

import (
	"context"
	"fmt"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ebb-go/ebb/internal/cputime"
	"github.com/ebb-go/ebb/scope"
)

// perGuard returns a function that measures what a guard costs in a teardown of n.
func perGuard(t *testing.T, n int, build func(s *scope.Scope, drop func(context.Context) error)) func() time.Duration {
	return func() time.Duration {
		var drops atomic.Int64
		var from time.Duration
		err := scope.Run(t.Context(), func(ctx context.Context, s *scope.Scope) error {
			build(s, func(context.Context) error { drops.Add(1); return nil })
			runtime.GC()
			from = cputime.Now()
			return nil
		})
		took := cputime.Since(from)
		if err != nil || drops.Load() != int64(n) {
			t.Fatalf("%v, %d drops of %d", err, drops.Load(), n)
		}
		return took / time.Duration(n)
	}
}

// TestLargeTeardowns: a chain of 50,000 guards and a wave of 50,000 are torn down
// without deep recursion and in linear time: a guard takes about as long as in a
// tenth of that. The bound is wide, since others use this machine too; a teardown
// that is quadratic exceeds it by far.
func TestLargeTeardowns(t *testing.T) {
	const bound = 6
	for name, build := range map[string]func(n int) func(s *scope.Scope, drop func(context.Context) error){
		"chain": func(n int) func(s *scope.Scope, drop func(context.Context) error) {
			return func(s *scope.Scope, drop func(context.Context) error) { chain(s, n, drop) }
		},
		"wave": func(n int) func(s *scope.Scope, drop func(context.Context) error) {
			return func(s *scope.Scope, drop func(context.Context) error) {
				for i := range n {
					_ = must(scope.Defer(s, fmt.Sprint("g", i), drop))
				}
			}
		},
		"wave of users": func(n int) func(s *scope.Scope, drop func(context.Context) error) {
			return func(s *scope.Scope, drop func(context.Context) error) {
				for range n {
					_ = must(scope.Defer(s, "g", drop))
				}
				for range 100 { // each depends on all: never a product
					_ = must(s.Child("c"))
				}
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			few, many := 5_000/scale, 50_000/scale
			took := cputime.Least(perGuard(t, few, build(few)), perGuard(t, many, build(many)))
			if took[1] > bound*max(took[0], time.Microsecond) {
				t.Errorf("%v a guard in %d, %v in %d: not linear", took[0], few, took[1], many)
			}
		})
	}
}

// TestManyChildren: a scope that opened and closed many children holds nothing for
// them.
func TestManyChildren(t *testing.T) {
	const n = 20_000 / scale
	inScope(t, func(ctx context.Context, s *scope.Scope) {
		heap := func() uint64 {
			var m runtime.MemStats
			runtime.GC()
			runtime.ReadMemStats(&m)
			return m.HeapAlloc
		}
		before := heap()
		for i := range n {
			c := must(s.Child("request"))
			if i%4 == 0 {
				_ = must(scope.Defer(c, "tx", nothing))
			}
			if err := c.Close(ctx); err != nil {
				t.Fatal(err)
			}
		}
		if after := heap(); after > before+n*16+64<<10 {
			t.Errorf("%d bytes for %d children that are closed", after-before, n)
		}
		if len(s.Snapshot().Children) != 0 || len(live(s)) != 0 {
			t.Error("they are still there")
		}
		if c := must(s.Child("request")); c.Name() != "request" {
			t.Errorf("the name is not free: %s", c.Name())
		}
	})
}
