package engine_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"unsafe"

	"github.com/ebb-go/ebb/internal/engine"
)

// The names are those of Dependencies, whatever a node depends on, and after the
// teardown too.
func TestDependencyNames(t *testing.T) {
	for seed := range uint64(50) {
		rng := rand.New(rand.NewPCG(seed, 9))
		var g engine.Graph
		var nodes []*engine.Node
		for i := range 60 {
			n := new(engine.Node)
			s := engine.Spec{Name: fmt.Sprint("n", i), Dropper: inert{}, User: rng.IntN(3) == 0}
			s.All = s.User && rng.IntN(4) > 0
			for range rng.IntN(3) {
				if i > 0 && (!s.All || rng.IntN(2) == 0) {
					s.Deps = append(s.Deps, nodes[rng.IntN(i)])
				}
			}
			if err := g.Insert(n, s); err != nil {
				t.Fatal(err)
			}
			nodes = append(nodes, n)
		}
		check := func(when string) {
			names := g.DependencyNames()
			for _, n := range nodes {
				var want []string
				for _, d := range g.Dependencies(n) {
					want = append(want, d.Name())
				}
				if got := names(n); !slices.Equal(got, want) {
					t.Fatalf("seed %d, %s: %s depends on %v, want %v", seed, when, n.Name(), got, want)
				}
			}
		}
		check("alive")
		g.Teardown(context.Background(), engine.Options{})
		check("torn down")
	}
}

type inert struct{}

func (inert) Drop(context.Context) error { return nil }

// The nodes with an All share one list.
func TestDependencyNamesAreShared(t *testing.T) {
	var g engine.Graph
	var users []*engine.Node
	for i := range 200 {
		n := new(engine.Node)
		if err := g.Insert(n, engine.Spec{Name: fmt.Sprint(i), Dropper: inert{}, User: i%2 == 1, All: i%2 == 1}); err != nil {
			t.Fatal(err)
		}
		if i%2 == 1 {
			users = append(users, n)
		}
	}
	names := g.DependencyNames()
	first := unsafe.SliceData(names(users[0]))
	for i, n := range users {
		if got := names(n); len(got) != i+1 || cap(got) != len(got) || unsafe.SliceData(got) != first {
			t.Errorf("%s has %d names, and a list of its own: %t", n.Name(), len(got), unsafe.SliceData(got) != first)
		}
	}
}
