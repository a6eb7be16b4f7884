package group

import (
	"cmp"
	"slices"
)

// A Pin says that something outside of the graph depends on a node: while it
// holds, Claim, Remove, Drop and DropTree refuse the node, and DropTree refuses
// what the node depends on, with an [*InUseError] that has the name of the pin. A
// Teardown does not look at pins: whoever pins a node has ended before the graph is
// torn down.
type Pin struct {
	node *Node
	name string
	seq  uint64 // in the order of pins
}

// Pin pins n under a name until [Pin.Remove]. It returns [ErrGone] when the node
// is claimed or gone, [ErrClosed] when Teardown has begun, and [ErrForeign].
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
	if g.pins == nil {
		g.pins = make(map[*Node]map[*Pin]struct{})
	}
	if g.pins[n] == nil {
		g.pins[n] = make(map[*Pin]struct{})
	}
	g.pinned++
	p := &Pin{node: n, name: name, seq: g.pinned}
	g.pins[n][p] = struct{}{}
	return p, nil
}

// Remove ends the pin. A second call, and one on a nil pin, does nothing.
func (p *Pin) Remove() {
	if p == nil {
		return
	}
	g := p.node.graph
	g.mu.Lock()
	defer g.mu.Unlock()
	of := g.pins[p.node]
	if delete(of, p); len(of) > 0 {
		return
	}
	if delete(g.pins, p.node); len(g.pins) == 0 {
		g.pins = nil // a map keeps its buckets
	}
}

// pinsOfLocked returns the names of the pins on n, the first one in front.
func (g *Graph) pinsOfLocked(n *Node) (names []string) {
	of := make([]*Pin, 0, len(g.pins[n]))
	for p := range g.pins[n] {
		of = append(of, p)
	}
	slices.SortFunc(of, func(a, b *Pin) int { return cmp.Compare(a.seq, b.seq) })
	for _, p := range of {
		names = append(names, p.name)
	}
	return names
}

// usedLocked returns an [*InUseError] if anything depends on n.
func (g *Graph) usedLocked(n *Node) error {
	if !g.inUseLocked(n) && len(g.pins[n]) == 0 {
		return nil
	}
	err := &InUseError{Guard: n.name}
	if g.inUseLocked(n) {
		for m := range g.dependentsLocked(n) {
			err.Dependents = append(err.Dependents, m.name)
		}
	}
	err.Dependents = append(err.Dependents, g.pinsOfLocked(n)...)
	return err
}
