package engine

import (
	"container/heap"
	"time"
)

// A peel takes the slots of a plan off, each after all that depends on it, and
// says which that frees. Planning does so at once, and an eager run as the drops
// end.
//
// The edges that an All implies are never written down: a slot that is no User
// is hindered by all All nodes that are newer and have not been taken off, so by
// the newest such one in all the graph. It is enough to know that one. As it
// moves down, it uncovers each slot once; so the work is linear in nodes and
// written edges.
type peel struct {
	*plan
	left []int32 // by slot: dependents with a written edge that are not taken off; -1: it is itself
	all  int32   // the newest All that is not taken off; -1: none

	// Only for who asks which of its dependents a slot had to wait for longest.
	ended func(s int32) time.Duration // of a slot that is taken off; else nil
	last  int32                       // of the All nodes that are newer than all, the one that ended last; -1: none
	by    int32                       // during a visit: whom that slot had to wait for
}

func newPeel(p *plan) *peel {
	k := &peel{plan: p, left: make([]int32, len(p.nodes)), all: p.newestAll(), last: -1}
	if p.layers != nil {
		for _, d := range p.layers.edges {
			k.left[d]++
		}
	}
	return k
}

// free reports whether nothing hinders slot s.
func (k *peel) free(s int32) bool {
	return k.left[s] == 0 && (s >= k.all || k.nodes[s].user)
}

// take takes a free slot off. It calls visit for each slot that had to wait for
// it, and says whether that one is free now.
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

// pass takes note of an All that lies above all from now on. It may have been
// taken off before others, and yet have ended after them: what is taken off
// first is a matter of who gets the lock.
func (k *peel) pass(s int32) {
	if k.ended == nil || k.last < 0 || k.ended(s) >= k.ended(k.last) {
		k.last = s
	}
}

// line returns the slots in an order that respects the edges and otherwise
// reverses registration: the next is always the newest of those that are free.
// It looks at each slot once, newest first; only what was not free then, which
// takes an edge from an older node to a newer one, goes through a heap.
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
