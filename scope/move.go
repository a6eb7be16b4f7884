package scope

import (
	"cmp"
	"errors"
	"reflect"

	"github.com/ebb-go/ebb/group"
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
	if !cfg.narrowed {
		for _, n := range from.graph.Dependencies(&h.item.n) {
			cfg.deps = append(cfg.deps, itemNode{itemOf(n)})
		}
	}
	deps, err := s.resolve(cfg.deps)
	if err != nil {
		return refuse(err)
	}
	unlock := lockBoth(from, s)
	defer unlock()
	if err := h.item.moveLocked(&to.item, deps, &cfg); err != nil {
		return refuse(err)
	}
	h.g.Disown() // the new handle is the owner now, of a guard that owes the same
	to.g = guard.Map(h.g, func(v T) T { return v })
	_ = to.g.Own() // refused only if it was dropped behind the scope's back
	return to, nil
}

// moveLocked takes i out of its scope and puts to into that of to, or does
// nothing. Both scopes are locked, so neither can begin its teardown meanwhile.
func (i *item) moveLocked(to *item, deps []*item, cfg *guardConfig) error {
	switch {
	case i.is() == released:
		return ErrReleased
	case i.is() == ending || i.is() == gone:
		return ErrDropped
	case i.s.state >= dropping:
		return ErrClosed
	}
	if err := to.registerLocked(i.written(), deps, cfg, false); err != nil {
		return err
	}
	err := i.s.graph.Remove(&i.n)
	if err == nil {
		i.set(released)
		i.makeExtraLocked().site = callSite()
		i.s.names.free(i.name())
		i.s.rec.GuardLive(-1)
		return nil
	}
	if undo := to.s.graph.Remove(&to.n); undo != nil {
		return undo
	}
	to.s.names.free(to.name())
	to.s.rec.GuardLive(-1)
	if errors.Is(err, group.ErrGone) {
		return ErrDropped
	}
	return notAccepted(err)
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
	}
}

// depth returns how many scopes are around s.
func (s *Scope) depth() (n int) {
	for p := s.parent; p != nil; p = p.parent {
		n++
	}
	return n
}
