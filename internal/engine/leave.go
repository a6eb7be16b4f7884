package engine

// Leave takes a node that has ended by itself, such as a daemon, out of the graph: it no
// longer depends on anything, and is gone as soon as nothing depends on it. With keep
// it stays, without edges, until it is dropped, since it has an error to report. Leave
// reports whether it did anything: a node in a run, and any node once the graph is
// closed, is that run's to end.
func (g *Graph) Leave(n *Node, keep bool) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if !n.in(g) || g.closed || n.state != live {
		return false
	}
	g.unlinkLocked(n)
	// The list of nodes with an All has to know before newest is asked again.
	if n.all {
		n.all = false
		g.alls.bury()
	}
	if keep {
		return true
	}
	n.leaving = true
	g.retireLeavingLocked(n)
	return true
}

// retireLeavingLocked takes n out of the graph if it has left and nothing depends on it
// any longer. It is called whenever an edge to n is removed.
func (g *Graph) retireLeavingLocked(n *Node) {
	if n.leaving && n.state == live && n.dependents == 0 {
		g.retireLocked(n)
	}
}

// unlinkLocked removes the edges from n, and with them the nodes that have left and were
// only waiting for that. These have no edges, so it does not recurse further.
func (g *Graph) unlinkLocked(n *Node) {
	for _, d := range g.unlinkAllLocked(n) {
		g.retireLeavingLocked(d)
	}
}

// Undepend removes an edge. It does nothing if there is no such edge, which one implied
// by an All is not, and once Teardown has begun.
func (g *Graph) Undepend(dependent, dependency *Node) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.closed || !dependent.in(g) || dependent.state == gone {
		return
	}
	if g.cutLocked(dependent, dependency) {
		g.retireLeavingLocked(dependency)
	}
}

// Reaches reports whether from depends on to, directly or not.
func (g *Graph) Reaches(from, to *Node) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return from != to && from.in(g) && to.in(g) && g.pathLocked(from, to) != nil
}
