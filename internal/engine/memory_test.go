package engine_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"runtime"
	"slices"
	"testing"
	"unsafe"
	"weak"

	"github.com/ebb-go/ebb/internal/engine"
)

// A graph that lives long holds no memory of what came and went, in whatever
// order it went, beside a node that stays.
func TestMemoryIsFlat(t *testing.T) {
	var g engine.Graph
	db := add(t, &g, "db", nothing)
	spec := engine.Spec{Name: "child", Dropper: dropper(nothing), Deps: []*engine.Node{db}, User: true, All: true}
	var alive []*engine.Node
	turn := func() {
		alive = append(alive, insert(t, &g, spec))
		if len(alive) > 10 {
			if err := g.Remove(alive[0]); err != nil {
				t.Fatal(err)
			}
			alive = slices.Delete(alive, 0, 1)
		}
	}
	for range 1000 {
		turn()
	}
	before := heap()
	for range 1_000_000 {
		turn()
	}
	if grown := int64(heap()) - int64(before); grown > 64<<10 {
		t.Errorf("a million nodes that are gone hold %d bytes", grown)
	}
	runtime.KeepAlive(&g)
}

// A peak is given back too.
func TestMemoryAfterPeak(t *testing.T) {
	var g engine.Graph
	before := heap()
	nodes := make([]*engine.Node, 100_000)
	for i := range nodes {
		nodes[i] = insert(t, &g, engine.Spec{Dropper: dropper(nothing), All: true, User: true})
	}
	for _, n := range nodes {
		if err := g.Remove(n); err != nil {
			t.Fatal(err)
		}
	}
	nodes = nil
	if grown := int64(heap()) - int64(before); grown > 64<<10 {
		t.Errorf("a graph that is empty again holds %d bytes", grown)
	}
	runtime.KeepAlive(&g)
}

// What still holds a removed node does not hold what that depended on.
func TestRemovedNodeHoldsNothing(t *testing.T) {
	var g engine.Graph
	db := add(t, &g, "db", nothing)
	api := add(t, &g, "api", nothing, db)
	if err := errors.Join(g.Remove(api), g.Remove(db)); err != nil {
		t.Fatal(err)
	}
	dead := weak.Make(db)
	db = nil
	runtime.GC()
	if dead.Value() != nil {
		t.Error("a removed dependency is still held")
	}
	runtime.KeepAlive(api)
	runtime.KeepAlive(&g)
}

// At five edges a node, the graph and the plan of its teardown take at most 200
// bytes of each, outcomes not counted.
func TestMemoryOfPlan(t *testing.T) {
	const n = 100_000
	before, during := heap(), uint64(0)
	g := random(t, n)
	add(t, g, "meter", func(context.Context) error {
		during = heap()
		return nil
	})
	out := g.Teardown(t.Context(), engine.Options{})
	outcomes := uint64(len(out)) * uint64(unsafe.Sizeof(out[0]))
	if each := (during - before - outcomes) / n; each > 200 {
		t.Errorf("%d bytes a node", each)
	}
	runtime.KeepAlive(g)
}

// random registers n guards with five edges each, all to older ones.
func random(t testing.TB, n int) *engine.Graph {
	r := rand.New(rand.NewPCG(1, 2))
	g := new(engine.Graph)
	nodes := make([]*engine.Node, n)
	for i := range nodes {
		var deps [5]*engine.Node
		for j := range min(i, len(deps)) {
			deps[j] = nodes[r.IntN(i)]
		}
		nodes[i] = add(t, g, "guard", nothing, deps[:min(i, len(deps))]...)
	}
	return g
}

func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
