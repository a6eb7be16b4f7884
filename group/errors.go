package group

import (
	"github.com/ebb-go/ebb/internal/engine"
	"github.com/ebb-go/ebb/internal/fault"
)

// The errors that the methods of a [Graph] return and that outcomes hold. Test
// for them with [errors.Is].
var (
	// ErrClosed is returned once Teardown has begun.
	ErrClosed = errClosed()
	// ErrForeign is returned for a node that is nil or of another graph.
	ErrForeign = errForeign()
	// ErrGone is returned for a node that has been removed or whose drop has begun.
	ErrGone = errGone()
	// ErrAbandoned is in the outcome of a drop that had not returned when its
	// time was up, and in the outcomes of the nodes that it held back.
	ErrAbandoned = errAbandoned()
	// ErrGoexit stands for a function that called [runtime.Goexit].
	ErrGoexit = errGoexit()
)

// The values are the engine's, which returns them. They come out of functions so that
// the documentation does not send its reader there.
func errClosed() error    { return engine.ErrClosed }
func errForeign() error   { return engine.ErrForeign }
func errGone() error      { return engine.ErrGone }
func errAbandoned() error { return engine.ErrAbandoned }
func errGoexit() error    { return fault.ErrGoexit }

// A PanicError is a panic that was caught on one goroutine and is reported on another,
// by [Tasks.Wait] and in the [Outcome] of a drop. It is the same type in every package
// of this module that returns it, so that [errors.As] finds it whichever package caught
// the panic. It has these fields and methods:
//
//	Value any    // what was passed to panic
//	Stack []byte // of the goroutine that panicked, taken while it did
//
//	Error() string     // one line: what panicked, with which value
//	Unwrap() error     // Value, if that is an error
//	Others() []error   // what else failed, where a function panics in the end
//	ErrorType() string // "panic"
//
// [errors.Is] and [errors.As] find Value and the others. %+v writes the stack after the
// text.
type PanicError = fault.PanicError

// A CycleError refuses an edge whose dependency already depends on its
// dependent. Path begins and ends with the dependent of that edge; every name in
// it depends on the one after it.
type CycleError struct{ Path []string }

// Error returns one line with the whole path.
func (e *CycleError) Error() string { return (*engine.CycleError)(e).Error() }

// ErrorType returns "cycle", the attribute error.type of a cycle.
func (e *CycleError) ErrorType() string { return (*engine.CycleError)(e).ErrorType() }

// An InUseError refuses to give up a node that others depend on. Dependents are
// the names of the direct ones, in order of registration.
type InUseError struct {
	Guard      string
	Dependents []string
}

// Error returns one line with at most ten of the dependents, then a count.
func (e *InUseError) Error() string { return (*engine.InUseError)(e).Error() }

// ErrorType returns "in_use", the attribute error.type of a node in use.
func (e *InUseError) ErrorType() string { return (*engine.InUseError)(e).ErrorType() }

// public returns an error of the engine as users meet it.
func public(err error) error {
	switch e := err.(type) {
	case *engine.CycleError:
		return (*CycleError)(e)
	case *engine.InUseError:
		return (*InUseError)(e)
	}
	return err
}
