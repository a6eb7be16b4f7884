package benchmarks

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/graph/simple"
	"gonum.org/v1/gonum/graph/topo"

	"github.com/ebb-go/ebb/group"
)

// BenchmarkPlan plans random services of n guards with five edges each, beside
// gonum's topological sort of the same graph. Building is measured for neither.
// B/guard is what graph and plan hold, beyond names and drops.
func BenchmarkPlan(b *testing.B) {
	sizes := []int{10_000, 100_000, 1_000_000}
	if testing.Short() {
		sizes = sizes[:1]
	}
	for _, n := range sizes {
		b.Run(fmt.Sprintf("guards=%d", n), func(b *testing.B) {
			edges := randomEdges(n)
			empty := memory()
			g := buildGroup(b, edges)
			waves := g.Waves()
			held := float64(memory()-empty) / float64(n)
			waves = nil
			other := buildGonum(edges)
			compare(b,
				perGuard(side{"gonum", func(_ *watch, n int) error {
					for range n {
						if _, err := topo.Sort(other); err != nil {
							return err
						}
					}
					return nil
				}}, n),
				perGuard(side{"group", func(w *watch, n int) error {
					for range n {
						waves = g.Waves()
					}
					w.metric(held, "B/guard")
					return nil
				}}, n),
			)
			sink += len(waves)
		})
	}
}

// randomEdges returns for every node up to five older ones that it uses.
func randomEdges(n int) [][]int {
	r := rand.New(rand.NewPCG(5, uint64(n)))
	all := make([][]int, n)
	for i := range all {
		for range min(i, 5) {
			if d := r.IntN(i); !contains(all[i], d) {
				all[i] = append(all[i], d)
			}
		}
	}
	return all
}

func buildGroup(b *testing.B, edges [][]int) *group.Graph {
	g := new(group.Graph)
	drop := func(context.Context) error { return nil }
	nodes := make([]*group.Node, len(edges))
	for i, uses := range edges {
		deps := make([]*group.Node, len(uses))
		for j, d := range uses {
			deps[j] = nodes[d]
		}
		var err error
		if nodes[i], err = g.Add("guard", drop, deps...); err != nil {
			b.Fatal(err)
		}
	}
	return g
}

func buildGonum(edges [][]int) *simple.DirectedGraph {
	g := simple.NewDirectedGraph()
	for i, uses := range edges {
		if len(uses) == 0 {
			g.AddNode(simple.Node(i))
		}
		for _, d := range uses {
			g.SetEdge(simple.Edge{F: simple.Node(i), T: simple.Node(d)})
		}
	}
	return g
}
