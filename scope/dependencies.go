package scope

import (
	"fmt"
	"reflect"

	"github.com/ebb-go/ebb/internal/engine"
)

// dependency returns the node behind to, which n may depend on by name: one of its own
// scope or of a scope above.
func (n *node) dependency(to Node) (*node, error) {
	d := nodeBehind(to)
	switch {
	case d == nil:
		return nil, fmt.Errorf("depends on %q: %w", nodeName(to), ErrForeign)
	case d.s != n.s && !n.s.below(d.s):
		return nil, n.aboutDependency(d, ErrForeign)
	}
	return d, nil
}

// aboutDependency adds to err of which scope d is, unless that is n's own or err has a
// path; nil stays nil.
func (n *node) aboutDependency(d *node, err error) error {
	if _, cycle := err.(*CycleError); cycle || err == nil || d.s == n.s {
		return err
	}
	return fmt.Errorf("depends on %q of scope %q: %w", d.name(), d.s.Path(), err)
}

// resolve records what n, which is not registered yet, depends on in the scopes above,
// and returns the nodes of its own scope: those are recorded in the critical section in
// which n is registered, so that none of them can be dropped in between. After an error
// the caller calls forget.
func (n *node) resolve(nodes []Node) (own []*node, err error) {
	for _, to := range nodes {
		if isAbsent(to) {
			continue
		}
		d, err := n.dependency(to)
		if err != nil {
			return nil, err
		}
		if d.s == n.s {
			own = append(own, d)
			continue
		}
		if err := n.aboutDependency(d, n.dependOn(d)); err != nil {
			return nil, err
		}
	}
	return own, nil
}

// nodeBehind returns the node of n, or nil for a nil node and for a scope that is
// no child.
func nodeBehind(n Node) *node {
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

// depsLocked returns the nodes of the graph for what n is to depend on: own,
// which must be live, and what was used while n was opened.
func (s *Scope) depsLocked(n *node, own []*node) ([]*engine.Node, error) {
	if len(own) == 0 && n.rarely.Load() == nil {
		return nil, nil
	}
	uses := n.rarelyLocked().uses
	deps := make([]*engine.Node, 0, len(own)+len(uses))
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

// unpinLocked gives up the pins of a node that has ended. The graphs that they are
// in are those of scopes above, whose locks come after.
func (n *node) unpinLocked() {
	if x := n.rarely.Load(); x != nil {
		unpin(x.above)
		x.above = nil
		n.unpinValuesLocked(x)
	}
}

// unpin gives up the pins of what has been registered or has ended.
func unpin(uses []use) {
	for _, u := range uses {
		u.pin.Remove()
	}
}

// Depend records late that dependent uses dependency, so that it is dropped
// first. It returns a [*CycleError] with the whole path if that contradicts
// what is known, [ErrForeign] unless dependent belongs to s and dependency to s
// or an ancestor of it, and [ErrDropped] when either is gone. With a nil node, a
// component that is switched off, it does nothing.
func (s *Scope) Depend(dependent, dependency Node) error {
	if isAbsent(dependent) || isAbsent(dependency) {
		return nil
	}
	a := nodeBehind(dependent)
	if a == nil || a.s != s || a.is() == pending { // pending: a lazy that was refused
		return s.refusal("depend", nodeName(dependent), ErrForeign)
	}
	d, err := a.dependency(dependency)
	switch {
	case err != nil:
	case d == a:
		err = notAccepted(s.graph.Depend(&a.vertex, &a.vertex)) // which has the path
	default:
		err = a.aboutDependency(d, a.dependOn(d))
	}
	if err != nil {
		return s.refusal("depend", a.name(), err)
	}
	return nil
}
