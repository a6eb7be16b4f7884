package scope

import (
	"cmp"
	"reflect"
	"slices"
)

// MoveTo makes s the owner of the guard, and returns its handle there; h is as
// after [Handle.Release]. At every instant exactly one scope owns the guard: if
// the move is refused it has stayed where it was. It is refused with an
// [*InUseError] while the guard has dependents, with [ErrClosed] when s no
// longer accepts or the teardown of its own scope has begun, and with
// [ErrForeign] when the guard depends on one that s would outlive. The guard keeps
// its edges, [DropTimeout] and [Hold] unless options replace them.
func (h *Handle[T]) MoveTo(s *Scope, opts ...GuardOption) (*Handle[T], error) {
	from := h.node.s
	cfg := newGuardConfig(opts)
	to := &Handle[T]{}
	to.node = node{s: s, resource: to}
	to.g = &to.own
	refuse := func(err error) (*Handle[T], error) { return nil, from.refusal("move", h.Name(), err) }
	if s == from {
		return refuse(misuse("it belongs to that scope already"))
	}
	if err := cfg.validForGuard(); err != nil {
		return refuse(err)
	}
	spec := h.node.vertex.Spec()
	cfg.hold = cfg.hold || spec.Hold
	cfg.timeout = cmp.Or(cfg.timeout, spec.Timeout)
	to.node.vertex.Label(h.node.written())
	given := cfg.deps
	for {
		edges := h.node.edges()
		cfg.deps = given
		if !cfg.narrowed {
			for _, d := range edges {
				cfg.deps = append(cfg.deps, nodeShell{d})
			}
		}
		deps, err := to.node.resolve(cfg.deps)
		if err != nil {
			to.node.forget()
			return refuse(err)
		}
		unlock := lockBoth(from, s)
		moved := cfg.narrowed || slices.Equal(edges, h.node.edgesLocked()) // else one came meanwhile
		if moved {
			err = h.node.moveLocked(&to.node, deps, &cfg)
		}
		if moved && err == nil {
			h.g.Move(&to.own) // the new handle is the owner now
		}
		unlock()
		switch {
		case err != nil:
			to.node.forget()
			return refuse(err)
		case moved:
			return to, nil
		}
	}
}

// edges returns what n depends on, in its own scope and in those above.
func (n *node) edges() []*node {
	n.s.mu.Lock()
	defer n.s.mu.Unlock()
	return n.edgesLocked()
}

func (n *node) edgesLocked() (edges []*node) {
	for _, d := range n.s.graph.Dependencies(&n.vertex) {
		edges = append(edges, nodeOf(d))
	}
	for _, u := range n.rarelyLocked().above {
		edges = append(edges, u.to)
	}
	return edges
}

// moveLocked takes n out of its scope and puts to into that of to, or does
// nothing. Both scopes are locked, so neither can begin its teardown meanwhile, and
// what has claimed n until it is out keeps every drop from it.
func (n *node) moveLocked(to *node, deps []*node, cfg *guardConfig) error {
	switch {
	case n.is() == released:
		return ErrReleased
	case n.is() == ending || n.is() == gone:
		return ErrDropped
	case n.s.state >= dropping:
		return ErrClosed
	}
	if err := n.s.graph.Claim(&n.vertex); err != nil {
		return notAccepted(err)
	}
	if err := to.registerLocked(n.written(), deps, cfg, false, nil); err != nil {
		n.s.graph.Unclaim(&n.vertex)
		return err
	}
	// Refused only if a run has taken the node meanwhile, with what it depends
	// on; that finds n released.
	_ = n.s.graph.Remove(&n.vertex)
	n.set(released)
	n.movePinsLocked(to)
	n.makeRarelyLocked().site = callSite()
	n.unpinLocked()
	n.s.names.free(n.name())
	n.s.lives(-1)
	return nil
}

// nodeShell stands for a node whose handle is not at hand.
type nodeShell struct{ n *node }

func (n nodeShell) Name() string  { return n.n.name() }
func (n nodeShell) asNode() *node { return n.n }

// lockBoth locks two scopes in an order that all agree on, and returns how to
// unlock them: the deeper one first, as all code does that locks a scope and its
// parent, and of two of one depth that with the smaller address, which never
// changes.
func lockBoth(a, b *Scope) (unlock func()) {
	if d := b.depth() - a.depth(); d > 0 || d == 0 && reflect.ValueOf(a).Pointer() > reflect.ValueOf(b).Pointer() {
		a, b = b, a
	}
	a.mu.Lock()
	b.mu.Lock()
	return func() {
		b.mu.Unlock()
		a.mu.Unlock()
		a.count()
		b.count()
	}
}

// depth returns how many scopes are around s.
func (s *Scope) depth() (n int) {
	for p := s.parent; p != nil; p = p.parent {
		n++
	}
	return n
}
