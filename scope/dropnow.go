package scope

import (
	"context"
	"log/slog"
	"time"

	"go.uber.org/multierr"

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
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if isClosed(e.done) {
		return first, e.err
	}
	if hears {
		e.waiters--
	}
	return first, err
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
			x.site = callSite() // for who uses the value afterwards
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

// beginEarlyLocked adds e to the early drops that have not ended. It is no task: the
// exit does not wait for it before the teardown, which meets what it drops.
func (s *Scope) beginEarlyLocked(e *earlyDrop) {
	x := s.exitStateLocked()
	if e.next = x.early; e.next != nil {
		e.next.prev = e
	}
	x.early = e
}

// endEarlyLocked is its opposite.
func (s *Scope) endEarlyLocked(e *earlyDrop) {
	if e.prev != nil {
		e.prev.next = e.next
	} else {
		s.exitState.early = e.next
	}
	if e.next != nil {
		e.next.prev = e.prev
	}
	close(e.over)
}

// outcomeOf is the word for what a drop that was not bounded came to.
func outcomeOf(err error) string {
	switch {
	case err == nil:
		return "ok"
	case err == ErrGoexit:
		return "goexit"
	}
	if _, ok := err.(*PanicError); ok {
		return "panic"
	}
	return "error"
}

// failUnheardLocked makes an error of drops that no caller waits for Run's. If Run has
// collected its errors already it reports that, and the error is to be logged.
func (s *Scope) failUnheardLocked(err error) (afterExit bool) {
	if s.exitStateLocked().collected {
		return true
	}
	s.failLocked(failure{earlyIndex, err, nil})
	return false
}

// logUnheard logs an error of the drop of n, or of what it has made, that comes too late
// for Run.
func (s *Scope) logUnheard(n *node, err error) {
	s.warn("ebb: late result of an abandoned drop", slog.String("guard", n.name()), slog.Any("error", err))
}

// Run is the goroutine of an early drop.
func (e *earlyDrop) Run() {
	n := e.node
	s := n.s
	outcomes := e.run.Do(context.WithoutCancel(s.context.base), s.options(nil))
	hung := s.takeStacks(outcomes)
	errs := make([]error, len(outcomes))
	for k, o := range outcomes {
		errs[k] = multierr.Append(nodeOf(o.Node).outcome(o), hung[k])
	}
	s.mu.Lock()
	var unheard error // what the teardown has not reported of nodes that it gave up
	for k, o := range outcomes {
		if !nodeOf(o.Node).rarelyLocked().cut {
			unheard = multierr.Append(unheard, errs[k])
		}
	}
	afterExit := unheard != nil && e.waiters == 0 && s.failUnheardLocked(unheard)
	e.err, e.run = multierr.Combine(errs...), nil // in the teardown's hands, if that has taken it over
	s.endEarlyLocked(e)
	if n.is() == gone {
		n.endRecordLocked()
	}
	s.mu.Unlock()
	if afterExit {
		s.logUnheard(n, unheard)
	}
}

// endRecordLocked ends the record of the drop of n, which is gone, unless its run still
// collects what others have come to.
func (n *node) endRecordLocked() {
	e := n.rarelyLocked().early
	if e == nil || e.run != nil {
		return
	}
	if e.over == nil || !n.vertex.Early() { // of another run
		e.err = multierr.Append(e.err, n.dropErrLocked())
	}
	n.rarely.Load().early = nil
	close(e.done)
}

// dropErrLocked is the error of a drop that another run has done.
func (n *node) dropErrLocked() error {
	dropErr := n.rarelyLocked().dropErr
	switch err := dropErr.(type) {
	case nil:
		return nil
	case *DropError:
		return err
	}
	return &DropError{Scope: n.s.Path(), Guard: n.name(), Wave: n.vertex.Wave(), Outcome: outcomeOf(dropErr), Err: dropErr}
}
