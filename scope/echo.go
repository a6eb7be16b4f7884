package scope

import (
	"context"
	"slices"
	"time"

	"github.com/ebb-go/ebb/internal/fault"
)

// WithEcho adds to what counts as an echo: an error of a task, daemon or body that
// only repeats that the scope was canceled, and is therefore left out of Run's. It
// is for libraries whose cancellation is not that of package context, such as a
// gRPC status or an exec.ExitError. fn is asked about errors that were returned by
// a function whose context had been canceled, from the goroutine of no one in
// particular, and maybe from several at once. Nested scopes inherit it. Nil is
// ignored. It may be given more than once: one that says so suffices.
func WithEcho(fn func(err error) bool) Option {
	return funcOption(func(s *Scope) {
		if fn != nil {
			h := s.own()
			h.echoes = append(slices.Clip(h.echoes), fn)
		}
	})
}

// isEcho reports whether err only repeats that s was canceled.
func (s *Scope) isEcho(err error) bool {
	if err == nil {
		return false
	}
	cause := s.cause()
	return cause != nil && (isEcho(err, cause) || s.saysEcho(err))
}

// saysEcho reports whether a function of WithEcho calls err an echo.
func (s *Scope) saysEcho(err error) bool {
	if s.inherited == nil || err == nil {
		return false
	}
	for _, fn := range s.inherited.echoes {
		var echo bool
		failed := within(time.Now().Add(logWait), func() { echo = fn(err) })
		s.contained("function of WithEcho", failed)
		if failed == nil && echo {
			return true
		}
	}
	return false
}

// isEcho reports whether err only repeats that its context was canceled with
// cause: it unwraps, step by step, to cause or to one of the two errors of package
// context. An error that joins a further one is none.
func isEcho(err, cause error) bool {
	return cause != nil && endsIn(err, cause, context.Canceled, context.DeadlineExceeded)
}

// endsIn reports whether err unwraps, step by step, to one of targets. The methods
// of err may panic, call Goexit, block or lead in a circle; then it does not.
func endsIn(err error, targets ...error) (does bool) {
	for _, target := range targets {
		if fault.Same(err, target) {
			return true // as most are, at no cost
		}
	}
	switch err.(type) {
	case interface{ Unwrap() error }, interface{ Unwrap() []error }:
		var found bool
		return within(time.Now().Add(logWait), func() { found = leadsTo(err, targets) }) == nil && found
	}
	return false
}

// maxLists bounds how many lists of one error leadsTo looks into: such a list can
// hold itself.
const maxLists = 64

// leadsTo is endsIn on a goroutine that may be left behind.
func leadsTo(err error, targets []error) bool {
	for range maxLists {
		var last error
		for e := range fault.Chain(err) {
			for _, target := range targets {
				if fault.Same(e, target) {
					return true
				}
			}
			last = e
		}
		if err = onlyOne(last); err == nil {
			return false
		}
	}
	return false
}

// onlyOne returns the error in a list of one, and nil for all else.
func onlyOne(err error) (one error) {
	list, ok := err.(interface{ Unwrap() []error })
	if !ok {
		return nil
	}
	var errs []error
	if !fault.Contain(func() { errs = list.Unwrap() }) {
		return nil
	}
	for _, e := range errs {
		switch {
		case e == nil:
		case one != nil:
			return nil
		default:
			one = e
		}
	}
	return one
}
