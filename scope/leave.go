package scope

import (
	"context"
	"net/http"
	"slices"
	"time"

	"go.uber.org/multierr"

	"github.com/ebb-go/ebb/internal/fault"
)

// leave is the way out of Run once the body has ended: with err, or else, when it
// has not returned, with a panic of value p or, when that is nil, a Goexit.
func (s *Scope) leave(err error, returned bool, p any) error {
	if owner := s.lexicalOwner(); owner != nil {
		defer owner.release(s) // also when a panic goes on
	}
	if returned && err == nil {
		if idle, cause := s.closeIdle(); idle {
			return cause
		}
	}
	kind, value := s.bodyEnded(err, returned, p)
	s.drain(context.Background()) // no limit but its own
	s.settle(kind, value)
	panics, err := s.finish(s.dropAll(budgetOf(s, time.Time{})))
	switch {
	case p != nil:
		panic(p)
	case len(panics) > 0:
		goPanic(panics, err)
	}
	return err
}

// closeIdle closes a scope that has nothing to wait for, to drop or to tell, as
// those of many requests are, and most children of a long-lived scope; it reports
// whether it could. The exit is decided here as it is in settle: with the cause of
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
	return s.state == open && s.body.live.Load() == 1 && s.graph.Len() == 0 && s.incidents == nil && !s.echoed &&
		s.rec == nil && s.rare == nil && !s.reports()
}

// closeLocked moves the scope on to closed. The caller has asked the context for
// Err before, and calls its end afterwards, both without the lock.
func (s *Scope) closeLocked() {
	s.context.close()
	s.advanceLocked(closed)
	s.unwatchLocked()
}

// goPanic goes on with the first panic of a task or daemon, which unwraps to
// the others and to what else failed. One that aborts an HTTP handler is passed
// on untouched.
func goPanic(panics []*PanicError, err error) {
	if panics[0].Value == http.ErrAbortHandler {
		panic(http.ErrAbortHandler)
	}
	var others []error
	for _, p := range panics[1:] {
		others = append(others, p)
	}
	panic(panics[0].With(append(others, multierr.Errors(err)...)))
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
		s.fail(bodyIndex, err, err, true)
	}
	return Succeeded, nil
}

// fail records told, which is or wraps err, and cancels the scope with it; unless
// err was returned and is an echo. What was panicked with never is.
func (s *Scope) fail(index int, err, told error, returned bool) {
	echo := returned && isEcho(err, s.cause())
	s.mu.Lock()
	if echo {
		s.echoed = true
		s.mu.Unlock()
		return
	}
	s.failLocked(index, told)
	s.mu.Unlock()
	if s.supervisor && index != bodyIndex && panicOf(err) == nil {
		return
	}
	s.cancelFor(told)
}

// settle moves the scope on to dropping and decides its exit case. Nothing is
// registered after it, so the graph no longer changes.
func (s *Scope) settle(kind ExitKind, value any) {
	cause := s.cause()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.advanceLocked(dropping)
	slices.SortStableFunc(s.failuresLocked(), func(a, b failure) int { return a.index - b.index })
	exit := s.exitLocked(kind, value, cause)
	if exit.Kind != Succeeded || s.watched() || s.self != nil { // else nil says the same
		s.end = &closing{exit: exit}
	}
}

// exitLocked decides the exit case from that of the body and what the tasks and
// daemons have come to.
func (s *Scope) exitLocked(kind ExitKind, value any, cause error) Exit {
	if kind != Succeeded {
		return Exit{Kind: kind, Panic: value}
	}
	failures := s.failuresLocked()
	for _, f := range failures {
		if p := panicOf(f.err); p != nil && f.index != bodyIndex && !s.panicAsError() {
			return Exit{Kind: Panicked, Panic: p.Value}
		}
	}
	for _, f := range failures {
		if f.index != earlyIndex {
			return Exit{Kind: Failed, Err: f.err}
		}
	}
	if s.incidents != nil && s.incidents.daemonErr != nil {
		d := s.incidents.daemonErr
		if p := panicOf(d); p != nil && !s.panicAsError() {
			return Exit{Kind: Panicked, Panic: p.Value}
		}
		return Exit{Kind: Failed, Err: d}
	}
	if cause != nil {
		return Exit{Kind: Canceled, Err: cause}
	}
	return Exit{}
}

func (s *Scope) panicAsError() bool { return s.shared != nil && s.shared.panicAsError }
