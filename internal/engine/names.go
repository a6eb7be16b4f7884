package engine

import (
	"slices"
	"sync/atomic"
)

// mostCopied bounds the names that are copied for nodes that have edges of their own
// beside an All; see [Graph.DependencyNames].
const mostCopied = 100_000

// DependencyNames returns a function that returns the names of the
// [Graph.Dependencies] of a node. An All includes the nodes before its own, so for
// nodes with an All the results are beginnings of one list, which the caller must not
// change: n such nodes on m others take memory of n plus m and not of n times m. Only a
// node that has edges of its own beside its All needs a copy; once very many names have
// been copied, such a node gets the names of its own edges alone. The function knows
// the nodes that are in the graph now, and may be called from any goroutine.
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
		// The copies are counted over all nodes, since it is their sum that can be the
		// square of the graph.
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

// namesOf returns the names of nodes, nil for none.
func namesOf(nodes []*Node) (names []string) {
	for _, n := range nodes {
		names = append(names, n.name)
	}
	return names
}
