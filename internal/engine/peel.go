package engine

import (
	"container/heap"
	"time"
)

// A peel takes the slots of a plan off, each after every slot that depends on it, and
// reports which slots that frees. Planning does so in one go, and a run whose schedule
// releases does so as the drops end, under the run's lock.
//
// The edges that an All implies are never written down. A slot that is no User has to
// wait for every newer node with an All that has not been taken off, and so for the
// newest such node of the whole graph. Knowing that one is enough. As it moves down, it
// uncovers each slot once, so the work is linear in nodes and written edges.
type peel struct {
	*plan
	left []int32 // by slot: dependents with a written edge that are not taken off; -1: it is itself
	all  int32   // the newest All that is not taken off; -1: none

	// Only for a run that reports for which dependent a slot had to wait longest.
	ended func(s int32) time.Duration // of a slot that is taken off; else nil
	last  int32                       // of the nodes with an All that are newer than all, the one that ended last; -1: none
	by    int32                       // during a visit: the slot that the visited one had to wait for
}

// newPeel returns a peel of p from which nothing has been taken off. It takes time and
// memory linear in nodes and edges.
func newPeel(p *plan) *peel {
	k := &peel{plan: p, left: make([]int32, len(p.nodes)), all: p.newestAll(), last: -1}
	if p.layers != nil {
		for _, d := range p.layers.edges {
			k.left[d]++
		}
	}
	return k
}

// free reports whether slot s has to wait for nothing.
func (k *peel) free(s int32) bool {
	return k.left[s] == 0 && (s >= k.all || k.nodes[s].user)
}

// take takes a free slot off. It calls visit for each slot that had to wait for s, with
// whether that slot is free now.
func (k *peel) take(s int32, visit func(d int32, free bool)) {
	k.left[s], k.by = -1, s
	for _, d := range k.deps(s) {
		k.left[d]--
		visit(d, k.free(d))
	}
	if s != k.all {
		return
	}
	k.pass(s)
	for k.all--; k.all >= 0; k.all-- {
		n := k.nodes[k.all]
		if !n.user {
			k.by = k.last
			visit(k.all, k.left[k.all] == 0)
		}
		if n.all && k.left[k.all] >= 0 {
			return
		}
		if n.all {
			k.pass(k.all)
		}
	}
}

// pass records a node with an All that is newer than all from now on. It may have been
// taken off before others and yet have ended after them, because the order in which
// nodes are taken off is the order in which workers get the lock.
func (k *peel) pass(s int32) {
	if k.ended == nil || k.last < 0 || k.ended(s) >= k.ended(k.last) {
		k.last = s
	}
}

// line returns the slots in an order that respects the edges and otherwise reverses
// registration: the next slot is always the newest of those that are free. It looks at
// each slot once, the newest first. Only a slot that is not free at that moment goes
// through a heap, and that takes an edge from an older node to a newer one.
func (p *plan) line() []int32 {
	peel := newPeel(p)
	order := make([]int32, 0, len(p.nodes))
	var passed slots
	for s := int32(len(p.nodes) - 1); s >= 0; s-- {
		if !peel.free(s) {
			continue
		}
		for next := s; ; next = heap.Pop(&passed).(int32) {
			order = append(order, next)
			peel.take(next, func(d int32, free bool) {
				if free && d > s {
					heap.Push(&passed, d)
				}
			})
			if len(passed) == 0 {
				break
			}
		}
	}
	return order
}

// slots is a heap with the newest on top.
type slots []int32

func (h slots) Len() int           { return len(h) }
func (h slots) Less(i, j int) bool { return h[i] > h[j] }
func (h slots) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }
func (h *slots) Push(s any)        { *h = append(*h, s.(int32)) }
func (h *slots) Pop() any {
	last := len(*h) - 1
	s := (*h)[last]
	*h = (*h)[:last]
	return s
}
