package engine_test

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ebb-go/ebb/internal/cputime"
	"github.com/ebb-go/ebb/internal/engine"
)

// TestGrowth: ten times as much of anything takes about ten times as long, and never
// a hundred times. Each row is one thing that there can be many of.
func TestGrowth(t *testing.T) {
	for rule, f := range map[string]func(t *testing.T, n int){
		"edges of one node, oldest first":     func(t *testing.T, n int) { manyEdges(t, n, false) },
		"edges of one node, newest first":     func(t *testing.T, n int) { manyEdges(t, n, true) },
		"edges taken back":                    edgesTakenBack,
		"drops refused, of one with one user": dropsRefused,
		"trees of two in one graph":           func(t *testing.T, n int) { trees(t, n, 0) },
		"trees with an All":                   func(t *testing.T, n int) { trees(t, n, 1) },
		"a chain":                             chainOf,
		"users of all guards":                 usersOfAll,
		"nodes that hold all guards":          holdersOfAll,
		"slow drops in a row":                 slowInARow,
		"drops abandoned in a wave*":          abandonedInAWave,
	} {
		t.Run(rule, func(t *testing.T) {
			n := 1000 / scale
			if strings.HasSuffix(rule, "*") {
				n = 100 // it stops the world, which takes time for each goroutine
			}
			// What takes less than half a millisecond is noise; a hundred million steps
			// take longer than thirty times that.
			best := math.Inf(1)
			for range 5 {
				small, large := took(t, n, f), took(t, 10*n, f)
				if best = min(best, float64(large)/float64(max(small, 500*time.Microsecond))); best < 30 {
					return
				}
			}
			t.Errorf("ten times as much takes %.0f times as long", best)
		})
	}
}

// took returns the least processor time that f took in a few tries.
func took(t *testing.T, n int, f func(t *testing.T, n int)) time.Duration {
	least := time.Duration(math.MaxInt64)
	for range 3 {
		start := cputime.Now()
		f(t, n)
		least = min(least, cputime.Since(start))
	}
	return least
}

func guards(t *testing.T, g *engine.Graph, n int) (nodes []*engine.Node) {
	for k := range n {
		nodes = append(nodes, add(t, g, fmt.Sprint(k), nothing))
	}
	return nodes
}

func manyEdges(t *testing.T, n int, reverse bool) {
	var g engine.Graph
	nodes := guards(t, &g, n)
	user := insert(t, &g, engine.Spec{Name: "user", Dropper: dropper(nothing), User: true})
	if reverse {
		slices.Reverse(nodes)
	}
	for _, d := range nodes {
		if err := g.Depend(user, d); err != nil {
			t.Fatal(err)
		}
	}
}

func edgesTakenBack(t *testing.T, n int) {
	var g engine.Graph
	nodes := guards(t, &g, n)
	user := add(t, &g, "user", nothing, nodes...)
	for _, d := range nodes {
		g.Undepend(user, d)
	}
	if left := g.Dependencies(user); len(left) > 0 {
		t.Fatalf("%d edges left", len(left))
	}
}

func dropsRefused(t *testing.T, n int) {
	var g engine.Graph
	nodes := guards(t, &g, n)
	_ = add(t, &g, "user", nothing, nodes[0])
	for range n {
		if _, err := g.Drop(t.Context(), nodes[0], engine.Options{}); err == nil {
			t.Fatal("not refused")
		}
	}
}

func trees(t *testing.T, n, alls int) {
	var g engine.Graph
	var roots []*engine.Node
	for k := range n {
		root := add(t, &g, fmt.Sprint(k), nothing)
		_ = add(t, &g, "leaf", nothing, root)
		roots = append(roots, root)
	}
	for range alls {
		_ = insert(t, &g, engine.Spec{Name: "all", Dropper: dropper(nothing), User: true, All: true})
	}
	for _, root := range roots {
		if _, err := g.DropTree(t.Context(), root, engine.Options{}); err != nil {
			t.Fatal(err)
		}
	}
	if left := g.Len(); left != 0 {
		t.Fatalf("%d nodes left", left)
	}
}

func chainOf(t *testing.T, n int) {
	var g engine.Graph
	last := add(t, &g, "", nothing)
	for range n {
		node := add(t, &g, "", nothing)
		if err := g.Depend(node, last); err != nil {
			t.Fatal(err)
		}
		last = node
	}
	g.Teardown(t.Context(), engine.Options{})
}

func usersOfAll(t *testing.T, n int) {
	var g engine.Graph
	_ = guards(t, &g, n)
	for range n {
		_ = insert(t, &g, engine.Spec{Name: "user", Dropper: dropper(nothing), User: true, All: true})
	}
	g.Teardown(t.Context(), with(withOrder(engine.Eager)))
}

func holdersOfAll(t *testing.T, n int) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		defer close(release)
		var g engine.Graph
		_ = guards(t, &g, n)
		for range n / 100 {
			_ = insert(t, &g, engine.Spec{Name: "user", Dropper: dropper(hangs(release)), User: true, All: true, Hold: true})
		}
		g.Teardown(t.Context(), with(withTimeout(time.Second)))
	})
}

func slowInARow(t *testing.T, n int) {
	synctest.Test(t, func(t *testing.T) {
		var g engine.Graph
		for range n {
			_ = add(t, &g, "", sleeps(2*time.Second))
		}
		told := 0
		g.Teardown(t.Context(), engine.Options{Schedule: engine.Sequential, Slow: time.Second,
			Notice: engine.NoticeFunc(func(engine.Event) { told++ })})
		if told != n {
			t.Errorf("told of %d", told)
		}
	})
}

func abandonedInAWave(t *testing.T, n int) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		defer close(release)
		var g engine.Graph
		for range n {
			_ = add(t, &g, "", func(context.Context) error { <-release; return nil })
		}
		g.Teardown(t.Context(), with(withTimeout(time.Second)))
	})
}
