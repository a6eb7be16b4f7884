package scope

import (
	"context"
	"errors"
	"fmt"

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
	deps, err := s.resolve([]Node{dependency})
	if err != nil {
		return s.refusal("depend", a.name(), err)
	}
	for _, d := range deps {
		if err := s.graph.Depend(&a.n, &d.n); err != nil {
			return s.refusal("depend", a.name(), notAccepted(err))
		}
	}
	return nil
}

// nodeItem returns the item of n, or nil for a nil node and for a scope that is
// no child.
func nodeItem(n Node) *item {
	if n == nil {
		return nil
	}
	return n.node()
}

// isAbsent reports whether n is a nil node, of whatever type: what is left out of
// edges. A scope that is no child is a node of none, which is a mistake.
func isAbsent(n Node) bool {
	if nodeItem(n) != nil {
		return false
	}
	s, is := n.(*Scope)
	return !is || s == nil
}

func nodeName(n Node) string {
	if isAbsent(n) {
		return "nil"
	}
	return n.Name()
}

// resolve returns those of nodes that belong to s. For one that belongs to an
// ancestor it records the edge from what leads down to s. It takes the locks of
// ancestors, so no scope is locked when it is called.
func (s *Scope) resolve(nodes []Node) (own []*item, err error) {
	for _, n := range nodes {
		d := nodeItem(n)
		switch {
		case isAbsent(n):
		case d == nil:
			return nil, fmt.Errorf("depends on %q: %w", nodeName(n), ErrForeign)
		case d.s == s:
			own = append(own, d)
		case !s.below(d.s):
			return nil, fmt.Errorf("depends on %q of scope %q: %w", d.name(), d.s.Path(), ErrForeign)
		default:
			if err := s.usesAbove(d); err != nil {
				return nil, fmt.Errorf("depends on %q of scope %q: %w", d.name(), d.s.Path(), err)
			}
		}
	}
	return own, nil
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
	for _, d := range uses {
		if d.is() == live { // else dropped early meanwhile: nothing to wait for
			deps = append(deps, &d.n)
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

// usesAbove records that s uses d of an ancestor: the edge starts at what leads
// from the ancestor down to s, if that is a child or a daemon. Tasks and the
// body end before anything is dropped and need none.
func (s *Scope) usesAbove(d *item) error {
	d.s.mu.Lock()
	defer d.s.mu.Unlock()
	if d.is() > live {
		return ErrDropped
	}
	c := s
	for c.parent != d.s {
		c = c.parent
	}
	switch {
	case c.self != nil:
		return c.self.dependsOn(d)
	case c.frame != nil && c.frame.s == d.s && c.frame.item != nil && c.frame.kind != dropOwner:
		return c.frame.item.dependsOn(d)
	}
	return nil
}

// dependsOn records the edge from i to d, both of one scope, which is locked.
func (i *item) dependsOn(d *item) error {
	if i == d {
		return nil
	}
	if i.is() == pending {
		r := i.makeExtraLocked()
		r.uses = append(r.uses, d)
		return nil
	}
	return cycleIn(i.s.graph.Depend(&i.n, &d.n))
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

// usedBy records that the owner o uses i, if o is, or belongs to, something
// that is dropped in the same scope as i. The error is a [*CycleError].
func (i *item) usedBy(o *owner) error {
	for ; o != nil; o = o.outer() {
		switch {
		case o.s == i.s && (o.kind == openingOwner || o.kind == daemonOwner):
			i.s.mu.Lock()
			defer i.s.mu.Unlock()
			return o.item.dependsOn(i)
		case o.s == i.s:
			return nil // the body, a task or a drop
		case o.kind == openingOwner && o.s.below(i.s):
			return cycleIn(o.s.usesAbove(i)) // wherever its context is from
		case o.s.self != nil && o.s.parent == i.s:
			i.s.mu.Lock()
			defer i.s.mu.Unlock()
			return o.s.self.dependsOn(i)
		}
	}
	return nil
}
