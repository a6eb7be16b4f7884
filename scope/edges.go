package scope

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"

	"github.com/ebb-go/ebb/group"
)

// Depend records late that dependent uses dependency, so that it is dropped
// first. It returns a [*CycleError] with the whole path if that contradicts
// what is known, [ErrForeign] unless dependent belongs to s and dependency to s
// or an ancestor of it, and [ErrDropped] when either is gone. With a nil node, a
// component that is switched off, it does nothing.
func (s *Scope) Depend(dependent, dependency Node) error {
	if isAbsent(dependent) || isAbsent(dependency) {
		return nil
	}
	a := nodeItem(dependent)
	if a == nil || a.s != s {
		return s.refusal("depend", nodeName(dependent), ErrForeign)
	}
	if _, err := a.resolve([]Node{dependency}, true); err != nil {
		return s.refusal("depend", a.name(), err)
	}
	return nil
}

// nodeOf returns the item of n, or nil for a nil node and for a scope that is
// no child.
func nodeItem(n Node) *node {
	if isAbsent(n) {
		return nil
	}
	return n.asNode()
}

// isAbsent reports whether n is a nil node, of whatever type, of ebb's or one that
// embeds a Node: what is left out of edges. What is there and no node of any scope, as
// a scope that is no child, is a mistake.
func isAbsent(n Node) bool {
	if n == nil {
		return true
	}
	v := reflect.ValueOf(n)
	return v.Kind() == reflect.Pointer && v.IsNil()
}

func nodeName(n Node) string {
	if isAbsent(n) {
		return "nil"
	}
	return n.Name()
}

// resolve records that i depends on nodes, and returns those of its own scope,
// which it records only with own: for i that is not registered yet that is a matter of
// the critical section in which it is. A node that cannot be depended on is an error,
// and so is an edge that cannot be kept.
func (i *node) resolve(nodes []Node, own bool) (deps []*node, err error) {
	s := i.s
	for _, n := range nodes {
		d := nodeItem(n)
		switch {
		case isAbsent(n):
			continue
		case d == nil:
			return nil, fmt.Errorf("depends on %q: %w", nodeName(n), ErrForeign)
		case d.s == s && !own:
			deps = append(deps, d)
			continue
		case d.s == s:
			err = notAccepted(s.graph.Depend(&i.vertex, &d.vertex))
		default:
			err = i.linkAbove(d)
		}
		var cycle *CycleError
		switch {
		case err == nil:
		case errors.As(err, &cycle), d.s == s:
			return nil, err
		default:
			return nil, fmt.Errorf("depends on %q of scope %q: %w", d.name(), d.s.Path(), err)
		}
	}
	return deps, nil
}

// depsLocked returns the nodes of the graph for what i is to depend on: own,
// which must be live, and what was used while i was opened.
func (s *Scope) depsLocked(n *node, own []*node) ([]*group.Node, error) {
	if len(own) == 0 && n.rarely.Load() == nil {
		return nil, nil
	}
	uses := n.rarelyLocked().uses
	deps := make([]*group.Node, 0, len(own)+len(uses))
	for _, d := range own {
		if d.is() > live {
			return nil, fmt.Errorf("depends on %q: %w", d.name(), ErrDropped)
		}
		deps = append(deps, &d.vertex)
	}
	for _, u := range uses {
		if u.to.is() == live { // else the open function itself has given it up
			deps = append(deps, &u.to.vertex)
		}
	}
	return deps, nil
}

// below reports whether a is an ancestor of s.
func (s *Scope) below(a *Scope) bool {
	for p := s.parent; p != nil; p = p.parent {
		if p == a {
			return true
		}
	}
	return false
}

// A use is something that a node depends on and that its own graph does not know:
// what it uses while it is not registered, and what it depends on in the scopes above.
type use struct {
	to  *node
	pin *group.Pin // nil: an edge in the graph of to keeps it
}

// link records that i depends on d, both of one scope. What is not registered yet
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

// usesLocked reports whether i is known to use d already.
func (n *node) usesLocked(d *node) bool {
	x := n.rarelyLocked()
	is := func(u use) bool { return u.to == d }
	return slices.ContainsFunc(x.uses, is) || slices.ContainsFunc(x.above, is)
}

// linkAbove records that i depends on d of an ancestor. The edge starts at what
// leads from the ancestor down to i, if that is a node there. The body and the tasks
// are none: they end before the ancestor is torn down, but not before an early drop,
// so i itself pins d until it is gone. Within a drop that does not depend on d there
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

// cycleIn returns err if it is, or wraps, a [*CycleError]: all else that keeps an
// edge from being recorded means that the order is decided.
func cycleIn(err error) error {
	var cycle *CycleError
	if errors.As(err, &cycle) {
		return err
	}
	return nil
}

// isPlainUse reports whether usedBy has nothing to record for what uses i with ctx:
// the body, a task or a drop of the same scope, with its context as it was handed
// out. (Without it the most common use takes five times as long.)
func (n *node) isPlainUse(ctx context.Context) bool {
	f, ok := ctx.(*frame)
	return ok && f.s == n.s && f.kind != openingFrame && f.kind != daemonFrame
}

// usedBy records that the frame f, or what it belongs to, uses i. The error is a
// [*CycleError]: all else that keeps an edge from being recorded means that the order
// is decided.
func (n *node) usedBy(f *frame) error {
	opening := false // the innermost open function has been found
	for ; f != nil; f = f.outer() {
		if opening && f.kind == openingFrame {
			continue // it depends on what the inner one opens
		}
		dependent := f.kind == openingFrame || f.kind == daemonFrame
		var err error
		switch {
		case f.s == n.s && !dependent:
			return nil // the body, a task or a drop
		case f.s == n.s:
			err = f.node.link(n)
		case f.s.below(n.s) && dependent:
			err = f.node.linkAbove(n)
		case f.s.below(n.s):
			if via, kind := f.s.leadsDown(n.s); via != nil && kind != dropFrame {
				err = via.link(n)
			}
		case n.s.below(f.s) && dependent:
			if via, kind := n.s.leadsDown(f.s); via != nil && kind == bodyFrame {
				err = f.node.link(via) // the child in which i lies
			}
		default:
			continue
		}
		if err := cycleIn(err); err != nil || f.kind != openingFrame {
			return err
		}
		opening = true // and if it is a daemon's doing, that uses i while it opens
	}
	return nil
}
