package engine

// A plan is what a run or [Graph.Waves] makes of some nodes: who depends on
// whom, and in which wave each is dropped. It is made under the graph's lock and
// immutable; a run needs nothing else of the graph.
//
// It knows a node by its slot, its place among the nodes in order of
// registration, and by its position, its place when they are ordered by wave
// first. Numbers of four bytes instead of pointers: planning goes through the
// edges at random, and what fits the cache decides how fast that is.
type plan struct {
	nodes  []*Node // by slot
	layers *layers // nil: none depends on another, as in most small graphs
}

// layers is the rest of a plan with edges. Without any there is one wave, and
// positions are slots.
type layers struct {
	first []int32 // edges of slot s: edges[first[s]:first[s+1]]
	edges []int32 // slots
	wave  []int32 // by slot
	order []int32 // by position: slots
	ends  []int32 // by wave: the position after its last
	all   int32   // the newest slot with All; -1: none
}

// newPlan plans nodes, which are in order of registration; edges to others are
// left out, and if linked is false there are none. Time and memory are linear in
// nodes and edges.
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
			// A slot of a node that is not ours is a leftover: it leads
			// nowhere, or to one that has it by right.
			if i := d.slot; uint32(i) < uint32(len(nodes)) && nodes[i] == d {
				l.edges = append(l.edges, i)
			}
		}
		l.first[s+1] = int32(len(l.edges))
	}
	return l
}

// layer puts each slot into its wave: one more than the largest among its
// dependents. It peels the graph level by level, and since a level is exactly
// what the levels before it have freed, its number is the length of the longest
// path.
func (p *plan) layer() {
	l, n := p.layers, len(p.nodes)
	l.wave, l.order = make([]int32, n), make([]int32, n)
	peel := newPeel(p)
	queue := l.order[:0] // its elements are read before the order overwrites them
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

// span returns the first position of a wave, and the one after its last.
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

// below returns the slots on which s depends, directly or not, nearest first, and
// at most limit of them.
func (p *plan) below(s int32, limit int) []int32 {
	seen := map[int32]bool{s: true}
	found := []int32{s}
	covered := int32(0) // what an All has led to lies before it
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

// Waves returns the nodes in the waves in which they would be dropped now, each
// wave in order of registration. Wave 0 is what nothing depends on; a node's
// wave is one more than the largest among its dependents.
func (g *Graph) Waves() [][]*Node {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.nodes.compact()
	p := newPlan(g.nodes.nodes, g.linked)
	return p.waves()
}

// WaveCount returns how many [Graph.Waves] there are now. Without edges it takes
// constant time.
func (g *Graph) WaveCount() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.nodes.compact()
	p := newPlan(g.nodes.nodes, g.linked)
	return p.waveCount()
}
