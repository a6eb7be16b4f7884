package benchmarks

import (
	"context"
	"fmt"

	"github.com/ebb-go/ebb/scope"
)

// A Unit is one thing of a service that has to be given up when it ends.
type Unit struct {
	Name string
	Uses []int // the units that this one uses, by index; all are smaller than its own
	Drop func(ctx context.Context) error
}

// A Request is what one call of a handler does: it opens a value for each of
// Guards, runs a task for each of Tasks, waits for those, and drops the values.
type Request struct {
	Guards, Tasks []string
	Open          func(ctx context.Context) (int, error)
	Drop          func(ctx context.Context, v int) error
	Task          func(ctx context.Context) error
}

// A Peer is one way of doing both. The functions are safe for concurrent use.
type Peer struct {
	Name string

	// Teardown builds a service of units, calls built, and then gives all of
	// them up: each exactly once, also when others fail, and none before all
	// that use it have ended. It returns what the drops returned. What comes
	// before built is not measured.
	Teardown func(ctx context.Context, units []Unit, built func()) error

	// Request does r; nil where nobody would use the library for it.
	Request func(ctx context.Context, r Request) error

	// NoPanics says that a drop that panics ends the program, which no code
	// around the library can change.
	NoPanics bool
}

// Peers returns all of them, ebb's default schedule first.
func Peers() []Peer {
	return []Peer{
		Ebb(scope.Waves), Ebb(scope.Eager), Ebb(scope.Sequential),
		Errgroup(), Conc(), Naive(), Defers(), Run(), Fx(), Do(),
	}
}

// Waves returns the indices of units by wave: wave 0 is what nothing uses, and
// a unit's wave is one more than the largest among those that use it. It is what
// has to be written by hand where the library has no order.
func Waves(units []Unit) [][]int {
	var waves [][]int
	wave := make([]int, len(units))
	for i := len(units) - 1; i >= 0; i-- {
		if wave[i] == len(waves) {
			waves = append(waves, nil)
		}
		waves[wave[i]] = append(waves[wave[i]], i)
		for _, d := range units[i].Uses {
			wave[d] = max(wave[d], wave[i]+1)
		}
	}
	return waves
}

// contain calls drop and turns a panic of it into an error, so that one drop
// does not keep the others from being attempted.
func contain(ctx context.Context, drop func(context.Context) error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	return drop(ctx)
}
