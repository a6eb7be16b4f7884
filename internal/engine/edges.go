package engine

import "slices"

// Depend records that dependent depends on dependency, so that dependent is dropped
// first. Recording an edge twice is no error. It returns
//
//   - a [*CycleError] if dependency depends on dependent, by edges or by an All; the
//     error holds the path;
//   - [ErrGone] if one of the two is claimed or gone, or if the drop of dependency
//     has begun. A dependent whose own early drop runs is accepted: the dependency is
//     then in use until that drop has ended;
//   - [ErrClosed] once Teardown has begun, unless dependent already depends on
//     dependency, directly or not: then what the caller asks for holds;
//   - [ErrForeign] if one of the two is not of this graph.
//
// Constant time suffices for an edge from a newer node to an older one as long as
// there are only such edges, and for any edge to a node without dependents.
// Otherwise Depend looks at everything that dependency depends on.
func (g *Graph) Depend(dependent, dependency *Node) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, n := range [...]*Node{dependent, dependency} {
		if !n.in(g) {
			return ErrForeign
		}
	}
	if g.closed {
		if dependent != dependency && g.pathLocked(dependent, dependency) != nil {
			return nil
		}
		return ErrClosed
	}
	// The dependent may be in an early run: its drop may use the dependency, which then
	// stays in use until that drop has ended. The run itself keeps the order that it has.
	if dependent.state != live && !dependent.inRun() || dependency.state != live {
		return ErrGone
	}
	if g.placeLocked(dependent, dependency) >= 0 {
		return nil
	}
	if path := g.pathLocked(dependency, dependent); path != nil {
		return &CycleError{Path: append([]string{dependent.name}, path...)}
	}
	g.linkLocked(dependent, dependency)
	// From now on a path can lead from an older node to a newer one, and the search of
	// pathLocked cannot be skipped any longer.
	if dependent.seq < dependency.seq {
		g.late = true
	}
	return nil
}

// pathLocked returns the names on a shortest path of dependencies from one node to
// another, or nil if there is none. Two cases need no search: a node without
// dependents is not reached, and as long as every edge leads to an older node, no
// path leads to a newer one.
func (g *Graph) pathLocked(from, to *Node) []string {
	switch {
	case from == to:
		return []string{to.name}
	case !g.inUseLocked(to):
		return nil
	case !g.late && from.seq < to.seq:
		return nil
	}
	via := map[*Node]*Node{from: nil} // the node from which the search came to a node
	queue := []*Node{from}
	oldest, newest := uint64(0), uint64(0) // every All so far has been followed up to newest
	for len(queue) > 0 && via[to] == nil {
		n := queue[0]
		queue = queue[1:]
		visit := func(d *Node) {
			if _, seen := via[d]; !seen {
				via[d] = n
				queue = append(queue, d)
			}
		}
		for _, d := range n.deps {
			visit(d)
		}
		if n.all && n.seq > newest {
			// Each All covers what is older than its node, so of several only
			// what the earlier ones left is looked at: each node once in all.
			oldest, newest = newest, n.seq
			for _, d := range g.between(oldest, newest) {
				if d.state != gone && n.implies(d) {
					visit(d)
				}
			}
		}
	}
	if via[to] == nil {
		return nil
	}
	var path []string
	for n := to; n != nil; n = via[n] {
		path = append(path, n.name)
	}
	slices.Reverse(path)
	return path
}

// between returns the part of the list with oldest <= seq < newest, tombstones
// included. The list is in order of seq, so it is found by binary search.
func (g *Graph) between(oldest, newest uint64) []*Node {
	at := func(seq uint64) int {
		i, _ := slices.BinarySearchFunc(g.nodes.nodes, seq, bySeq)
		return i
	}
	return g.nodes.nodes[at(oldest):at(newest)]
}

// inUseLocked reports in constant time whether any node depends on n. Of the nodes
// with an All it is enough to look at the newest: if that does not include n, no
// older one does.
func (g *Graph) inUseLocked(n *Node) bool {
	if n.dependents > 0 {
		return true
	}
	all := g.alls.newest()
	return all != nil && all.implies(n)
}

// Dependents returns the nodes that depend on n directly, because of an All too, in
// order of registration.
func (g *Graph) Dependents(n *Node) []*Node {
	g.mu.Lock()
	defer g.mu.Unlock()
	if !n.in(g) {
		return nil
	}
	return g.dependentsLocked(n)
}

// Dependencies returns the nodes on which n depends directly, because of its All
// too, in order of registration.
func (g *Graph) Dependencies(n *Node) []*Node {
	g.mu.Lock()
	defer g.mu.Unlock()
	if !n.in(g) || n.state == gone || len(n.deps) == 0 && !n.all {
		return nil
	}
	deps := slices.Clone(n.deps)
	if n.all {
		for _, d := range g.between(0, n.seq) {
			if d.state != gone && n.implies(d) {
				deps = append(deps, d)
			}
		}
	}
	sortNodes(deps)
	return slices.Compact(deps)
}
