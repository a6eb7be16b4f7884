package engine

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// What the methods of a [Graph] return, and what the outcome of a drop that was
// never seen to end is made of. They are told apart with [errors.Is].
var (
	ErrClosed    error = sentinel{"graph is closed", "closed"}
	ErrForeign   error = sentinel{"node is not of this graph", "foreign"}
	ErrGone      error = sentinel{"node is claimed or gone", "gone"}
	ErrAbandoned error = sentinel{"drop was abandoned", "abandoned"}
	ErrForced    error = sentinel{"teardown was forced to end", "forced"}
)

type sentinel struct{ text, kind string }

func (e sentinel) Error() string     { return e.text }
func (e sentinel) ErrorType() string { return e.kind }

// forcing is what the contexts of running drops are canceled with when a run is
// forced to end: ErrForced, and a cancellation to code that knows package context
// alone.
type forcing struct{}

func (forcing) Error() string        { return ErrForced.Error() }
func (forcing) ErrorType() string    { return "forced" }
func (forcing) Is(target error) bool { return target == ErrForced || target == context.Canceled }

// CycleError says that an edge was refused because its dependency depends on
// its dependent already. Path begins and ends with the dependent of that edge;
// every name in it depends on the one after it.
type CycleError struct{ Path []string }

// Error is one line with the whole path.
func (e *CycleError) Error() string { return "dependency cycle: " + strings.Join(e.Path, " -> ") }

// ErrorType is the error.type of a cycle.
func (e *CycleError) ErrorType() string { return "cycle" }

// InUseError says that a node stays because others depend on it. Dependents are
// the names of the direct ones, in order of registration.
type InUseError struct {
	Guard      string
	Dependents []string
}

// Error is one line with at most ten of the dependents, then a count.
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

// ErrorType is the error.type of a node in use.
func (e *InUseError) ErrorType() string { return "in_use" }

// TimeoutError is the cause with which a drop's context is canceled when its
// time is up, unless the option [Cause] makes another. Limit is the time that
// the drop had. It is a [context.DeadlineExceeded].
type TimeoutError struct {
	Name  string
	Limit time.Duration
}

// Error is one line with name and limit.
func (e *TimeoutError) Error() string {
	return fmt.Sprintf("drop %q timed out after %v", e.Name, e.Limit)
}

// ErrorType is the error.type of a timeout.
func (e *TimeoutError) ErrorType() string { return "timeout" }

// Is reports whether target is [context.DeadlineExceeded].
func (e *TimeoutError) Is(target error) bool { return target == context.DeadlineExceeded }

// heldError is the error of a node that was skipped because of an abandoned
// node with Hold.
type heldError struct{ by string }

func (e *heldError) Error() string     { return fmt.Sprintf("held back by abandoned %q", e.by) }
func (e *heldError) ErrorType() string { return "skipped" }
func (e *heldError) Unwrap() error     { return ErrAbandoned }
