package dag_test

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"testing"

	"github.com/ebb-go/ebb/internal/dag"
)

// in returns the vertices with each the layer that its edges ask for: one more than
// the latest of those that lead to it.
func in(vertices ...dag.Vertex) []dag.Vertex {
	at := make(map[string]int)
	for i, v := range vertices {
		at[v.Name] = i
	}
	for range vertices { // long enough for the longest path
		for _, v := range vertices {
			for _, to := range v.To {
				w := &vertices[at[to]]
				w.Layer = max(w.Layer, v.Layer+1)
			}
		}
	}
	return vertices
}

// random is a graph in which each vertex leads to some of the later ones.
func random(rng *rand.Rand) []dag.Vertex {
	vertices := make([]dag.Vertex, 2+rng.IntN(30))
	for i := range vertices {
		vertices[i] = dag.Vertex{Name: fmt.Sprint("v", i), Rank: rng.IntN(3), Size: int64(rng.IntN(5))}
		for k := i + 1; k < len(vertices); k++ {
			if rng.IntN(4) == 0 {
				vertices[i].To = append(vertices[i].To, fmt.Sprint("v", k))
			}
		}
	}
	return in(vertices...)
}

// drawn lays g out with nodes of equal size.
func drawn(g *dag.Graph) *dag.Drawing {
	return g.Layout(func(int) (w, h float64) { return 50, 24 }, func(int) float64 { return 40 })
}

// checkLayout checks what holds of every drawing: no two nodes of a column overlap, nothing is
// outside, every edge has room and leads rightward, and every vertex has one node.
func checkLayout(t *testing.T, what string, vertices []dag.Vertex, d *dag.Drawing, columns, rows int) {
	t.Helper()
	if len(d.Columns) > columns {
		t.Errorf("%s: %d columns", what, len(d.Columns))
	}
	seen := make([]int, len(vertices))
	inColumn := make(map[int][]int)
	for i, n := range d.Nodes {
		for _, v := range n.Of {
			seen[v]++
		}
		s := d.Slots[i]
		if top, bottom := s.Y-s.Height/2, s.Y+s.Height/2; top < -1 || bottom > d.Height+1 || d.X[n.Column] < 0 || d.X[n.Column]+d.W[n.Column] > d.Width {
			t.Errorf("%s: node %d is outside", what, i)
		}
		for _, other := range inColumn[n.Column] {
			if o := d.Slots[other]; s.Y-s.Height/2 < o.Y+o.Height/2 && o.Y-o.Height/2 < s.Y+s.Height/2 {
				t.Errorf("%s: nodes %d and %d overlap", what, i, other)
			}
		}
		inColumn[n.Column] = append(inColumn[n.Column], i)
		for _, to := range n.To {
			if c := d.Nodes[to].Column; c <= n.Column || d.X[c] < d.X[n.Column]+d.W[n.Column]+20 {
				t.Errorf("%s: no room for the edge from %d to %d", what, i, to)
			}
		}
	}
	for v, n := range seen {
		if n != 1 {
			t.Errorf("%s: %s has %d nodes", what, vertices[v].Name, n)
		}
	}
	for c, nodes := range inColumn {
		if len(nodes) > rows {
			t.Errorf("%s: %d nodes in column %d", what, len(nodes), c)
		}
	}
}

func TestLayoutOfRandomGraphs(t *testing.T) {
	for seed := range uint64(200) {
		vertices := random(rand.New(rand.NewPCG(seed, 4)))
		what := fmt.Sprint("seed ", seed)
		for _, columns := range []int{3, 8, 40} {
			g := dag.New(vertices, columns, 6)
			g.Reduce()
			d := drawn(g)
			checkLayout(t, what, vertices, d, columns, 6)
			again := dag.New(vertices, columns, 6)
			again.Reduce()
			if !reflect.DeepEqual(d, drawn(again)) {
				t.Errorf("%s: another drawing at the second time", what)
			}
		}
	}
}

// A tree and a ladder can be drawn without a crossing, and are, whatever the
// order of their vertices.
//
//	r ─> a ─> d     a0 ──> b0 ──> c0
//	│    └──> e     a1 ──> b1 ──> c1
//	└──> b ─> f     ...
func TestLayoutUntangles(t *testing.T) {
	tree := in(
		dag.Vertex{Name: "r", To: []string{"b", "a"}},
		dag.Vertex{Name: "a", To: []string{"d", "e"}}, dag.Vertex{Name: "b", To: []string{"f"}},
		dag.Vertex{Name: "d"}, dag.Vertex{Name: "f"}, dag.Vertex{Name: "e"})
	var ladder []dag.Vertex
	const n = 9
	for i := range n {
		ladder = append(ladder, dag.Vertex{Name: fmt.Sprint("a", i), To: []string{fmt.Sprint("b", i)}})
	}
	for i := range n {
		k := i * 4 % n // another order than the a's
		ladder = append(ladder, dag.Vertex{Name: fmt.Sprint("b", k), To: []string{fmt.Sprint("c", k)}})
	}
	for i := range n {
		ladder = append(ladder, dag.Vertex{Name: fmt.Sprint("c", i*2%n)})
	}
	in(ladder...)
	if n := drawn(dag.New(tree, 16, 24)).Crossings(); n != 0 {
		t.Errorf("tree: %d crossings", n)
	}
	d := drawn(dag.New(ladder, 16, 24))
	if n := d.Crossings(); n != 0 {
		t.Errorf("ladder: %d crossings", n)
	}
	for i := range d.Nodes {
		for _, to := range d.Nodes[i].To {
			if d.Slots[i].Y != d.Slots[to].Y {
				t.Errorf("the rung from %d to %d is not straight", i, to)
			}
		}
	}
}

// Two edges that cross are one crossing, and edges that run together are none.
func TestCrossings(t *testing.T) {
	for _, tt := range []struct {
		to   [2][]string
		want int
	}{
		{[2][]string{{"c"}, {"d"}}, 0},
		{[2][]string{{"c", "d"}, {"c", "d"}}, 1}, // whatever the order
		{[2][]string{{"c"}, {"c"}}, 0},
	} {
		vertices := in(dag.Vertex{Name: "a", To: tt.to[0]}, dag.Vertex{Name: "b", To: tt.to[1]}, dag.Vertex{Name: "c", Layer: 1}, dag.Vertex{Name: "d", Layer: 1})
		if got := drawn(dag.New(vertices, 4, 4)).Crossings(); got != tt.want {
			t.Errorf("%v: %d crossings, want %d", tt.to, got, tt.want)
		}
	}
}
