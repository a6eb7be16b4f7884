package engine

import "slices"

// A Pin is a dependency of something outside of the graph on a node. While it holds,
// Claim, Remove, Drop and DropTree refuse the node, and DropTree refuses what the node
// depends on, with an [*InUseError] that has the name of the pin. A teardown ignores
// pins: whatever pins a node has ended before its graph is torn down, or is what the
// teardown has to end.
//
// The pins of a node are a list that runs through them, so that adding and removing one
// take constant time and a node without pins has no more than a nil pointer.
type Pin struct {
	node *Node // immutable
	name string

	// Protected by the graph's mu.
	prev, next *Pin // of the same node; next is the older one
	removed    bool // terminal
}

// Pin pins n under a name until [Pin.Remove]. It returns [ErrGone] if the node is
// claimed, in a run or gone, [ErrClosed] once Teardown has begun, and [ErrForeign].
func (g *Graph) Pin(n *Node, name string) (*Pin, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	switch {
	case !n.in(g):
		return nil, ErrForeign
	case g.closed:
		return nil, ErrClosed
	case n.state != live:
		return nil, ErrGone
	}
	p := &Pin{node: n, name: name, next: n.pins}
	if p.next != nil {
		p.next.prev = p
	}
	n.pins = p
	return p, nil
}

// Remove ends the pin. A second call does nothing, nor does a call on a nil pin.
func (p *Pin) Remove() {
	if p == nil {
		return
	}
	g := p.node.graph
	g.mu.Lock()
	defer g.mu.Unlock()
	if p.removed {
		return
	}
	p.removed = true
	if p.prev != nil {
		p.prev.next = p.next
	} else {
		p.node.pins = p.next
	}
	if p.next != nil {
		p.next.prev = p.prev
	}
	p.prev, p.next = nil, nil
}

// pinsLocked returns the names of the pins on n, the oldest first.
func (n *Node) pinsLocked() (names []string) {
	for p := n.pins; p != nil; p = p.next {
		names = append(names, p.name)
	}
	slices.Reverse(names)
	return names
}

// usedLocked returns an [*InUseError] if a node depends on n or n is pinned, with the
// names of the nodes before those of the pins.
func (g *Graph) usedLocked(n *Node) error {
	inUse := g.inUseLocked(n)
	if !inUse && n.pins == nil {
		return nil
	}
	err := &InUseError{Guard: n.name}
	if inUse {
		for _, m := range g.dependentsLocked(n) {
			err.Dependents = append(err.Dependents, m.name)
		}
	}
	err.Dependents = append(err.Dependents, n.pinsLocked()...)
	return err
}
