package engine_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ebb-go/ebb/internal/engine"
	"github.com/ebb-go/ebb/internal/fault"
)

func TestRegistrationIsRefused(t *testing.T) {
	var g, other engine.Graph
	alien := add(t, &other, "alien", nothing)
	db := add(t, &g, "db", nothing)
	removed := add(t, &g, "removed", nothing)
	claimed := add(t, &g, "claimed", nothing)
	if err := errors.Join(g.Remove(removed), g.Claim(claimed)); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		rule string
		dep  *engine.Node
		want error
	}{
		{"a node of another graph", alien, engine.ErrForeign},
		{"no node", nil, engine.ErrForeign},
		{"a node that was never inserted", new(engine.Node), engine.ErrForeign},
		{"a removed node", removed, engine.ErrGone},
		{"a claimed node", claimed, engine.ErrGone},
	} {
		if n, err := g.Add("api", nothing, db, c.dep); err != c.want || n != nil {
			t.Errorf("a dependency is %s: got %v, %v, want %v", c.rule, n, err, c.want)
		}
		if err := g.Depend(db, c.dep); err != c.want {
			t.Errorf("Depend on %s: got %v, want %v", c.rule, err, c.want)
		}
		if err := g.Depend(c.dep, db); err != c.want {
			t.Errorf("Depend of %s: got %v, want %v", c.rule, err, c.want)
		}
		if err := g.Claim(c.dep); err != c.want {
			t.Errorf("Claim of %s: got %v, want %v", c.rule, err, c.want)
		}
		if _, err := g.Drop(t.Context(), c.dep, engine.Options{}); err != c.want {
			t.Errorf("Drop of %s: got %v, want %v", c.rule, err, c.want)
		}
		if _, err := g.DropTree(t.Context(), c.dep, engine.Options{}); err != c.want {
			t.Errorf("DropTree of %s: got %v, want %v", c.rule, err, c.want)
		}
	}
	// Nothing of the refused stayed behind.
	if err := g.Remove(db); err != nil {
		t.Errorf("db is in use: %v", err)
	}
}

func TestClosedGraph(t *testing.T) {
	var g engine.Graph
	db := add(t, &g, "db", nothing)
	api := add(t, &g, "api", nothing, db)
	g.Teardown(t.Context(), engine.Options{})
	if _, err := g.Add("late", nothing); err != engine.ErrClosed {
		t.Errorf("Add: %v", err)
	}
	if err := g.Depend(db, api); err != engine.ErrClosed {
		t.Errorf("Depend: %v", err)
	}
	if err := g.Remove(api); err != engine.ErrGone {
		t.Errorf("Remove: %v", err)
	}
	if out := g.Teardown(t.Context(), engine.Options{}); out != nil {
		t.Errorf("a second Teardown has outcomes %v", words(out))
	}
	if got := fmt.Sprint(names(g.Nodes()), names(g.Dependents(db)), names(g.Dependencies(api)), g.Len()); got != "[db api] [api] [db] 2" {
		t.Errorf("a closed graph answers %s", got)
	}
}

func TestUseOfNothingPanics(t *testing.T) {
	for rule, f := range map[string]func(){
		"a nil drop":    func() { new(engine.Graph).Add("db", nil) },
		"a nil Dropper": func() { new(engine.Graph).Insert(new(engine.Node), engine.Spec{}) },
		"a node inserted twice": func() {
			var g engine.Graph
			n := add(t, &g, "db", nothing)
			g.Insert(n, engine.Spec{Dropper: dropper(nothing)})
		},
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s does not panic", rule)
				}
			}()
			f()
		}()
	}
}

// An edge counts once, however often it is declared.
func TestEdgesAreDistinct(t *testing.T) {
	var g engine.Graph
	db := add(t, &g, "db", nothing)
	api := add(t, &g, "api", nothing, db, db)
	if err := g.Depend(api, db); err != nil {
		t.Fatal(err)
	}
	if got := names(g.Dependencies(api)); !slices.Equal(got, []string{"db"}) {
		t.Errorf("dependencies %v", got)
	}
	if err := errors.Join(g.Remove(api), g.Remove(db)); err != nil {
		t.Errorf("after the dependent is gone: %v", err)
	}
}

// api -> cache -> db
func TestCycle(t *testing.T) {
	var g engine.Graph
	db := add(t, &g, "db", nothing)
	cache := add(t, &g, "cache", nothing, db)
	api := add(t, &g, "api", nothing, cache)
	err := g.Depend(db, api)
	var cycle *engine.CycleError
	if !errors.As(err, &cycle) || !slices.Equal(cycle.Path, []string{"db", "api", "cache", "db"}) {
		t.Fatalf("got %v", err)
	}
	if fault.Type(err) != "cycle" || err.Error() != "dependency cycle: db -> api -> cache -> db" {
		t.Errorf("type %q, text %q", fault.Type(err), err)
	}
	if err := g.Depend(db, db); !errors.As(err, &cycle) || len(cycle.Path) != 2 {
		t.Errorf("on itself: %v", err)
	}
	if err := g.Remove(api); err != nil {
		t.Errorf("the refused edge stayed: %v", err)
	}
}

// What All implies is an edge like any other.
func TestAll(t *testing.T) {
	var g engine.Graph
	db := add(t, &g, "db", nothing)
	daemon := insert(t, &g, engine.Spec{Name: "daemon", Dropper: dropper(nothing), User: true, All: true})
	cache := add(t, &g, "cache", nothing)
	child := insert(t, &g, engine.Spec{Name: "child", Dropper: dropper(nothing), User: true, All: true, Deps: []*engine.Node{db}})
	newer := add(t, &g, "newer", nothing)
	for _, c := range []struct {
		node                     *engine.Node
		dependents, dependencies string
	}{
		{db, "[daemon child]", "[]"},
		{daemon, "[]", "[db]"},
		{cache, "[child]", "[]"},
		{child, "[]", "[db cache]"},
		{newer, "[]", "[]"},
	} {
		if got := fmt.Sprint(names(g.Dependents(c.node))); got != c.dependents {
			t.Errorf("dependents of %s: %s, want %s", c.node.Name(), got, c.dependents)
		}
		if got := fmt.Sprint(names(g.Dependencies(c.node))); got != c.dependencies {
			t.Errorf("dependencies of %s: %s, want %s", c.node.Name(), got, c.dependencies)
		}
	}
	var inUse *engine.InUseError
	if err := g.Remove(cache); !errors.As(err, &inUse) || inUse.Error() != `"cache" is in use by "child"` {
		t.Errorf("Remove: %v", err)
	}
	var cycle *engine.CycleError
	if err := g.Depend(cache, child); !errors.As(err, &cycle) {
		t.Errorf("a guard on the child that implies it: %v", err)
	}
	if err := g.Remove(child); err != nil {
		t.Fatal(err)
	}
	if err := g.Remove(cache); err != nil {
		t.Errorf("cache after the child is gone: %v", err)
	}
	if err := g.Remove(db); !errors.As(err, &inUse) || inUse.Dependents[0] != "daemon" || fault.Type(err) != "in_use" {
		t.Errorf("db with the daemon alive: %v", err)
	}
}

// Waves, Dependents and Dependencies of random graphs are those of the model.
func TestRandomGraphs(t *testing.T) {
	for seed := range uint64(150) {
		m := newModel(t, seed, 50)
		want := m.waves()
		for w, nodes := range m.graph.Waves() {
			for i, n := range nodes {
				if want[m.index[n]] != w {
					t.Fatalf("node %s is in wave %d, its longest path has %d", n.Name(), w, want[m.index[n]])
				}
				if i > 0 && m.index[nodes[i-1]] > m.index[n] {
					t.Fatalf("wave %d is not in order of registration: %v", w, names(nodes))
				}
			}
		}
		for i, n := range m.nodes {
			var dependents, dependencies []string
			for j := range m.nodes {
				if m.deps[j][i] {
					dependents = append(dependents, fmt.Sprint(j))
				}
				if m.deps[i][j] {
					dependencies = append(dependencies, fmt.Sprint(j))
				}
			}
			if got := names(m.graph.Dependents(n)); !slices.Equal(got, dependents) {
				t.Fatalf("dependents of %d: %v, want %v", i, got, dependents)
			}
			if got := names(m.graph.Dependencies(n)); !slices.Equal(got, dependencies) {
				t.Fatalf("dependencies of %d: %v, want %v", i, got, dependencies)
			}
		}
		m.removeAll(t)
	}
}

// removeAll removes nodes at random until there are none; those that are in use
// are refused with the names that the model has.
func (m *model) removeAll(t *testing.T) {
	t.Helper()
	gone := make(map[int]bool)
	for len(gone) < len(m.nodes) {
		i := m.random.IntN(len(m.nodes))
		var want []string
		for j := range m.nodes {
			if m.deps[j][i] && !gone[j] {
				want = append(want, fmt.Sprint(j))
			}
		}
		err := m.graph.Remove(m.nodes[i])
		var inUse *engine.InUseError
		switch {
		case gone[i]:
			if err != engine.ErrGone {
				t.Fatalf("Remove of a removed node: %v", err)
			}
		case len(want) > 0:
			if !errors.As(err, &inUse) || !slices.Equal(inUse.Dependents, want) {
				t.Fatalf("Remove of %d: %v, want users %v", i, err, want)
			}
		default:
			if err != nil {
				t.Fatalf("Remove of %d: %v", i, err)
			}
			gone[i] = true
		}
		if m.graph.Len() != len(m.nodes)-len(gone) || len(m.graph.Nodes()) != m.graph.Len() {
			t.Fatalf("%d nodes of %d are left after %d were removed", m.graph.Len(), len(m.nodes), len(gone))
		}
	}
}

// A claimed node stays in the graph, takes no more dependents, and is its
// claimant's to remove.
func TestClaim(t *testing.T) {
	var g engine.Graph
	db := add(t, &g, "db", nothing)
	api := add(t, &g, "api", nothing, db)
	var inUse *engine.InUseError
	if err := g.Claim(db); !errors.As(err, &inUse) {
		t.Errorf("Claim in use: %v", err)
	}
	if err := g.Claim(api); err != nil {
		t.Fatal(err)
	}
	if err := g.Claim(api); err != engine.ErrGone {
		t.Errorf("a second Claim: %v", err)
	}
	if err := g.Remove(db); !errors.As(err, &inUse) {
		t.Errorf("what a claimed node depends on is removed: %v", err)
	}
	if got := fmt.Sprint(names(g.Nodes()), names(g.Waves()[0])); got != "[db api] [api]" {
		t.Errorf("the graph has %s", got)
	}
	if err := errors.Join(g.Remove(api), g.Remove(db)); err != nil {
		t.Errorf("the claimant's Remove: %v", err)
	}
}

// Chains and waves of 50,000 are planned and dropped without recursion, under
// every schedule.
func TestLargeGraphs(t *testing.T) {
	const n = 50_000
	for _, schedule := range schedules {
		var chain, wave engine.Graph
		var last *engine.Node
		for range n {
			var deps []*engine.Node
			if last != nil {
				deps = []*engine.Node{last}
			}
			last = add(t, &chain, "link", nothing, deps...)
			add(t, &wave, "drop", nothing)
		}
		out := chain.Teardown(t.Context(), with(withOrder(schedule)))
		if len(out) != n || out[n-1].Wave != n-1 {
			t.Errorf("%v: chain of %d nodes ends in wave %d", schedule, len(out), out[n-1].Wave)
		}
		out = wave.Teardown(t.Context(), with(withOrder(schedule)))
		if len(out) != n || out[n-1].Wave != 0 || out[n-1].Outcome.String() != "ok" {
			t.Errorf("%v: %d nodes without edges end in wave %d", schedule, len(out), out[n-1].Wave)
		}
	}
}

func TestEmptyTeardown(t *testing.T) {
	ctx := context.Background()
	allocs := testing.AllocsPerRun(100, func() {
		var g engine.Graph
		if out := g.Teardown(ctx, engine.Options{}); out != nil {
			t.Errorf("outcomes %v", words(out))
		}
	})
	if allocs > 1 { // the graph itself
		t.Errorf("%v allocations", allocs)
	}
}

func TestSchedulesAndEventsHaveNames(t *testing.T) {
	if got := fmt.Sprint(schedules, engine.Schedule(9)); got != "[waves eager sequential] unknown" {
		t.Error(got)
	}
	var kinds []string
	for k := engine.WaveStart; k <= engine.DropLate+1; k++ {
		kinds = append(kinds, k.String())
	}
	if got := strings.Join(kinds, ", "); got != "wave start, wave end, drop start, drop slow, drop end, drop late, unknown" {
		t.Error(got)
	}
}

// Blocking guards of one wave all run at once.
func TestBlockingWave(t *testing.T) {
	for _, schedule := range []engine.Schedule{engine.Waves, engine.Eager} {
		synctest.Test(t, func(t *testing.T) {
			var g engine.Graph
			for range 1000 {
				add(t, &g, "guard", sleeps(time.Second))
			}
			start := time.Now()
			g.Teardown(t.Context(), with(withOrder(schedule)))
			if got := time.Since(start); got != time.Second {
				t.Errorf("%v: took %v", schedule, got)
			}
		})
	}
}

// TestUnclaim: a node whose claim was given back is as it was.
func TestUnclaim(t *testing.T) {
	var g engine.Graph
	drop := func(context.Context) error { return nil }
	a, err := g.Add("a", drop)
	if err != nil {
		t.Fatal(err)
	}
	g.Unclaim(a) // not claimed: nothing
	for range 2 {
		if err := g.Claim(a); err != nil {
			t.Fatal(err)
		}
		g.Unclaim(a)
	}
	if _, err := g.Add("b", drop, a); err != nil {
		t.Errorf("a node that is no longer claimed: %v", err)
	}
	if got := g.Teardown(t.Context(), engine.Options{}); len(got) != 2 {
		t.Errorf("%d outcomes, want 2", len(got))
	}
}
