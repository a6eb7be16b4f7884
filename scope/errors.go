package scope

import (
	"context"
	"fmt"
	"os"
	"strings"
	"syscall"
	"time"

	"github.com/ebb-go/ebb/group"
	"github.com/ebb-go/ebb/guard"
	"github.com/ebb-go/ebb/internal/fault"
	"github.com/ebb-go/ebb/internal/outcome"
)

// Errors that say why a scope did not do what was asked. They come wrapped in
// a text that names the scope; test for them with [errors.Is].
var (
	// ErrClosed is returned by whatever is asked of a scope, or of the owner of
	// a context, that has ended or is being dropped.
	ErrClosed error = sentinel{"scope is closed", "closed"}
	// ErrForeign is returned for a handle of a scope that is not an ancestor.
	ErrForeign error = sentinel{"belongs to a scope that is not an ancestor", "foreign"}
	// ErrNotReady is returned by [Start] for a daemon that ended before it
	// reported ready.
	ErrNotReady error = sentinel{"ended before it was ready", "not_ready"}
	// ErrAbandoned is what every [AbandonedError] is.
	ErrAbandoned error = sentinel{"abandoned", "abandoned"}
	// ErrBusy is returned by [Scope.TryGo] when the task limit is reached.
	ErrBusy error = sentinel{"task limit is reached", "busy"}

	// ErrDropped is returned for a guard whose drop has begun.
	ErrDropped = guard.ErrDropped
	// ErrReleased is returned for a guard whose value was handed out.
	ErrReleased = guard.ErrReleased
	// ErrReentrant is returned to a function that would wait for itself.
	ErrReentrant = guard.ErrReentrant
	// ErrGoexit stands for a function that called [runtime.Goexit].
	ErrGoexit = guard.ErrGoexit
)

// sentinel is an error that has a name in the attribute error.type.
type sentinel struct{ text, kind string }

func (e sentinel) Error() string     { return e.text }
func (e sentinel) ErrorType() string { return e.kind }

// PanicError is a panic caught on one goroutine and reported on another. Its field
// Value is what was given to panic, and Stack the stack of the goroutine that
// panicked, taken while it did. Unwrap returns the value if that is an error.
//
// As an error its text is one line, and %+v adds the stack. The text of the one
// that [Run] panics with names the scope and the task, and has the stack, so that
// a crash and the log of net/http show where it came from; its method Others
// returns what else failed in the scope, and [errors.Is] and [errors.As] reach it.
type PanicError = fault.PanicError

// CycleError refuses an edge that would close a cycle. Path holds the names
// along it, the first one again at the end.
type CycleError = group.CycleError

// InUseError refuses to give up a guard that others depend on, and names them.
type InUseError = group.InUseError

// DropError is a drop that was not ok. It wraps the drop's own error and, when
// the drop ran out of time, a [*DropTimeoutError].
type DropError struct {
	Scope, Guard string        // path of the scope, unique name of the guard, daemon or child
	Wave         int           // in which it was dropped; 0 for an early drop
	Outcome      string        // error, panic, goexit, timeout, abandoned or skipped
	Elapsed      time.Duration // from the start of the drop
	Err          error
}

// Error names the scope, the guard and the wave.
func (e *DropError) Error() string {
	return fmt.Sprintf("scope %q: drop %q (wave %d): %s", e.Scope, e.Guard, e.Wave, fault.Text(e.Err))
}

// Format adds the stack of a panic for %+v.
func (e *DropError) Format(s fmt.State, verb rune) { fault.Format(s, verb, e.Error(), e.Err) }

// Unwrap returns the drop's own error.
func (e *DropError) Unwrap() error { return e.Err }

// ErrorType is the outcome, except for a plain error, which may have a name of
// its own.
func (e *DropError) ErrorType() string {
	if e.Outcome == outcome.Error.String() {
		return fault.Type(e.Err)
	}
	return e.Outcome
}

// TaskError is what a task, or a daemon that was not asked to stop, returned
// or panicked with; it is the cause that its scope is canceled with.
type TaskError struct {
	Scope, Task string // path of the scope, name of the task or daemon
	Err         error
}

// Error names the scope and the task.
func (e *TaskError) Error() string { return e.place() + ": " + fault.Text(e.Err) }

// Format adds the stack of a panic for %+v.
func (e *TaskError) Format(s fmt.State, verb rune) { fault.Format(s, verb, e.Error(), e.Err) }

// Unwrap returns the task's own error.
func (e *TaskError) Unwrap() error { return e.Err }

// ErrorType is that of the task's own error.
func (e *TaskError) ErrorType() string { return fault.Type(e.Err) }

// DropTimeoutError is what the context of a drop is canceled with when its
// time is up. It is a [context.DeadlineExceeded] that says of what.
type DropTimeoutError struct {
	Scope, Guard string
	Limit        time.Duration
}

// Error names the scope, the guard and the limit.
func (e *DropTimeoutError) Error() string {
	return fmt.Sprintf("scope %q: drop %q took longer than %v", e.Scope, e.Guard, e.Limit)
}

// Is reports whether target is [context.DeadlineExceeded].
func (e *DropTimeoutError) Is(target error) bool { return target == context.DeadlineExceeded }

// Timeout reports true, as the errors of package net do.
func (e *DropTimeoutError) Timeout() bool { return true }

// ErrorType is "timeout".
func (e *DropTimeoutError) ErrorType() string { return "timeout" }

// AbandonedError names a task, daemon, child or drop that was still running
// when its time had run out, and that the exit therefore no longer waits for. What
// hung in the nested Runs below it has an error of its own, with the scope that it is
// in: a task, a daemon, a drop, or the Run itself if that is its body.
type AbandonedError struct {
	Scope, Name string
	Age         time.Duration // since the task, or the drop, was started
	Blocks      []string      // what could not be dropped after it: ten names, then a count
	Opening     []string      // what its function was opening then: likewise
	Stack       string        // of its goroutine at that moment; of the first 32, and of no nested Run
}

// Error is one line; the stack is in the field.
func (e *AbandonedError) Error() string {
	text := fmt.Sprintf("scope %q: %q abandoned: still running after %v", e.Scope, e.Name, e.Age)
	if len(e.Opening) > 0 {
		text += ", opening " + strings.Join(e.Opening, ", ")
	}
	if len(e.Blocks) > 0 {
		text += ", blocks " + strings.Join(e.Blocks, ", ")
	}
	return text
}

// Is reports whether target is [ErrAbandoned].
func (e *AbandonedError) Is(target error) bool { return target == ErrAbandoned }

// ErrorType is "abandoned".
func (e *AbandonedError) ErrorType() string { return "abandoned" }

// SignalError is the cause that a signal cancels a scope with. It is a
// [context.Canceled] that says by what.
type SignalError struct{ Signal os.Signal }

// Error names the signal.
func (e *SignalError) Error() string { return "signal: " + fault.Print(e.Signal) }

// Is reports whether target is [context.Canceled].
func (e *SignalError) Is(target error) bool { return target == context.Canceled }

// ExitCode returns the conventional exit code of a process that the signal has
// ended: 128 plus the number of the signal, and 1 for what has none.
func (e *SignalError) ExitCode() int {
	if n, ok := e.Signal.(syscall.Signal); ok {
		return 128 + int(n)
	}
	return 1
}

// ErrorType is "signal".
func (e *SignalError) ErrorType() string { return "signal" }

// place says where the panic of a task or daemon was caught.
func (e *TaskError) place() string { return fmt.Sprintf("scope %q: task %q", e.Scope, e.Task) }

// misuse is an error that says what is wrong with a call.
type misuse string

func (m misuse) Error() string { return string(m) }

func (m misuse) ErrorType() string { return "misuse" }
