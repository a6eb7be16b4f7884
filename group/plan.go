package group

// A plan is what a run or [Graph.Waves] makes of some nodes: who depends on
// whom, and in which wave each is dropped. It is made under the graph's lock and
// immutable; a run needs nothing else of the graph.
//
// It knows a node by its slot, its place among the nodes in order of
// registration, and by its position, its place when they are ordered by wave
// first. Numbers of four bytes instead of pointers: planning goes through the
// edges at random, and what fits the cache decides how fast that is.
type plan struct {
	nodes []*Node // by slot
	first []int32 // edges of slot s: edges[first[s]:first[s+1]]; nil without edges
	edges []int32 // slots
	wave  []int32 // by slot
	order []int32 // by position: slots
	ends  []int32 // by wave: the position after its last
	all   int32   // the newest slot with All; -1: none
}

// newPlan plans nodes, which are in order of registration; edges to others are
// left out. Time and memory are linear in nodes and edges.
func newPlan(nodes []*Node) plan { return newPlanIn(nodes, make([]int32, roomFor(len(nodes)))) }

// newPlanIn is newPlan with room for the numbers that every plan has.
func newPlanIn(nodes []*Node, room []int32) plan {
	p := plan{nodes: nodes}
	p.link()
	p.layer(room)
	return p
}

// roomFor is how many numbers that is: two for each of n nodes, and the end of the
// one wave that most small graphs have.
func roomFor(n int) int { return 2*n + 1 }

// link copies the edges.
func (p *plan) link() {
	size := 0
	p.all = -1
	for s, n := range p.nodes {
		n.slot = int32(s)
		size += len(n.deps)
		if n.all {
			p.all = int32(s)
		}
	}
	if size == 0 {
		return
	}
	p.first = make([]int32, len(p.nodes)+1)
	p.edges = make([]int32, 0, size)
	for s, n := range p.nodes {
		for _, d := range n.deps {
			// A slot of a node that is not ours is a leftover: it leads
			// nowhere, or to one that has it by right.
			if i := d.slot; uint32(i) < uint32(len(p.nodes)) && p.nodes[i] == d {
				p.edges = append(p.edges, i)
			}
		}
		p.first[s+1] = int32(len(p.edges))
	}
}

// deps returns the slots on which slot s depends by edges of its own.
func (p *plan) deps(s int32) []int32 {
	if p.first == nil {
		return nil
	}
	return p.edges[p.first[s]:p.first[s+1]]
}

// layer puts each slot into its wave: one more than the largest among its
// dependents. It peels the graph level by level, and since a level is exactly
// what the levels before it have freed, its number is the length of the longest
// path.
func (p *plan) layer(numbers []int32) {
	n := len(p.nodes)
	if n == 0 {
		return // no wave, rather than an empty one
	}
	p.wave, p.order, p.ends = numbers[:n:n], numbers[n:2*n:2*n], numbers[2*n:2*n]
	if p.first == nil && p.all < 0 { // as in most small graphs: one wave
		for s := range p.order {
			p.order[s] = int32(s)
		}
		p.ends = append(p.ends, int32(n))
		return
	}
	peel := newPeel(p)
	queue := p.order[:0] // its elements are read before the order overwrites them
	for s := range int32(n) {
		if peel.free(s) {
			queue = append(queue, s)
		}
	}
	for head, wave := 0, int32(0); head < len(queue); wave++ {
		end := len(queue)
		for _, s := range queue[head:end] {
			p.wave[s] = wave
			peel.take(s, func(d int32, free bool) {
				if free {
					queue = append(queue, d)
				}
			})
		}
		p.ends = append(p.ends, int32(end))
		head = end
	}
	next := make([]int32, len(p.ends)) // by wave: where its next slot goes
	copy(next[1:], p.ends)
	for s := range int32(n) {
		w := p.wave[s]
		p.order[next[w]] = s
		next[w]++
	}
}

// start returns the first position of a wave.
func (p *plan) start(wave int) int32 {
	if wave == 0 {
		return 0
	}
	return p.ends[wave-1]
}

// ranks returns the position of each slot.
func (p *plan) ranks() []int32 {
	ranks := make([]int32, len(p.order))
	for pos, s := range p.order {
		ranks[s] = int32(pos)
	}
	return ranks
}

// waves returns the nodes wave by wave.
func (p *plan) waves() [][]*Node {
	all := make([]*Node, len(p.order))
	for pos, s := range p.order {
		all[pos] = p.nodes[s]
	}
	waves := make([][]*Node, len(p.ends))
	for w, end := range p.ends {
		start := p.start(w)
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
	p := newPlan(g.nodes.nodes)
	return p.waves()
}
