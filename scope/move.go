package scope

import (
	"cmp"
	"reflect"
	"slices"

	"github.com/ebb-go/ebb/guard"
)

// MoveTo makes s the owner of the guard, and returns its handle there; h is as
// after [Handle.Release]. At every instant exactly one scope owns the guard: if
// the move is refused it has stayed where it was. It is refused with an
// [*InUseError] while the guard has dependents, with [ErrClosed] when s no
// longer accepts or the teardown of its own scope has begun, and with
// [ErrForeign] when the guard depends on one that s would outlive. The guard keeps
// its edges, [DropTimeout] and [Hold] unless options replace them.
func (h *Handle[T]) MoveTo(s *Scope, opts ...GuardOption) (*Handle[T], error) {
	from := h.item.s
	cfg := newGuardConfig(opts)
	to := &Handle[T]{}
	to.item = item{s: s, impl: to}
	to.g = &to.own
	refuse := func(err error) (*Handle[T], error) { return nil, from.refusal("move", h.Name(), err) }
	if s == from {
		return refuse(misuse("it belongs to that scope already"))
	}
	if err := cfg.validForGuard(); err != nil {
		return refuse(err)
	}
	spec := h.item.n.Spec()
	cfg.hold = cfg.hold || spec.Hold
	cfg.timeout = cmp.Or(cfg.timeout, spec.Timeout)
	to.item.n.Label(h.item.written())
	given := cfg.deps
	for {
		edges := h.item.edges()
		cfg.deps = given
		if !cfg.narrowed {
			for _, d := range edges {
				cfg.deps = append(cfg.deps, itemNode{d})
			}
		}
		deps, err := to.item.resolve(cfg.deps, false)
		if err != nil {
			to.item.forget()
			return refuse(err)
		}
		unlock := lockBoth(from, s)
		moved := cfg.narrowed || slices.Equal(edges, h.item.edgesLocked()) // else one came meanwhile
		if moved {
			err = h.item.moveLocked(&to.item, deps, &cfg)
		}
		if moved && err == nil {
			guard.MoveOwned(&to.own, h.g) // the new handle is the owner now
		}
		unlock()
		switch {
		case err != nil:
			to.item.forget()
			return refuse(err)
		case moved:
			return to, nil
		}
	}
}

// edges returns what i depends on, in its own scope and in those above.
func (i *item) edges() []*item {
	i.s.mu.Lock()
	defer i.s.mu.Unlock()
	return i.edgesLocked()
}

func (i *item) edgesLocked() (edges []*item) {
	for _, n := range i.s.graph.Dependencies(&i.n) {
		edges = append(edges, itemOf(n))
	}
	for _, u := range i.extraLocked().above {
		edges = append(edges, u.to)
	}
	return edges
}

// moveLocked takes i out of its scope and puts to into that of to, or does
// nothing. Both scopes are locked, so neither can begin its teardown meanwhile, and
// what has claimed i until it is out keeps every drop from it.
func (i *item) moveLocked(to *item, deps []*item, cfg *guardConfig) error {
	switch {
	case i.is() == released:
		return ErrReleased
	case i.is() == ending || i.is() == gone:
		return ErrDropped
	case i.s.state >= dropping:
		return ErrClosed
	}
	if err := i.s.graph.Claim(&i.n); err != nil {
		return notAccepted(err)
	}
	if err := to.registerLocked(i.written(), deps, cfg, false, nil); err != nil {
		i.s.graph.Unclaim(&i.n)
		return err
	}
	// Refused only if a run has taken the node meanwhile, with what it depends
	// on; that finds i released.
	_ = i.s.graph.Remove(&i.n)
	i.set(released)
	i.makeExtraLocked().site = callSite()
	i.unpinLocked()
	i.s.names.free(i.name())
	i.s.lives(-1)
	return nil
}

// itemNode is a node whose handle is not at hand.
type itemNode struct{ i *item }

func (n itemNode) Name() string { return n.i.name() }
func (n itemNode) node() *item  { return n.i }

// lockBoth locks two scopes in an order that all agree on, and returns how to
// unlock them: the deeper one first, as everybody does who locks a scope and its
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
