package engine

import "slices"

// Depend records that dependent depends on dependency: it is dropped first. An
// edge that is there already is no second one, and no error. A [*CycleError]
// holds the path by which dependency depends on dependent, implied edges (All)
// included. [ErrGone] says that one of the two is claimed or gone, or that the
// drop of the dependency has begun, [ErrClosed] that Teardown has begun, [ErrForeign]
// that one is not of this graph. When Teardown has begun and the dependent depends on
// the dependency already, directly or not, there is no error: what is asked for holds.
// A node whose own early drop runs can still come to depend on another, which is then
// in use until that drop has ended.
//
// An edge from a newer node to an older one takes constant time as long as there
// are only such edges, as does any to a node that has no dependents; otherwise
// Depend looks at everything that dependency depends on.
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
			return nil // what is asked for holds
		}
		return ErrClosed
	}
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
	if dependent.seq < dependency.seq {
		g.late = true
	}
	return nil
}

// pathLocked returns the names on a path of dependencies from one node to
// another, or nil if there is none.
func (g *Graph) pathLocked(from, to *Node) []string {
	switch {
	case from == to:
		return []string{to.name}
	case !g.inUseLocked(to):
		return nil
	case !g.late && from.seq < to.seq: // all edges lead to what is older
		return nil
	}
	via := map[*Node]*Node{from: nil} // from where the search came to a node
	queue := []*Node{from}
	oldest, newest := uint64(0), uint64(0) // what an All has led to lies before newest
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
			// Of several All nodes each looks only at what the ones before
			// did not cover.
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

// between returns the part of the list with oldest <= seq < newest.
func (g *Graph) between(oldest, newest uint64) []*Node {
	at := func(seq uint64) int {
		i, _ := slices.BinarySearchFunc(g.nodes.nodes, seq, bySeq)
		return i
	}
	return g.nodes.nodes[at(oldest):at(newest)]
}

// inUseLocked reports whether anything depends on n.
func (g *Graph) inUseLocked(n *Node) bool {
	if n.dependents > 0 {
		return true
	}
	all := g.alls.newest()
	return all != nil && all.implies(n)
}

// Dependents returns the nodes that depend on n directly, by way of an All too,
// in order of registration.
func (g *Graph) Dependents(n *Node) []*Node {
	g.mu.Lock()
	defer g.mu.Unlock()
	if !n.in(g) {
		return nil
	}
	return g.dependentsLocked(n)
}

// Dependencies returns the nodes on which n depends directly, by way of its All
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
