package scope

import (
	"context"
	"slices"
)

// isPlainUse reports whether usedBy has nothing to record for what uses n with ctx:
// the body, a task or a drop of the same scope, with its context as it was handed
// out. (Without it the most common use takes five times as long.)
func (n *node) isPlainUse(ctx context.Context) bool {
	f, ok := ctx.(*frame)
	return ok && f.s == n.s && f.kind != openingFrame && f.kind != daemonFrame
}

// usedBy records that the frame f, or what it belongs to, uses n. The error is a
// [*CycleError]: all else that keeps an edge from being recorded means that the order
// is decided.
func (n *node) usedBy(f *frame) error {
	opening := false // the innermost open function has been found
	for ; f != nil; f = f.outer() {
		if opening && f.kind == openingFrame {
			continue // it depends on what the inner one opens
		}
		related := f.s == n.s || f.s.below(n.s) || n.s.below(f.s)
		var err error
		switch {
		case !related:
			continue
		case f.kind == openingFrame || f.kind == daemonFrame:
			err = f.node.dependOn(n)
		case f.s == n.s:
			return nil // the body, a task or a drop
		case f.s.below(n.s) && opening:
			return nil // what it opens depends on n, which is recorded where it lies
		case f.s.below(n.s):
			if via, kind := f.s.leadsDown(n.s); via != nil && kind != dropFrame {
				err = via.dependOn(n)
			}
		default:
			continue
		}
		if _, cycle := err.(*CycleError); cycle {
			return err
		}
		if f.kind != openingFrame {
			return nil
		}
		opening = true // and if it is a daemon's doing, that uses n while it opens
	}
	return nil
}

// giveUpUse makes the open functions in whose context n is dropped use it no longer:
// what they have used only while they opened is theirs to drop. If the drop is refused,
// they use it all the same, and takeBack says so: unless another has dropped n
// meanwhile, which leaves nothing to be used.
func (n *node) giveUpUse(user *frame) (takeBack func()) {
	var by []*frame
	for f := user; f != nil && f.kind == openingFrame; f = f.outer() {
		if f.node.forgetUse(f.s, n) {
			by = append(by, f)
		}
	}
	return func() {
		for _, f := range by {
			_ = n.usedBy(f)
		}
	}
}

// forgetUse ends what n, which is being opened in s, is known to use d for; it reports
// whether there was anything.
func (n *node) forgetUse(s *Scope, d *node) (did bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	x := n.rarely.Load()
	if x == nil || n.is() != pending {
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
