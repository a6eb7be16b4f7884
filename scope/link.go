package scope

import (
	"slices"

	"github.com/ebb-go/ebb/group"
)

// link records that n depends on d, both of one scope. What is not registered yet
// pins d until it is.
func (n *node) link(d *node) error {
	if n == d {
		return nil
	}
	s := n.s
	s.mu.Lock()
	defer s.mu.Unlock()
	if n.is() != pending {
		return notAccepted(s.graph.Depend(&n.vertex, &d.vertex))
	}
	if n.usesLocked(d) {
		return nil
	}
	pin, err := s.graph.Pin(&d.vertex, n.name())
	if err != nil {
		return notAccepted(err)
	}
	x := n.makeRarelyLocked()
	x.uses = append(x.uses, use{d, pin})
	return nil
}

// usesLocked reports whether n is known to use d already.
func (n *node) usesLocked(d *node) bool {
	x := n.rarelyLocked()
	is := func(u use) bool { return u.to == d }
	return slices.ContainsFunc(x.uses, is) || slices.ContainsFunc(x.above, is)
}

// linkAbove records that n depends on d of an ancestor. The edge starts at what
// leads from the ancestor down to n, if that is a node there. The body and the tasks
// are none: they end before the ancestor is torn down, but not before an early drop,
// so n itself pins d until it is gone. Within a drop that does not depend on d there
// is no order to be kept, so that is refused.
func (n *node) linkAbove(d *node) error {
	if !n.s.below(d.s) {
		return ErrForeign
	}
	n.s.mu.Lock()
	known, name := n.usesLocked(d), n.name() // which changes when it is registered
	n.s.mu.Unlock()
	if known {
		return nil
	}
	via, kind := n.s.leadsDown(d.s)
	var pin *group.Pin
	var err error
	switch {
	case via == nil:
		pin, err = d.s.graph.Pin(&d.vertex, name)
		err = notAccepted(err)
	case kind == dropFrame:
		if !d.s.graph.Reaches(&via.vertex, &d.vertex) {
			err = ErrDropped
		}
	default:
		err = via.link(d)
	}
	if err != nil {
		return err
	}
	n.s.mu.Lock()
	defer n.s.mu.Unlock()
	if n.is() > live { // it has ended meanwhile
		pin.Remove()
		return nil
	}
	x := n.makeRarelyLocked()
	x.above = append(x.above, use{d, pin})
	return nil
}

// leadsDown returns the node of the ancestor a by which a holds s: the child in
// which it lies, or the daemon, drop or open function in whose context it was made;
// nil if that is a task's or the body's.
func (s *Scope) leadsDown(a *Scope) (via *node, kind frameKind) {
	c := s
	for c.parent != a {
		c = c.parent
	}
	if c.self != nil {
		return c.self, bodyFrame
	}
	f := c.opener
	for f != nil && f.s != a {
		f = f.outer()
	}
	if f == nil {
		return nil, bodyFrame
	}
	return f.node, f.kind
}

// unpinLocked gives up the pins of a node that has ended. The graphs that they are
// in are those of scopes above, whose locks come after.
func (n *node) unpinLocked() {
	if x := n.rarely.Load(); x != nil {
		unpin(x.above)
		x.above = nil
	}
}

// unpin gives up the pins of what has been registered or has ended.
func unpin(uses []use) {
	for _, u := range uses {
		u.pin.Remove()
	}
}
