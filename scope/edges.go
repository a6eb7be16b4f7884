package scope

import (
	"slices"

	"github.com/ebb-go/ebb/internal/engine"
)

// dependOn records that n depends on d, so that n is dropped first, or returns why that
// cannot be. Every edge that is not part of a registration comes from here: of Depend,
// of a Use, of DependsOn and MoveTo towards the scopes above, and of what is acquired
// or started for another. Where d lies decides what records it:
//
//   - in the scope of n: an edge of its graph or, while n is pending, a pin on d that
//     the registration of n turns into an edge.
//   - in a scope above: an edge there, from the child, daemon or open function in which
//     n lies, or a pin that n holds until it is gone.
//   - in a scope below: an edge from n to the child in which d lies.
//   - anywhere else the error is ErrForeign.
//
// A *CycleError is returned as it is, for its path says all.
func (n *node) dependOn(d *node) error {
	switch {
	case n.s == d.s:
		return n.dependBeside(d)
	case n.s.below(d.s):
		return n.dependAbove(d)
	case d.s.below(n.s):
		if via, kind := d.s.leadsDown(n.s); via != nil && kind == bodyFrame {
			return n.dependBeside(via)
		}
		return nil // the body, a task or a drop of n's scope holds d, and ends before n's turn
	}
	return ErrForeign
}

// dependBeside is dependOn for d of n's own scope. State and edge are looked at and
// made under the lock that registration takes, so no edge falls between the two.
func (n *node) dependBeside(d *node) error {
	if n == d {
		return nil // a lazy that its own open function uses: the wait for it is refused
	}
	s := n.s
	s.mu.Lock()
	defer s.mu.Unlock()
	if n.is() != pending {
		return notAccepted(s.graph.Depend(&n.vertex, &d.vertex))
	}
	x := n.makeRarelyLocked()
	at := slices.IndexFunc(x.uses, func(u use) bool { return u.to == d })
	if at >= 0 && !x.uses[at].below {
		return nil
	}
	pin, err := s.graph.Pin(&d.vertex, n.name())
	if err != nil {
		return notAccepted(err)
	}
	if at < 0 {
		x.uses = append(x.uses, use{to: d, pin: pin})
	} else {
		x.uses[at] = use{to: d, pin: pin} // now n itself uses it too
	}
	return nil
}

// dependAbove is dependOn for d of a scope above. The edge starts at the node that
// leads from there down to n. The body and the tasks are no nodes: they end before that
// scope is torn down, but not before an early drop of d, so n itself pins d until n is
// gone; likewise below what is being opened or started, whose edges come later. Within a drop that does not depend on d no order is left to be kept, so
// that is refused.
//
// The locks of the two scopes are taken one after the other. In between n can have
// ended; then the pin is given back at once.
func (n *node) dependAbove(d *node) error {
	n.s.mu.Lock()
	known, name := n.usesLocked(d), n.name() // which changes when it is registered
	n.s.mu.Unlock()
	if known {
		return nil
	}
	via, kind := n.s.leadsDown(d.s)
	var pin *engine.Pin
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
		if pin, err = via.pinsBelow(d, name); pin == nil && err == nil {
			err = via.dependBeside(d)
		}
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
	x.above = append(x.above, use{to: d, pin: pin})
	return nil
}

// pinsBelow pins d, of n's own scope, for the node called user, which lies in n, if n is
// being opened or started: n itself may still give up, release or move what it has used
// or acquired, and user must not lose it. That n uses d is noted without a pin of its
// own. Once n is registered there is no pin: then the edge of n keeps d.
func (n *node) pinsBelow(d *node, user string) (*engine.Pin, error) {
	s := n.s
	s.mu.Lock()
	defer s.mu.Unlock()
	if n.is() != pending {
		return nil, nil
	}
	pin, err := s.graph.Pin(&d.vertex, user)
	if err != nil {
		return nil, notAccepted(err)
	}
	if !n.usesLocked(d) {
		x := n.makeRarelyLocked()
		x.uses = append(x.uses, use{to: d, below: true})
	}
	return pin, nil
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

// usesLocked reports whether n is known to use d already.
func (n *node) usesLocked(d *node) bool {
	x := n.rarelyLocked()
	is := func(u use) bool { return u.to == d }
	return slices.ContainsFunc(x.uses, is) || slices.ContainsFunc(x.above, is)
}
