package engine

// A plan has the edges between some nodes and the wave of each node, for a run or for
// [Graph.Waves]. It is made under the graph's lock and then immutable, so that a run
// reads it from any goroutine without a lock and needs nothing else of the graph.
//
// A node has two numbers in it: its slot, which is its place in order of registration,
// and its position, which is its place when the nodes are ordered by wave first. They
// are numbers of four bytes and not pointers, because planning follows the edges at
// random, and how fast that is depends on how much of them fits into the cache.
type plan struct {
	nodes  []*Node // by slot
	layers *layers // nil: none depends on another, as in most small graphs
}

// layers is the part of a plan that only a plan with edges has. Without edges there is
// one wave, and the position of a node is its slot.
type layers struct {
	first []int32 // edges of slot s: edges[first[s]:first[s+1]]
	edges []int32 // slots
	wave  []int32 // by slot
	order []int32 // by position: slots
	ends  []int32 // by wave: the position after its last
	all   int32   // the newest slot with All; -1: none
}

// newPlan plans nodes, which are in order of registration. Edges to other nodes are left
// out; if linked is false there are no edges. Time and memory are linear in nodes and
// edges.
func newPlan(nodes []*Node, linked bool) plan {
	p := plan{nodes: nodes}
	if !linked || len(nodes) == 1 {
		return p
	}
	if p.layers = link(nodes); p.layers != nil {
		p.layer()
	}
	return p
}

// link copies the edges. It returns nil if there are none.
func link(nodes []*Node) *layers {
	size, all := 0, int32(-1)
	for s, n := range nodes {
		n.slot = int32(s)
		size += len(n.deps)
		if n.all {
			all = int32(s)
		}
	}
	if size == 0 && all < 0 {
		return nil
	}
	l := &layers{first: make([]int32, len(nodes)+1), edges: make([]int32, 0, size), all: all}
	for s, n := range nodes {
		for _, d := range n.deps {
			// The slot of a node outside of the plan is a leftover of another
			// plan. It is out of range or the slot of a different node.
			if i := d.slot; uint32(i) < uint32(len(nodes)) && nodes[i] == d {
				l.edges = append(l.edges, i)
			}
		}
		l.first[s+1] = int32(len(l.edges))
	}
	return l
}

// layer puts each slot into its wave, which is one more than the largest wave among its
// dependents. It peels the graph level by level. A level is exactly what the levels
// before it have freed, so its number is the length of the longest path of dependents.
// A second pass orders the slots by wave, and within a wave by registration.
func (p *plan) layer() {
	l, n := p.layers, len(p.nodes)
	l.wave, l.order = make([]int32, n), make([]int32, n)
	peel := newPeel(p)
	queue := l.order[:0] // shares the memory: every element is read before the second pass writes
	for s := range int32(n) {
		if peel.free(s) {
			queue = append(queue, s)
		}
	}
	for head, wave := 0, int32(0); head < len(queue); wave++ {
		end := len(queue)
		for _, s := range queue[head:end] {
			l.wave[s] = wave
			peel.take(s, func(d int32, free bool) {
				if free {
					queue = append(queue, d)
				}
			})
		}
		l.ends = append(l.ends, int32(end))
		head = end
	}
	next := make([]int32, len(l.ends)) // by wave: where its next slot goes
	copy(next[1:], l.ends)
	for s := range int32(n) {
		w := l.wave[s]
		l.order[next[w]] = s
		next[w]++
	}
}

// deps returns the slots on which slot s depends by edges of its own.
func (p *plan) deps(s int32) []int32 {
	if p.layers == nil {
		return nil
	}
	return p.layers.edges[p.layers.first[s]:p.layers.first[s+1]]
}

// newestAll returns the newest slot with All, or -1.
func (p *plan) newestAll() int32 {
	if p.layers == nil {
		return -1
	}
	return p.layers.all
}

// slot returns the slot at a position.
func (p *plan) slot(pos int32) int32 {
	if p.layers == nil {
		return pos
	}
	return p.layers.order[pos]
}

// node returns the node at a position.
func (p *plan) node(pos int32) *Node { return p.nodes[p.slot(pos)] }

// waveAt returns the wave of a position.
func (p *plan) waveAt(pos int32) int {
	if p.layers == nil {
		return 0
	}
	return int(p.layers.wave[p.layers.order[pos]])
}

// waveCount returns how many waves there are.
func (p *plan) waveCount() int {
	if p.layers == nil {
		return min(len(p.nodes), 1)
	}
	return len(p.layers.ends)
}

// span returns the stretch of positions that a wave has: the first position of a wave, and the one after its last.
func (p *plan) span(wave int) (start, end int32) {
	if p.layers == nil {
		return 0, int32(len(p.nodes))
	}
	if wave > 0 {
		start = p.layers.ends[wave-1]
	}
	return start, p.layers.ends[wave]
}

// ranks returns the position of each slot.
func (p *plan) ranks() []int32 {
	ranks := make([]int32, len(p.nodes))
	for pos := range int32(len(ranks)) {
		ranks[p.slot(pos)] = pos
	}
	return ranks
}

// waves returns the nodes wave by wave.
func (p *plan) waves() [][]*Node {
	all := make([]*Node, len(p.nodes))
	for pos := range int32(len(all)) {
		all[pos] = p.node(pos)
	}
	waves := make([][]*Node, p.waveCount())
	for w := range waves {
		start, end := p.span(w)
		waves[w] = all[start:end:end]
	}
	return waves
}

// below returns the slots on which s depends, directly or not: the nearest first, and at
// most limit of them. Of several nodes with an All each slot is looked at once, since
// what lies below covered has been visited.
func (p *plan) below(s int32, limit int) []int32 {
	seen := map[int32]bool{s: true}
	found := []int32{s}
	covered := int32(0) // every guard before it has been visited because of an All
	for i := 0; i < len(found) && len(found) <= limit; i++ {
		visit := func(d int32) {
			if !seen[d] && len(found) <= limit {
				seen[d] = true
				found = append(found, d)
			}
		}
		from := found[i]
		for _, d := range p.deps(from) {
			visit(d)
		}
		if p.nodes[from].all {
			for d := from - 1; d >= covered && len(found) <= limit; d-- {
				if !p.nodes[d].user {
					visit(d)
				}
			}
			covered = max(covered, from)
		}
	}
	return found[1:]
}

// Waves returns the nodes in the waves in which a teardown would drop them now, each
// wave in order of registration. Wave 0 holds the nodes without dependents; the wave of
// any other node is one more than the largest among its dependents. In a closed graph
// the answer is that of the teardown.
func (g *Graph) Waves() [][]*Node {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.nodes.compact()
	p := newPlan(g.nodes.nodes, g.linked)
	return p.waves()
}

// WaveCount returns how many [Graph.Waves] there are now. It takes constant time if there
// has never been an edge, and otherwise plans the whole graph.
func (g *Graph) WaveCount() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.nodes.compact()
	p := newPlan(g.nodes.nodes, g.linked)
	return p.waveCount()
}
