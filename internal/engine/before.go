package engine

import "slices"

// Holds reports whether the drop of b can begin only after that of a has ended: a
// depends on b, directly or not, or the run that b belongs to has put a before it. The
// order of a teardown counts from when it is planned, see [Graph.BeginTeardown].
func (g *Graph) Holds(a, b *Node) bool {
	g.mu.Lock()
	if a == b || !a.in(g) || !b.in(g) || a.state == gone {
		g.mu.Unlock()
		return false
	}
	depends, teardown, trees := g.pathLocked(a, b) != nil, g.teardown, g.treesLocked()
	wave, other := a.wave, b.wave
	g.mu.Unlock()
	switch {
	case depends:
		return true
	case teardown == nil:
		return before(trees, a, b)
	case teardown.ready.Load() && teardown.Schedule.HasWaves() && teardown.Limit != 1:
		return wave < other && !teardown.leavesTo(b) // the newest run of both
	}
	return teardown.before(a, b)
}

// Places returns the nodes whose drops the run of n is dropping, if they are as many as
// its limit lets it and n is not one of them: until one of them has ended, the drop of
// n cannot begin. Else it returns nil.
func (g *Graph) Places(n *Node) []*Node {
	g.mu.Lock()
	runs := g.treesLocked()
	if g.teardown != nil {
		runs = []*run{g.teardown}
	}
	g.mu.Unlock()
	for _, r := range runs {
		if nodes := r.places(n); nodes != nil {
			return nodes
		}
	}
	return nil
}

// treesLocked returns the early runs of several nodes.
func (g *Graph) treesLocked() (trees []*run) {
	for r := range g.trees {
		trees = append(trees, r)
	}
	return trees
}

// before reports whether an early run lets the drop of b begin only after that of a has
// ended. A run waits for what belongs to another, and that for what is before it there;
// it is an older run, so that this comes to an end.
func before(trees []*run, a, b *Node) bool {
	for _, r := range trees {
		if r.before(a, b) {
			return true
		}
		if r.extra == nil {
			continue
		}
		for pos := range r.extra.others {
			if r.node(pos) != b && r.before(r.node(pos), b) && before(trees, a, r.node(pos)) {
				return true
			}
		}
	}
	return false
}

// find returns the position of n, or -1.
func (r *run) find(n *Node) int32 {
	for pos := range int32(len(r.nodes)) {
		if r.node(pos) == n {
			return pos
		}
	}
	return -1
}

// leavesTo reports whether the run leaves the drop of n, one of its nodes, to another.
func (r *run) leavesTo(n *Node) bool {
	return r.extra != nil && len(r.extra.others) > 0 && r.elsewhere(r.find(n))
}

// before is Holds for the order of one run, and false for nodes that are not both in it.
func (r *run) before(a, b *Node) bool {
	ready := r.ready.Load() // else only the waves may be read
	if ready && !r.Schedule.HasWaves() && !r.Schedule.IsLine() || !ready && !r.early {
		return false // only edges count, or the schedule is not known
	}
	at, bt := int32(-1), int32(-1)
	for k := range int32(len(r.nodes)) {
		pos := k
		if ready {
			pos = r.queued(k)
		}
		switch r.node(pos) {
		case a:
			at = k
		case b:
			bt = k
			if r.elsewhere(pos) {
				return false // nothing of this run holds it up
			}
		}
	}
	switch {
	case at < 0 || bt < 0:
		return false
	case !ready:
		return r.waveAt(at) < r.waveAt(bt)
	case r.Schedule.IsLine() || r.Limit == 1:
		return at < bt
	}
	return r.waveAt(r.queued(at)) < r.waveAt(r.queued(bt))
}

// over forgets an early run that has ended.
func (g *Graph) over(r *run) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if delete(g.trees, r); len(g.trees) == 0 {
		g.trees = nil // a map keeps its buckets
	}
}

// takePlace and givePlace keep what Places asks for, where there is a limit.
func (r *run) takePlace(pos int32) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.extra.places = append(r.extra.places, pos)
}

func (r *run) givePlace(pos int32) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if k := slices.Index(r.extra.places, pos); k >= 0 {
		r.extra.places = slices.Delete(r.extra.places, k, k+1)
	}
}

// places is Places for one run, and nil for a node that is not in it.
func (r *run) places(n *Node) (nodes []*Node) {
	if !r.ready.Load() || r.Limit == 0 {
		return nil
	}
	r.mu.Lock()
	for _, pos := range r.extra.places {
		nodes = append(nodes, r.node(pos))
	}
	r.mu.Unlock()
	if len(nodes) < r.Limit || slices.Contains(nodes, n) {
		return nil
	}
	if at := r.find(n); at < 0 || r.elsewhere(at) {
		return nil
	}
	return nodes
}
