package scope

import (
	"context"

	"github.com/ebb-go/ebb/internal/life"
)

// held returns what cannot end before a call in ctx returns: the functions in whose
// context that is, and the nodes that they belong to, outwards. ctx is foreign code, so
// no lock is held.
func held(ctx context.Context) (in []waitPoint) {
	f := frameOf(ctx)
	for direct := true; f != nil; direct = false {
		inside := true // the scope of f does not end before
		next := f.outer
		switch f.kind {
		case bodyFrame:
			inside = !direct || f.s.self == nil && !f.s.isOpened() // without a body its context is anybody's
		case taskFrame:
			if inside = f.live.Load() > 0; inside {
				in = append(in, waitPoint{task: f})
			}
		case daemonFrame, dropFrame:
			in = append(in, waitPoint{node: f.node})
			if f.apart {
				in = append(in, waitPoint{node: f.node, open: true}) // the next to use the lazy wait for it
			}
			inside = f.kind == daemonFrame || f.node.is() != pending // else no scope has it
		case openingFrame:
			in = append(in, waitPoint{node: f.node, open: true})
			if inside = f.apart || f.s.isInside(); f.apart { // its callers wait for it as such
				in = append(in, waitPoint{node: f.node})
				next = func() *frame { return f.s.opener }
			}
		}
		if inside && f.s.self != nil {
			in = append(in, waitPoint{node: f.s.self})
		}
		if inside && f.s.isOpened() {
			in = append(in, waitPoint{scope: f.s})
		}
		for _, v := range f.pinned() {
			in = v.node.heldFrom(in) // its drop waits for the function
		}
		f = next()
	}
	for b := borrowingOf(ctx); b != nil; b = b.outer {
		if b.over.Load() {
			continue
		}
		in = b.node.heldFrom(in) // its drop waits for borrowers
	}
	for _, l := range life.Around(ctx) {
		in = append(in, waitPoint{life: l})
	}
	return in
}

// Lives know only of each other. That a call waits for one, and in which functions of a
// scope, is entered here too: a task that holds a mutex and waits for a drop, which waits
// for the mutex, is a circle through both.
func init() {
	life.Beyond(func(ctx context.Context, on *life.Life) (leave func(), err error) {
		w, path := waits.enter(held(ctx), target{waitPoint: waitPoint{life: on}})
		switch {
		case path != nil:
			return nil, ErrReentrant
		case w == nil:
			return nil, nil
		}
		return w.leave, nil
	})
}

// heldFrom adds n, whose drop waits for a function, and the scopes that it lies in.
func (n *node) heldFrom(in []waitPoint) []waitPoint {
	in = append(in, waitPoint{node: n})
	s := n.s
	for ; s != nil && s.self != nil; s = s.parent {
		in = append(in, waitPoint{node: s.self})
	}
	if s != nil && s.isOpened() {
		in = append(in, waitPoint{scope: s})
	}
	return in
}
