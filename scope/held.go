package scope

import (
	"context"
	"sync/atomic"
)

// held returns what cannot end before a call in ctx returns: the functions in whose
// context that is, and the nodes that they belong to, outwards. ctx is foreign code, so
// no lock is held.
func held(ctx context.Context) (in []vertex) {
	o := ownerOf(ctx)
	for direct := true; o != nil; direct = false {
		inside := true // the scope of o does not end before
		next := o.outer
		switch o.kind {
		case bodyOwner:
			inside = !direct || o.s.self == nil // a child's own context is anybody's
		case taskOwner:
			if inside = o.live.Load() > 0; inside {
				in = append(in, vertex{task: o})
			}
		case daemonOwner, dropOwner:
			in = append(in, vertex{item: o.item})
			inside = o.kind == daemonOwner || o.item.is() != pending // else no scope has it
		case openingOwner:
			in = append(in, vertex{item: o.item, open: true})
			if inside = o.apart; inside { // its callers wait for it as such
				in = append(in, vertex{item: o.item})
				next = func() *owner { return o.s.frame }
			}
		}
		if inside && o.s.self != nil {
			in = append(in, vertex{item: o.s.self})
		}
		o = next()
	}
	for b := borrowingOf(ctx); b != nil; b = b.outer {
		if b.over.Load() {
			continue
		}
		in = append(in, vertex{item: b.item}) // its drop waits for borrowers
		for s := b.item.s; s != nil && s.self != nil; s = s.parent {
			in = append(in, vertex{item: s.self})
		}
	}
	return in
}

// A borrowing is the context of a function that borrows a value.
type borrowing struct {
	context.Context
	item  *item
	outer *borrowing
	over  atomic.Bool
}

type borrowKey struct{}

// borrowingOf returns the innermost borrowing that ctx is in, or nil.
func borrowingOf(ctx context.Context) *borrowing {
	b, _ := ctx.Value(borrowKey{}).(*borrowing)
	return b
}

// Value answers for the borrower.
func (b *borrowing) Value(key any) any {
	if _, ok := key.(borrowKey); ok {
		return b
	}
	return b.Context.Value(key)
}
