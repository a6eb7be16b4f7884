package dag_test

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"

	"github.com/ebb-go/ebb/internal/dag"
)

// chain is a path of n vertices.
func chain(n int) []dag.Vertex {
	vertices := make([]dag.Vertex, n)
	for i := range vertices {
		vertices[i] = dag.Vertex{Name: fmt.Sprint("v", i), Layer: i, To: []string{fmt.Sprint("v", i+1)}}
	}
	return vertices
}

// In the fold of many layers only what is to stay has a node of its own.
func TestManyLayersFold(t *testing.T) {
	vertices := chain(1000)
	vertices[500].Rank = dag.Stay
	vertices[501].Rank = dag.Stay - 1
	g := dag.New(vertices, 16, 24)
	if len(g.Nodes) != 17 || len(g.Columns) != 16 {
		t.Fatalf("%d nodes in %d columns, want 15 of their own layers, the one that stays and the fold", len(g.Nodes), len(g.Columns))
	}
	if n := g.Nodes[7]; n.Fold || !slices.Equal(n.Of, []int{500}) {
		t.Errorf("node 7 is %+v", n)
	}
	if n := g.Nodes[8]; !n.Fold || len(n.Of) != 984 || n.Of[0] != 7 {
		t.Errorf("node 8 stands for %d", len(n.Of))
	}
	if c := g.Columns[7]; c != (dag.Column{First: 7, Last: 991}) {
		t.Errorf("column 7 is %v", c)
	}
}

// In a big layer the highest rank stays, then what has the most edges, then the
// biggest, in the order in which they were given.
func TestBigLayerFolds(t *testing.T) {
	vertices := []dag.Vertex{
		{Name: "plain"}, {Name: "linked", To: []string{"below"}}, {Name: "big", Size: 9}, {Name: "ranked", Rank: 1},
		{Name: "other"}, {Name: "below", Layer: 1},
	}
	var got [][]int
	for _, n := range dag.New(vertices, 4, 4).Nodes {
		got = append(got, n.Of)
	}
	if want := [][]int{{1}, {2}, {3}, {0, 4}, {5}}; !reflect.DeepEqual(got, want) {
		t.Errorf("nodes %v, want %v", got, want)
	}
}

// http leads to all three, as a daemon does; the edge to cache says the rest.
//
//	http ─> cache ─> postgres ─> dns
func TestReduceLeavesOutImpliedEdges(t *testing.T) {
	g := dag.New(in(
		dag.Vertex{Name: "http", To: []string{"dns", "postgres", "cache"}},
		dag.Vertex{Name: "cache", To: []string{"postgres", "dns"}},
		dag.Vertex{Name: "postgres", To: []string{"dns"}},
		dag.Vertex{Name: "dns"}), 16, 24)
	g.Reduce()
	for i, n := range g.Nodes[:3] {
		if !slices.Equal(n.To, []int{i + 1}) {
			t.Errorf("node %d leads to %v, want the next", i, n.To)
		}
	}
	if g.Implied != 3 || g.Edges() != 3 {
		t.Errorf("%d edges left out and %d left, want 3 and 3", g.Implied, g.Edges())
	}
}

// What can be reached is the same without the edges that others imply, and without
// any of the others it is not.
func TestReduceOfRandomGraphs(t *testing.T) {
	for seed := range uint64(50) {
		vertices := random(rand.New(rand.NewPCG(seed, 5)))
		whole, g := dag.New(vertices, 99, 99), dag.New(vertices, 99, 99)
		g.Reduce()
		if !reflect.DeepEqual(reachable(whole), reachable(g)) {
			t.Fatalf("seed %d: not the same can be reached", seed)
		}
		for i := range g.Nodes {
			for k := range g.Nodes[i].To {
				all := g.Nodes[i].To
				g.Nodes[i].To = slices.Delete(slices.Clone(all), k, k+1)
				if reachable(g)[i][all[k]] {
					t.Errorf("seed %d: the edge from %d to %d is implied", seed, i, all[k])
				}
				g.Nodes[i].To = all
			}
		}
	}
}

func reachable(g *dag.Graph) []map[int]bool {
	reach := make([]map[int]bool, len(g.Nodes))
	for i := len(g.Nodes) - 1; i >= 0; i-- {
		reach[i] = make(map[int]bool)
		for _, to := range g.Nodes[i].To {
			reach[i][to] = true
			for n := range reach[to] {
				reach[i][n] = true
			}
		}
	}
	return reach
}

// Nodes that lead to the same ones do so through a hub, if there are enough of both.
func TestBundle(t *testing.T) {
	var vertices []dag.Vertex
	for i := range 4 {
		vertices = append(vertices, dag.Vertex{Name: fmt.Sprint("user", i), To: []string{"a", "b", "c"}})
	}
	vertices = append(vertices, dag.Vertex{Name: "two", To: []string{"a", "b"}}, dag.Vertex{Name: "a"}, dag.Vertex{Name: "b"}, dag.Vertex{Name: "c"})
	g := dag.New(in(vertices...), 4, 99)
	hubs := g.Bundle()
	if want := []dag.Hub{{From: []int{0, 1, 2, 3}, To: []int{5, 6, 7}}}; !reflect.DeepEqual(hubs, want) {
		t.Errorf("hubs %v, want %v", hubs, want)
	}
	if g.Edges() != 2 {
		t.Errorf("%d edges are left, want the two of a node of its own", g.Edges())
	}
}

// Edges to names that are not there, and against the layers, are left out.
func TestOddEdgesAreLeftOut(t *testing.T) {
	g := dag.New([]dag.Vertex{
		{Name: "a", To: []string{"nowhere", "a", "b", "b"}}, {Name: "b", Layer: 1, To: []string{"a", "c"}}, {Name: "c", Layer: 1},
	}, 4, 4)
	if g.Edges() != 1 || !slices.Equal(g.Nodes[0].To, []int{1}) {
		t.Errorf("%+v, want one edge from a to b", g.Nodes)
	}
	if g := dag.New(nil, 4, 4); len(g.Nodes) != 0 || drawn(g).Height != 0 {
		t.Errorf("a graph of nothing is %+v", g)
	}
}

func ExampleNew() {
	g := dag.New([]dag.Vertex{
		{Name: "api", To: []string{"cache", "db"}},
		{Name: "cache", Layer: 1, To: []string{"db"}},
		{Name: "db", Layer: 2},
	}, 16, 24)
	g.Reduce()
	for i, n := range g.Nodes {
		fmt.Println(i, "leads to", n.To)
	}
	fmt.Println("implied:", g.Implied)
	// Output:
	// 0 leads to [1]
	// 1 leads to [2]
	// 2 leads to []
	// implied: 1
}

func ExampleGraph_Layout() {
	g := dag.New([]dag.Vertex{{Name: "api", To: []string{"db"}}, {Name: "db", Layer: 1}}, 16, 24)
	d := g.Layout(
		func(int) (width, height float64) { return 50, 20 },
		func(int) float64 { return 60 }, // of the heads of columns
	)
	for i, n := range d.Nodes {
		fmt.Println("x", d.X[n.Column], "y", d.Slots[i].Y)
	}
	fmt.Println("size", d.Width, d.Height)
	// Output:
	// x 0 y 10
	// x 91.5 y 10
	// size 151.5 20
}
