package engine

// Leave takes a node that has ended by itself out of the graph: what it depended
// on it depends on no longer, and it is gone as soon as nothing depends on it. With
// keep it stays until it is dropped, without edges. Leave reports whether it did:
// a node in a run, and one whose graph is being torn down, is that run's to end.
func (g *Graph) Leave(n *Node, keep bool) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if !n.in(g) || g.closed || n.state != live {
		return false
	}
	g.unlinkLocked(n)
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

// retireLeavingLocked ends n if it has left and nothing depends on it.
func (g *Graph) retireLeavingLocked(n *Node) {
	if n.leaving && n.state == live && n.dependents == 0 {
		g.retireLocked(n)
	}
}

// unlinkLocked takes away the edges from n.
func (g *Graph) unlinkLocked(n *Node) {
	for _, d := range g.unlinkAllLocked(n) {
		g.retireLeavingLocked(d)
	}
}

// Undepend takes back an edge. It does nothing if there is none of that kind, and
// once Teardown has begun.
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
