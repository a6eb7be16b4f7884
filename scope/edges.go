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

// nodeItem returns the item of n, or nil for a nil node and for a scope that is
// no child.
func nodeItem(n Node) *item {
	if isAbsent(n) {
		return nil
	}
	return n.node()
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
func (i *item) resolve(nodes []Node, own bool) (deps []*item, err error) {
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
			err = notAccepted(s.graph.Depend(&i.n, &d.n))
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
func (s *Scope) depsLocked(i *item, own []*item) ([]*group.Node, error) {
	if len(own) == 0 && i.extra.Load() == nil {
		return nil, nil
	}
	uses := i.extraLocked().uses
	deps := make([]*group.Node, 0, len(own)+len(uses))
	for _, d := range own {
		if d.is() > live {
			return nil, fmt.Errorf("depends on %q: %w", d.name(), ErrDropped)
		}
		deps = append(deps, &d.n)
	}
	for _, u := range uses {
		if u.to.is() == live { // else the open function itself has given it up
			deps = append(deps, &u.to.n)
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

// A use is something that an item depends on and that its own graph does not know:
// what it uses while it is not registered, and what it depends on in the scopes above.
type use struct {
	to  *item
	pin *group.Pin // nil: an edge in the graph of to keeps it
}

// link records that i depends on d, both of one scope. What is not registered yet
// pins d until it is.
func (i *item) link(d *item) error {
	if i == d {
		return nil
	}
	s := i.s
	s.mu.Lock()
	defer s.mu.Unlock()
	if i.is() != pending {
		return notAccepted(s.graph.Depend(&i.n, &d.n))
	}
	if i.usesLocked(d) {
		return nil
	}
	pin, err := s.graph.Pin(&d.n, i.name())
	if err != nil {
		return notAccepted(err)
	}
	x := i.makeExtraLocked()
	x.uses = append(x.uses, use{d, pin})
	return nil
}

// usesLocked reports whether i is known to use d already.
func (i *item) usesLocked(d *item) bool {
	x := i.extraLocked()
	is := func(u use) bool { return u.to == d }
	return slices.ContainsFunc(x.uses, is) || slices.ContainsFunc(x.above, is)
}

// linkAbove records that i depends on d of an ancestor. The edge starts at what
// leads from the ancestor down to i, if that is a node there. The body and the tasks
// are none: they end before the ancestor is torn down, but not before an early drop,
// so i itself pins d until it is gone. Within a drop that does not depend on d there
// is no order to be kept, so that is refused.
func (i *item) linkAbove(d *item) error {
	if !i.s.below(d.s) {
		return ErrForeign
	}
	i.s.mu.Lock()
	known, name := i.usesLocked(d), i.name() // which changes when it is registered
	i.s.mu.Unlock()
	if known {
		return nil
	}
	via, kind := i.s.leadsDown(d.s)
	var pin *group.Pin
	var err error
	switch {
	case via == nil:
		pin, err = d.s.graph.Pin(&d.n, name)
		err = notAccepted(err)
	case kind == dropOwner:
		if !d.s.graph.Reaches(&via.n, &d.n) {
			err = ErrDropped
		}
	default:
		err = via.link(d)
	}
	if err != nil {
		return err
	}
	i.s.mu.Lock()
	defer i.s.mu.Unlock()
	if i.is() > live { // it has ended meanwhile
		pin.Remove()
		return nil
	}
	x := i.makeExtraLocked()
	x.above = append(x.above, use{d, pin})
	return nil
}

// leadsDown returns the node of the ancestor a by which a holds s: the child in
// which it lies, or the daemon, drop or open function in whose context it was made;
// nil if that is a task's or the body's.
func (s *Scope) leadsDown(a *Scope) (via *item, kind ownerKind) {
	c := s
	for c.parent != a {
		c = c.parent
	}
	if c.self != nil {
		return c.self, bodyOwner
	}
	o := c.frame
	for o != nil && o.s != a {
		o = o.outer()
	}
	if o == nil {
		return nil, bodyOwner
	}
	return o.item, o.kind
}

// unpinLocked gives up the pins of an item that has ended. The graphs that they are
// in are those of scopes above, whose locks come after.
func (i *item) unpinLocked() {
	if x := i.extra.Load(); x != nil {
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
func (i *item) isPlainUse(ctx context.Context) bool {
	o, ok := ctx.(*owner)
	return ok && o.s == i.s && o.kind != openingOwner && o.kind != daemonOwner
}

// usedBy records that the owner o, or what it belongs to, uses i. The error is a
// [*CycleError]: all else that keeps an edge from being recorded means that the order
// is decided.
func (i *item) usedBy(o *owner) error {
	opening := false // the innermost open function has been found
	for ; o != nil; o = o.outer() {
		if opening && o.kind == openingOwner {
			continue // it depends on what the inner one opens
		}
		dependent := o.kind == openingOwner || o.kind == daemonOwner
		var err error
		switch {
		case o.s == i.s && !dependent:
			return nil // the body, a task or a drop
		case o.s == i.s:
			err = o.item.link(i)
		case o.s.below(i.s) && dependent:
			err = o.item.linkAbove(i)
		case o.s.below(i.s):
			if via, kind := o.s.leadsDown(i.s); via != nil && kind != dropOwner {
				err = via.link(i)
			}
		case i.s.below(o.s) && dependent:
			if via, kind := i.s.leadsDown(o.s); via != nil && kind == bodyOwner {
				err = o.item.link(via) // the child in which i lies
			}
		default:
			continue
		}
		if err := cycleIn(err); err != nil || o.kind != openingOwner {
			return err
		}
		opening = true // and if it is a daemon's doing, that uses i while it opens
	}
	return nil
}
