package engine

import (
	"slices"
	"sync/atomic"
)

// mostCopied names are copied for nodes that have edges of their own beside an
// All; see [Graph.DependencyNames].
const mostCopied = 100_000

// DependencyNames returns a function that returns the names of a node's
// [Graph.Dependencies]. For nodes with an All these are beginnings of one list,
// which the caller must not change: so those of n such nodes on m others take n
// plus m, and not n times m. Only a node that has edges of its own beside its All
// needs a copy; when there are very many of those, they get the names of their own
// edges alone. The function knows the nodes that are in the graph now,
// and may be called from any goroutine.
func (g *Graph) DependencyNames() func(n *Node) []string {
	g.mu.Lock()
	defer g.mu.Unlock()
	var guards []*Node // what an All means, in order
	var names []string
	for _, n := range g.nodes.nodes {
		if !n.user && n.state != gone {
			guards, names = append(guards, n), append(names, n.name)
		}
	}
	var copied atomic.Int64
	return func(n *Node) []string {
		deps, all := g.edgesOf(n)
		if !all {
			return namesOf(deps)
		}
		first, _ := slices.BinarySearchFunc(guards, n.seq, bySeq)
		own := deps[:0]
		for _, d := range deps {
			if d.user || d.seq >= n.seq {
				own = append(own, d)
			}
		}
		if len(own) == 0 {
			return names[:first:first]
		}
		if copied.Add(int64(first)) > mostCopied {
			return namesOf(own)
		}
		merged := append(slices.Clone(guards[:first]), own...)
		sortNodes(merged)
		return namesOf(merged)
	}
}

// edgesOf returns a copy of n's own edges, in order, and whether it has an All.
func (g *Graph) edgesOf(n *Node) (deps []*Node, all bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if !n.in(g) || n.state == gone {
		return nil, false
	}
	deps = slices.Clone(n.deps)
	sortNodes(deps)
	return deps, n.all
}

func namesOf(nodes []*Node) (names []string) {
	for _, n := range nodes {
		names = append(names, n.name)
	}
	return names
}
