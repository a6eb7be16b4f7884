package engine

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// The errors that the methods of a [Graph] return, and those in the outcomes of drops
// that did not end or did not begin. Package group documents them for users, and both
// public packages return the errors with fields as types of their own.
var (
	ErrClosed    error = sentinel{"graph is closed", "closed"}
	ErrForeign   error = sentinel{"node is not of this graph", "foreign"}
	ErrGone      error = sentinel{"node is claimed or gone", "gone"}
	ErrAbandoned error = sentinel{"drop was abandoned", "abandoned"}
	ErrForced    error = sentinel{"teardown was forced to end", "forced"}
)

// sentinel is an error with a name for the attribute error.type.
type sentinel struct{ text, kind string }

func (e sentinel) Error() string     { return e.text }
func (e sentinel) ErrorType() string { return e.kind }

// forcing is the cause with which the contexts of running drops are canceled when a run
// is forced to end. It is ErrForced, and context.Canceled to code that knows package
// context alone.
type forcing struct{}

func (forcing) Error() string        { return ErrForced.Error() }
func (forcing) ErrorType() string    { return "forced" }
func (forcing) Is(target error) bool { return target == ErrForced || target == context.Canceled }

// CycleError refuses an edge whose dependency already depends on its dependent. Path
// begins and ends with the dependent of that edge; every name in it depends on the one
// after it.
type CycleError struct{ Path []string }

// Error returns one line with the whole path.
func (e *CycleError) Error() string { return "dependency cycle: " + strings.Join(e.Path, " -> ") }

// ErrorType returns the error.type of a cycle.
func (e *CycleError) ErrorType() string { return "cycle" }

// InUseError refuses to give up a node that others depend on. Dependents are the names
// of the direct ones, in order of registration, and then those of the pins.
type InUseError struct {
	Guard      string
	Dependents []string
}

// Error returns one line with at most ten of the dependents, then a count.
func (e *InUseError) Error() string {
	names := make([]string, 0, maxBlocks+1)
	for _, name := range e.Dependents[:min(len(e.Dependents), maxBlocks)] {
		names = append(names, strconv.Quote(name))
	}
	if more := len(e.Dependents) - len(names); more > 0 {
		names = append(names, fmt.Sprintf("and %d more", more))
	}
	return fmt.Sprintf("%q is in use by %s", e.Guard, strings.Join(names, ", "))
}

// ErrorType returns the error.type of a node in use.
func (e *InUseError) ErrorType() string { return "in_use" }

// TimeoutError is the cause with which the context of a drop is canceled when its time is
// up, unless [Options.Cause] makes another. Limit is the time that the drop had. A
// TimeoutError is a [context.DeadlineExceeded].
type TimeoutError struct {
	Name  string
	Limit time.Duration
}

// Error returns one line with the name and the limit.
func (e *TimeoutError) Error() string {
	return fmt.Sprintf("drop %q timed out after %v", e.Name, e.Limit)
}

// ErrorType returns the error.type of a timeout.
func (e *TimeoutError) ErrorType() string { return "timeout" }

// Is reports whether target is [context.DeadlineExceeded].
func (e *TimeoutError) Is(target error) bool { return target == context.DeadlineExceeded }

// heldError is the error of a node that was skipped because an abandoned node with Hold
// depends on it.
type heldError struct{ by string }

func (e *heldError) Error() string     { return fmt.Sprintf("held back by abandoned %q", e.by) }
func (e *heldError) ErrorType() string { return "skipped" }
func (e *heldError) Unwrap() error     { return ErrAbandoned }
