package engine

import "slices"

// Holds reports whether the drop of b can begin only after the drop of a has ended:
// because a depends on b, directly or not, or because the run of b has put a before
// b. A teardown has an order from when it is planned; see [Graph.BeginTeardown].
//
// The answer serves to refuse waits that would never end. An edge that is added later
// can only make more answers true, so a caller may rely on true for as long as both
// nodes are there.
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
		return before(trees, a, b) // early runs come before the teardown, so this is all there is
	case teardown.ready.Load() && teardown.Schedule.HasWaves() && teardown.Limit != 1:
		// The waves of the nodes are those of their newest run, which is this one.
		return wave < other && !teardown.leavesTo(b)
	}
	return teardown.before(a, b)
}

// Places returns the nodes that take up every place of the run of n under its limit: the
// drop of n cannot begin until one of their drops has ended. It returns nil if there is
// a place left, or if n has one.
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

// treesLocked returns the early runs of several nodes. A run of one node alone puts
// nothing before anything.
func (g *Graph) treesLocked() (trees []*run) {
	for r := range g.trees {
		trees = append(trees, r)
	}
	return trees
}

// before reports whether one of the early runs lets the drop of b begin only after the
// drop of a has ended. A run waits for a node that belongs to another run, and so for
// whatever that run has put before the node. The other run is always the older one, so
// the recursion ends.
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

// find returns the position of n in the run, or -1. The plan is immutable, so no lock is
// needed.
func (r *run) find(n *Node) int32 {
	for pos := range int32(len(r.nodes)) {
		if r.node(pos) == n {
			return pos
		}
	}
	return -1
}

// leavesTo reports whether the run leaves the drop of n, one of its nodes, to another
// run.
func (r *run) leavesTo(n *Node) bool {
	return r.extra != nil && len(r.extra.others) > 0 && r.elsewhere(r.find(n))
}

// before is Holds for the order of one run. It is false for nodes that are not both in
// the run. Until the run is prepared only its waves may be read: the options, and with
// them the order of the queue, are set without a lock before ready is stored. So an
// early run that is not prepared answers by its waves, which is right for a run that
// turns out to have no limit, and a teardown that is not prepared has no answer.
func (r *run) before(a, b *Node) bool {
	ready := r.ready.Load() // else only the waves may be read
	if ready && !r.Schedule.HasWaves() && !r.Schedule.IsLine() || !ready && !r.early {
		return false // only edges count, or the schedule is not known yet
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
				return false // this run only waits for b, which holds nothing up
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

// over forgets an early run of several nodes that has ended.
func (g *Graph) over(r *run) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if delete(g.trees, r); len(g.trees) == 0 {
		g.trees = nil // a map never shrinks
	}
}

// takePlace and givePlace keep the list that Places returns, in a run with a limit. A
// drop has its place from before it begins until its outcome is decided, by its own end
// or by abandon; the second of the two to give the place back finds none.
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

// places is Places for one run. It is nil for a node that is not in the run, and for one
// that the run leaves to another.
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
