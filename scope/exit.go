package scope

import (
	"context"
	"slices"
	"time"

	"github.com/ebb-go/ebb/internal/fault"
)

// exit is the way out of Run once the body has ended: with err, or else, when it
// has not returned, with a panic of value p or, when that is nil, a Goexit.
func (s *Scope) exit(err error, returned bool, p any) error {
	if owner := s.lexicalFrame(); owner != nil {
		defer owner.release(s) // also when a panic goes on
	}
	if returned && err == nil {
		if idle, cause := s.closeIdle(); idle {
			return cause
		}
	}
	kind, value := s.bodyEnded(err, returned, p)
	s.drain(context.Background()) // no limit but its own
	s.decide(kind, value)
	faults := s.finish(s.dropAll(budgetOf(s, time.Time{})))
	if p != nil {
		panic(p) // what else failed is in the report
	}
	return faults.result()
}

// closeIdle closes a scope that has nothing to wait for, to drop or to tell, as
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

// idleLocked reports whether the scope has nothing but its body, no error to tell,
// not even the cause in place of an echo, and nobody looks.
func (s *Scope) idleLocked() bool {
	return s.state == open && s.body.live.Load() == 1 && s.graph.Len() == 0 && s.exitState == nil && !s.echoed &&
		s.rec == nil && s.config == nil && !s.reports()
}

// closeLocked moves the scope on to closed. The caller has asked the context for
// Err before, and calls its end afterwards, both without the lock.
func (s *Scope) closeLocked() {
	s.context.close()
	s.advanceLocked(closed)
	s.unwatchLocked()
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
		s.fail(failure{bodyIndex, err, nil}, s.isEcho(err))
	}
	return Succeeded, nil
}

// fail records a failure and cancels the scope with it, unless it is an echo.
func (s *Scope) fail(f failure, echo bool) {
	s.mu.Lock()
	if echo {
		s.echoed = true
		s.mu.Unlock()
		return
	}
	s.failLocked(f)
	s.mu.Unlock()
	if s.supervisor && f.index != bodyIndex && f.panicked == nil {
		return
	}
	s.cancelFor(f.err)
}

// decide moves the scope on to dropping and decides its exit case. Nothing is
// registered after it, so the graph no longer changes.
func (s *Scope) decide(kind ExitKind, value any) {
	cause := s.cause()
	turn := s.byTurn(cause)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.advanceLocked(dropping)
	if turn && !s.echoed {
		cause = nil // it has cut nothing short
	}
	slices.SortStableFunc(s.failuresLocked(), func(a, b failure) int { return a.index - b.index })
	exit, by := s.exitLocked(kind, value, cause)
	if exit.Kind != Succeeded || s.watched() || s.self != nil { // else nil says the same
		s.end = &closing{exit: exit, by: by, cause: cause}
		if cause == nil {
			s.end.cause = s.stopReasonLocked()
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
