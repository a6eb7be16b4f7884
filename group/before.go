package group

// Before reports whether a run lets the drop of b begin only after that of a has ended,
// without an edge between them: the teardown that has begun or, with turn, is about to,
// or an early run of several nodes. While the order of the teardown is not decided, it
// may be so, and Before reports true.
func (g *Graph) Before(a, b *Node, turn bool) bool {
	g.mu.Lock()
	teardown := g.teardown
	var trees []*run
	for r := range g.trees {
		trees = append(trees, r)
	}
	g.mu.Unlock()
	for _, r := range trees {
		if r.before(a, b) {
			return true
		}
	}
	if teardown == nil {
		return turn && a != b
	}
	return teardown.before(a, b)
}

// before is Before for one run, and false for nodes that are not both in it.
func (r *run) before(a, b *Node) bool {
	ready := r.ready.Load() // else only the waves may be read
	if ready && r.Schedule == Eager {
		return false // only edges count, and the queue is not in order
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
		}
	}
	switch {
	case at < 0 || bt < 0 || at == bt:
		return false
	case !ready:
		return !r.early || r.waveAt(at) < r.waveAt(bt)
	case r.Schedule == Sequential || r.Limit == 1:
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
