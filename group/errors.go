package group

import (
	"github.com/ebb-go/ebb/internal/engine"
	"github.com/ebb-go/ebb/internal/fault"
)

// The errors that the methods of a [Graph] return and that outcomes hold. Test
// for them with [errors.Is].
var (
	// ErrClosed is returned once Teardown has begun.
	ErrClosed = engine.ErrClosed
	// ErrForeign is returned for a node that is nil or of another graph.
	ErrForeign = engine.ErrForeign
	// ErrGone is returned for a node that has been removed or whose drop has begun.
	ErrGone = engine.ErrGone
	// ErrAbandoned is in the outcome of a drop that had not returned when its
	// time was up, and in the outcomes of the nodes that it held back.
	ErrAbandoned = engine.ErrAbandoned
	// ErrGoexit stands for a function that called [runtime.Goexit].
	ErrGoexit = fault.ErrGoexit
)

// PanicError is a panic caught on one goroutine and reported on another.
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
