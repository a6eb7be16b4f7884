package scope

import (
	"errors"
	"fmt"
	"reflect"

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
	a := nodeBehind(dependent)
	if a == nil || a.s != s {
		return s.refusal("depend", nodeName(dependent), ErrForeign)
	}
	if _, err := a.resolve([]Node{dependency}, true); err != nil {
		return s.refusal("depend", a.name(), err)
	}
	return nil
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

// resolve records that n depends on nodes, and returns those of its own scope,
// which it records only with own: for n that is not registered yet that is a matter of
// the critical section in which it is. A node that cannot be depended on is an error,
// and so is an edge that cannot be kept.
func (n *node) resolve(nodes []Node, own bool) (deps []*node, err error) {
	s := n.s
	for _, to := range nodes {
		d := nodeBehind(to)
		switch {
		case isAbsent(to):
			continue
		case d == nil:
			return nil, fmt.Errorf("depends on %q: %w", nodeName(to), ErrForeign)
		case d.s == s && !own:
			deps = append(deps, d)
			continue
		case d.s == s:
			err = notAccepted(s.graph.Depend(&n.vertex, &d.vertex))
		default:
			err = n.linkAbove(d)
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

// depsLocked returns the nodes of the graph for what n is to depend on: own,
// which must be live, and what was used while n was opened.
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
