package benchmarks_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync/atomic"
	"testing"

	"go.uber.org/multierr"

	"github.com/ebb-go/ebb/benchmarks"
)

// fleet is a random service whose drops note when they began and ended.
type fleet struct {
	units        []benchmarks.Unit
	clock        atomic.Int64
	began, ended []atomic.Int64
	errs         []error
}

// newFleet makes n units from seed. Of six drops two fail; with panics,
// one panics.
func newFleet(seed uint64, n int, panics bool) *fleet {
	r := rand.New(rand.NewPCG(seed, 0))
	f := &fleet{
		units: make([]benchmarks.Unit, n),
		began: make([]atomic.Int64, n), ended: make([]atomic.Int64, n), errs: make([]error, n),
	}
	for i := range f.units {
		u := &f.units[i]
		u.Name = fmt.Sprintf("unit-%d", i)
		for d := range i {
			if r.IntN(4) == 0 {
				u.Uses = append(u.Uses, d)
			}
		}
		if i%3 == 1 {
			f.errs[i] = fmt.Errorf("no %d", i)
		}
		u.Drop = func(ctx context.Context) error {
			if f.began[i].Swap(f.clock.Add(1)) != 0 {
				panic("dropped twice")
			}
			defer func() { f.ended[i].Store(f.clock.Add(1)) }()
			if err := ctx.Err(); err != nil {
				return err
			}
			if panics && i%3 == 2 && i%2 == 0 {
				panic("mad")
			}
			return f.errs[i]
		}
	}
	return f
}

// check reports what is wrong with a teardown that returned err.
func (f *fleet) check(t *testing.T, err error, built int64) {
	t.Helper()
	for i, u := range f.units {
		if f.ended[i].Load() == 0 {
			t.Errorf("%s was not dropped", u.Name)
		}
		if f.began[i].Load() <= built {
			t.Errorf("%s was dropped before built was called", u.Name)
		}
		for _, d := range u.Uses {
			if f.began[d].Load() < f.ended[i].Load() {
				t.Errorf("%s was dropped before %s, which uses it, had ended", f.units[d].Name, u.Name)
			}
		}
		if f.errs[i] != nil && !errors.Is(err, f.errs[i]) {
			t.Errorf("the error of %s is missing", u.Name)
		}
	}
}

// TestTeardownDuties holds all peers to the same duties: order, all of them,
// once, on a context that is alive, and all errors.
func TestTeardownDuties(t *testing.T) {
	for _, p := range benchmarks.Peers() {
		t.Run(p.Name, func(t *testing.T) {
			for seed := range uint64(20) {
				f := newFleet(seed, 20, !p.NoPanics)
				ctx, cancel := context.WithCancel(t.Context())
				var built int64
				err := p.Teardown(ctx, f.units, func() { cancel(); built = f.clock.Add(1) })
				f.check(t, err, built)
				if t.Failed() {
					t.Fatalf("seed %d: %v", seed, err)
				}
			}
		})
	}
}

// TestRequestDuties: tasks before drops, a failed task cancels its siblings, all
// drops are attempted on a live context, and no error is lost.
func TestRequestDuties(t *testing.T) {
	for _, p := range benchmarks.Peers() {
		if p.Request == nil {
			continue
		}
		t.Run(p.Name, func(t *testing.T) {
			boom, stuck := errors.New("boom"), errors.New("stuck")
			var opened, started, running, drops, canceled atomic.Int32
			err := p.Request(t.Context(), benchmarks.Request{
				Guards: []string{"a", "b", "c"}, Tasks: []string{"x", "y"},
				Open: func(context.Context) (int, error) { return int(opened.Add(1)), nil },
				Task: func(ctx context.Context) error {
					running.Add(1)
					defer running.Add(-1)
					if started.Add(1) == 1 {
						return boom
					}
					<-ctx.Done()
					canceled.Add(1)
					return nil
				},
				Drop: func(ctx context.Context, v int) error {
					drops.Add(1)
					if ctx.Err() != nil || running.Load() != 0 {
						t.Errorf("drop with %v while %d tasks run", ctx.Err(), running.Load())
					}
					if v == 2 {
						panic("mad")
					}
					return fmt.Errorf("value %d: %w", v, stuck)
				},
			})
			if !errors.Is(err, boom) || !errors.Is(err, stuck) || len(multierr.Errors(err)) != 4 {
				t.Errorf("error: %v", err)
			}
			if drops.Load() != 3 || canceled.Load() > 1 {
				t.Errorf("%d drops, %d tasks found themselves canceled", drops.Load(), canceled.Load())
			}
		})
	}
}

func TestWaves(t *testing.T) {
	//  3 -> 1 -> 0
	//  3 -> 2 -> 0
	//  4
	units := make([]benchmarks.Unit, 5)
	units[1].Uses, units[2].Uses, units[3].Uses = []int{0}, []int{0}, []int{1, 2}
	if got := fmt.Sprint(benchmarks.Waves(units)); got != "[[4 3] [2 1] [0]]" {
		t.Error(got)
	}
}
