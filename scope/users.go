package scope

import (
	"context"
	"slices"

	"go.uber.org/multierr"

	"github.com/ebb-go/ebb/group"
)

// usersOf returns the innermost open function and the daemon for which user, the owner
// of the context in which i is acquired or started, does so: what each of them is
// depends on i. Of open functions around that one it is enough that they depend on what
// it opens; but a daemon can come to its turn while it opens something. There are none
// for the most part, which costs nothing.
func (i *item) usersOf(user *owner) (users []*owner) {
	for o := user; o != nil; o = o.outer() {
		if o.kind != openingOwner && o.kind != daemonOwner {
			return users
		}
		if related := o.s == i.s || o.s.below(i.s) || i.s.below(o.s); related && (len(users) == 0 || o.kind == daemonOwner) {
			users = append(users, o)
		}
		if o.kind == daemonOwner {
			return users
		}
	}
	return users
}

// giveUpUse makes the open functions in whose context i is dropped use it no longer:
// what they have used only while they opened is theirs to drop. If the drop is refused,
// they use it all the same, and takeBack says so: unless another has dropped i
// meanwhile, which leaves nothing to be used.
func (i *item) giveUpUse(user *owner) (takeBack func()) {
	var by []*owner
	for o := user; o != nil && o.kind == openingOwner; o = o.outer() {
		if o.item.forgetUse(o.s, i) {
			by = append(by, o)
		}
	}
	return func() {
		for _, o := range by {
			_ = i.usedBy(o)
		}
	}
}

// forgetUse ends what i, which is being opened in s, is known to use d for; it reports
// whether there was anything.
func (i *item) forgetUse(s *Scope, d *item) (did bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	x := i.extra.Load()
	if x == nil || i.is() != pending {
		return false
	}
	given := func(u use) bool {
		if u.to == d {
			u.pin.Remove()
			did = true
		}
		return u.to == d
	}
	x.uses = slices.DeleteFunc(x.uses, given)
	x.above = slices.DeleteFunc(x.above, given)
	return did
}

// heldBelow records, before i is registered, that users of a scope above depend on the
// child in which it will lie.
func (i *item) heldBelow(users []*owner) error {
	for _, o := range users {
		if !i.s.below(o.s) || o.kind == daemonOwner && o.live.Load() == 0 {
			continue
		}
		if via, kind := i.s.leadsDown(o.s); via != nil && kind == bodyOwner {
			if err := o.item.link(via); err != nil {
				return err
			}
		}
	}
	return nil
}

// nodesOf returns the users in the scope of i that are nodes: they come to depend on i
// in the critical section in which it is registered, so it cannot be dropped between
// the two.
func (i *item) nodesOf(users []*owner) (nodes []*group.Node) {
	for _, o := range users {
		if o.s == i.s && o.item.is() != pending {
			nodes = append(nodes, &o.item.n)
		}
	}
	return nodes
}

// heldBesideLocked records, in the same critical section, that open functions of the
// scope of i use it, and what it is made by.
func (i *item) heldBesideLocked(users []*owner) {
	for k, o := range users {
		if o.s != i.s {
			continue
		}
		if o.item.is() == pending { // no pin: it is the open function's to release or to move on
			x := o.item.makeExtraLocked()
			x.uses = append(x.uses, use{i, nil})
		}
		if k == 0 && o.kind == openingOwner {
			x := o.item.makeExtraLocked()
			x.made = append(x.made, i)
		}
	}
}

// heldAbove records that users in the scopes below depend on i. It is registered by
// then: if it is being dropped already, with what it depends on, that is awaited and
// the error returned.
func (i *item) heldAbove(users []*owner) error {
	for k, o := range users {
		if !o.s.below(i.s) {
			continue
		}
		if err := o.item.linkAbove(i); err != nil {
			return multierr.Append(err, i.dropEarly(context.WithoutCancel(i.s.context.base), true))
		}
		if k == 0 && o.kind == openingOwner {
			o.s.mu.Lock()
			x := o.item.makeExtraLocked()
			x.made = append(x.made, i)
			o.s.mu.Unlock()
		}
	}
	return nil
}
