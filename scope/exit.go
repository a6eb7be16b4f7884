package scope

import (
	"context"
	"slices"
	"time"

	"github.com/ebb-go/ebb/internal/budget"
	"github.com/ebb-go/ebb/internal/fault"
)

// exit is the way out of Run once the body has ended: with err, or else, when it
// has not returned, with a panic of value p or, when that is nil, a Goexit.
func (s *Scope) exit(err error, returned bool, p any) error {
	if owner := s.within; owner != nil {
		defer owner.release(s) // also when a panic goes on
	}
	if returned && err == nil {
		if idle, cause := s.closeIdle(); idle {
			return cause
		}
	}
	s.rename()
	kind, value := s.bodyEnded(err, returned, p)
	s.drain(context.Background()) // no limit but its own
	s.decide(kind, value)
	end := func(x exitRun) error {
		faults := s.finish(x)
		if p != nil {
			panic(p) // what else failed is in the report
		}
		return faults.result()
	}
	return end(s.dropAll(budgetOf(s, time.Time{}), func(x exitRun) { _ = end(x) }))
}

// rename gives the scope the name that is known now that its body has ended.
func (s *Scope) rename() {
	if s.config == nil || s.config.finalName == nil {
		return
	}
	var name string
	if failed := within(time.Now().Add(logWait), func() { name = s.config.finalName() }); failed != nil {
		s.contained("name", failed)
		return
	}
	if name != "" && name != s.name {
		s.config.renamed.Store(&name)
		s.rec.Rename(name, s.Path())
	}
}

// closeIdle closes a scope that has nothing to wait for, to drop or to report, as
// those of many requests are, and most children of a long-lived scope; it reports
// whether it could. The exit is decided here as it is in decide: with the cause of
// a scope that was canceled, and with nil if it succeeded. (One critical section
// instead of five, which is a third of the time of an empty Run, and no goroutine
// instead of two for a child.)
func (s *Scope) closeIdle() (idle bool, cause error) {
	cause = s.cause()
	s.mu.Lock()
	idle = s.idleLocked() && (s.self == nil || s.leaveParent())
	if idle {
		s.body.leaveLocked()
		s.closeLocked()
	}
	s.mu.Unlock()
	if idle {
		s.context.end()
	}
	return idle, cause
}

// idleLocked reports whether the scope has nothing but its body, no error to
// return, not even the cause in place of an echo, and is not watched.
func (s *Scope) idleLocked() bool {
	return s.state == open && s.body.live.Load() == 1 && s.graph.Len() == 0 && s.exitState == nil && !s.echoed &&
		s.config == nil && !s.watched
}

// bodyEnded records what the body came to, and cancels the scope unless it
// succeeded.
func (s *Scope) bodyEnded(err error, returned bool, p any) (kind ExitKind, value any) {
	switch {
	case p != nil:
		s.cancelFor(fault.Panic(p))
		return Panicked, p
	case !returned:
		s.cancelFor(ErrGoexit)
		return Exited, nil
	case err != nil:
		s.fail(failure{bodyIndex, err, nil}, s.isEcho(err), nil)
	}
	return Succeeded, nil
}

// decide moves the scope on to dropping and decides its exit case. Nothing is
// registered after it, so the graph no longer changes.
func (s *Scope) decide(kind ExitKind, value any) {
	cause := s.cause()
	turn := s.byTurn(cause)
	ofValue := s.slotNode() != nil // it ends with a value of a slot, which cuts nothing short
	var ends Exit
	if ofValue {
		ends = ExitOf(&s.self.drop)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.advanceLocked(dropping)
	if turn && !s.echoed {
		cause = nil // it has cut nothing short
	}
	slices.SortStableFunc(s.failuresLocked(), func(a, b failure) int { return a.index - b.index })
	exit, by := s.exitLocked(kind, value, cause)
	if ofValue && (exit.Kind == Succeeded || exit.Kind == Canceled) {
		exit, by = ends, failure{}
	}
	s.body.unpin(s)
	if exit.Kind != Succeeded || s.watched || s.self != nil { // else nil says the same
		s.decided = &decision{exit: exit, by: by, cause: cause}
		if cause == nil {
			s.decided.cause = s.stopReasonLocked()
		}
	}
}

// exitLocked decides the exit case from that of the body and what the tasks and
// daemons have come to, and returns the failure that has decided it.
func (s *Scope) exitLocked(kind ExitKind, value any, cause error) (exit Exit, by failure) {
	if kind != Succeeded {
		return Exit{Kind: kind, Panic: value}, by
	}
	failures := s.failuresLocked()
	if s.exitState != nil && s.exitState.daemon.err != nil {
		failures = append(failures[:len(failures):len(failures)], s.exitState.daemon)
	}
	for _, f := range failures {
		if s.crashes(f.panicked) {
			return Exit{Kind: Panicked, Panic: f.panicked.Value}, f
		}
	}
	for _, f := range failures {
		if f.index != earlyIndex {
			return Exit{Kind: Failed, Err: f.err}, f
		}
	}
	if cause != nil {
		return Exit{Kind: Canceled, Err: cause}, failure{err: cause}
	}
	return Exit{}, by
}

// leaveParent takes an idle child out of its parent, unless it is in use or being
// dropped, or its drop is recorded: then the long way knows what to say.
func (s *Scope) leaveParent() bool {
	p, n := s.parent, s.self
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.rec != nil || n.is() != live || n.rarelyLocked().early != nil || p.graph.Remove(&n.vertex) != nil {
		return false
	}
	n.set(gone)
	n.endRecordLocked()
	p.names.free(n.name())
	n.unpinLocked()
	return true
}

// ExitOf reports to a drop function how its scope ended, so that a transaction
// commits on Succeeded and rolls back otherwise. ctx is the drop's own context
// or one derived from it. An early drop, and a context that is no drop's, find
// Succeeded.
func ExitOf(ctx context.Context) Exit {
	for f := frameOf(ctx); f != nil; f = f.s.opener {
		if f.kind == dropFrame {
			if x := f.node.rarely.Load(); f.way == dropEarly && x != nil && x.exit != nil {
				return *x.exit // written before the drop was begun
			}
			if f.way == dropEarly || f.way == dropUnowned || f.s.decided == nil {
				break // in this order: of the teardown's drops, end was written before the first
			}
			return f.s.decided.exit
		}
	}
	return Exit{}
}

// exitWithin takes down a scope without a body of its own, by bound if that is not
// zero, and before ctx, which may end or have a deadline too, is over.
func (s *Scope) exitWithin(ctx context.Context, bound time.Time) *faults {
	if !bound.IsZero() {
		s.timing.CompareAndSwap(nil, &clock{opened: time.Now()}) // something can be abandoned now
		var cancel context.CancelFunc
		ctx, cancel = context.WithDeadline(ctx, bound)
		defer cancel()
	}
	s.drain(ctx)
	s.decide(Succeeded, nil)
	return s.finish(s.dropAll(budgetOf(s, budget.Deadline(ctx)), nil))
}
