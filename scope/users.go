package scope

import (
	"context"

	"go.uber.org/multierr"

	"github.com/ebb-go/ebb/internal/engine"
)

// usersOf returns the innermost open function and the daemon for which user, the owner
// of the context in which n is acquired or started, does so: what each of them is
// depends on n. Of open functions around that one it is enough that they depend on what
// it opens; but a daemon can come to its turn while it opens something. There are none
// for the most part, which costs nothing.
func (n *node) usersOf(user *frame) (users []*frame) {
	for f := user; f != nil; f = f.outer() {
		if f.kind != openingFrame && f.kind != daemonFrame {
			return users
		}
		if related := f.s == n.s || f.s.below(n.s) || n.s.below(f.s); related && (len(users) == 0 || f.kind == daemonFrame) {
			users = append(users, f)
		}
		if f.kind == daemonFrame {
			return users
		}
	}
	return users
}

// useFromAbove records, before n is registered, that users of a scope above depend on the
// child in which it will lie.
func (n *node) useFromAbove(users []*frame) error {
	for _, f := range users {
		if !n.s.below(f.s) || f.kind == daemonFrame && f.live.Load() == 0 {
			continue
		}
		if err := f.node.dependOn(n); err != nil {
			return err
		}
	}
	return nil
}

// nodesOf returns the users in the scope of n that are nodes: they come to depend on n
// in the critical section in which it is registered, so it cannot be dropped between
// the two.
func (n *node) nodesOf(users []*frame) (nodes []*engine.Node) {
	for _, f := range users {
		if f.s == n.s && f.node.is() != pending {
			nodes = append(nodes, &f.node.vertex)
		}
	}
	return nodes
}

// useBesideLocked records, in the same critical section, that open functions of the
// scope of n use it, and what it is made by.
func (n *node) useBesideLocked(users []*frame) {
	for k, f := range users {
		if f.s != n.s {
			continue
		}
		if f.node.is() == pending { // no pin: it is the open function's to release or to move on
			x := f.node.makeRarelyLocked()
			x.uses = append(x.uses, use{to: n})
		}
		if k == 0 && f.kind == openingFrame {
			x := f.node.makeRarelyLocked()
			x.made = append(x.made, n)
		}
	}
}

// useFromBelow records that users in the scopes below depend on n. It is registered by
// then: if it is being dropped already, with what it depends on, that is awaited and
// the error returned.
func (n *node) useFromBelow(users []*frame) error {
	for k, f := range users {
		if !f.s.below(n.s) {
			continue
		}
		if err := f.node.dependOn(n); err != nil {
			return multierr.Append(err, n.dropEarly(context.WithoutCancel(n.s.context.base), true))
		}
		if k == 0 && f.kind == openingFrame {
			f.s.mu.Lock()
			x := f.node.makeRarelyLocked()
			x.made = append(x.made, n)
			f.s.mu.Unlock()
		}
	}
	return nil
}
