package dag_test

import (
	"fmt"

	"github.com/ebb-go/ebb/internal/dag"
)

func ExampleGraph_Reduce() {
	g := dag.New([]dag.Vertex{{Name: "a", To: []string{"b", "c"}}, {Name: "b", Layer: 1, To: []string{"c"}}, {Name: "c", Layer: 2}}, 16, 24)
	g.Reduce()
	fmt.Println(g.Edges(), "edges, and", g.Implied, "that they imply")
	// Output: 2 edges, and 1 that they imply
}

// Three daemons that use the same three guards do so through one hub.
func ExampleHub() {
	guards := []string{"a", "b", "c"}
	g := dag.New([]dag.Vertex{
		{Name: "d1", To: guards}, {Name: "d2", To: guards}, {Name: "d3", To: guards},
		{Name: "a", Layer: 1}, {Name: "b", Layer: 1}, {Name: "c", Layer: 1},
	}, 16, 24)
	for _, h := range g.Bundle() {
		fmt.Println(h.From, "lead to", h.To)
	}
	fmt.Println(g.Edges(), "edges are left")
	// Output:
	// [0 1 2] lead to [3 4 5]
	// 0 edges are left
}
