package scope

import (
	"context"
	"time"

	"github.com/ebb-go/ebb/internal/budget"
	"github.com/ebb-go/ebb/internal/engine"
)

// dropEarly drops n now, with tree after its dependents, and waits for that as
// long as ctx lives. Only the call that started the drop, and those that
// overlapped it, hear its error.
func (n *node) dropEarly(ctx context.Context, tree bool) (err error) {
	_, err = n.dropOrJoin(ctx, tree)
	return err
}

// dropOrJoin is dropEarly; first says whether this call has started the drop, or was
// refused.
func (n *node) dropOrJoin(ctx context.Context, tree bool) (first bool, err error) {
	s := n.s
	in := held(ctx)
	takeBack := n.giveUpUse(frameOf(ctx))
	bound := n.closeBound(ctx)
	s.mu.Lock()
	e, w, first, err := n.joinLocked(in, tree, bound)
	_, child := n.resource.(*Scope)
	hears := e != nil && (first || !child) // a later Close of a child only waits
	if hears {
		e.waiters++
	}
	s.mu.Unlock()
	if err != nil {
		takeBack()
		return true, s.refusal("drop", n.name(), notAccepted(err))
	}
	if e == nil {
		return false, nil
	}
	defer w.leave()
	if first {
		engine.Start(e)
	}
	select {
	case <-e.done:
		return first, e.err
	case <-w.refused():
		err = s.refusal("drop", n.name(), ErrReentrant)
	case <-ctx.Done():
		err = context.Cause(ctx)
		if first && !bound.IsZero() {
			e.awaitBound()
		}
	}
	s.mu.Lock()
	if isClosed(e.done) {
		s.mu.Unlock()
		return first, e.err
	}
	var late error
	if hears {
		late = e.leaveLocked()
	}
	s.mu.Unlock()
	if late != nil {
		s.logUnheard(n, late)
	}
	return first, err
}

// awaitBound is for the caller of a Close whose context has ended. If that was by its
// deadline, the exit ends by it too, at the same moment, and has an answer that says more:
// the caller waits for that, but not longer than a report is waited for.
func (e *earlyDrop) awaitBound() {
	if time.Now().Before(e.bound) {
		return
	}
	timer := time.NewTimer(budget.Delivery(budget.Forever))
	defer timer.Stop()
	select {
	case <-e.done:
	case <-timer.C:
	}
}

// joinLocked returns the record of the drop of n, and makes it first if there is none;
// nil if n is gone. The wait of the caller is recorded by then, and was refused if it is
// one for itself; and the run of an early drop has the nodes. All of that happens under
// one lock, with what Release and MoveTo do.
func (n *node) joinLocked(in []waitPoint, tree bool, bound time.Time) (e *earlyDrop, w *wait, first bool, err error) {
	s := n.s
	if n.is() == gone || n.is() == released {
		return nil, nil, false, nil
	}
	e = n.rarelyLocked().early
	joins := e != nil || n.is() == ending || s.state >= dropping
	if !joins {
		used := s.graph.Used(&n.vertex)
		if joins = used == engine.ErrGone; !joins && !tree && used != nil {
			return nil, nil, false, notAccepted(used)
		}
	}
	on := target{waitPoint: waitPoint{node: n}, wide: n.is() != ending && (joins || tree)}
	w, path := waits.enter(in, on)
	if path != nil {
		return nil, nil, false, ErrReentrant
	}
	if e == nil {
		e = &earlyDrop{node: n, tree: tree, bound: bound, done: make(chan struct{})}
		if !joins {
			if e.run, err = s.graph.Begin(&n.vertex, tree); err != nil {
				w.leave()
				return nil, nil, false, notAccepted(err)
			}
			first, e.over = true, make(chan struct{})
			s.beginEarlyLocked(e)
		}
		x := n.makeRarelyLocked()
		x.early = e
		if g, guard := n.resource.(interface{ guarded() }); first && guard {
			x.site = callSite() // for the message of a use afterwards
			if !tree {
				g.guarded()
			}
		}
	}
	if n.is() == gone { // by a drop that ends alone, which has not seen the record
		n.endRecordLocked()
	}
	return e, w, first, nil
}

// closeBound returns by when a child has to be closed that is closed with ctx.
func (n *node) closeBound(ctx context.Context) time.Time {
	if _, child := n.resource.(*Scope); !child {
		return time.Time{}
	}
	return futureDeadline(ctx)
}
