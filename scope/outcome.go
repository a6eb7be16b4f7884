package scope

import (
	"time"

	"github.com/ebb-go/ebb/internal/engine"
	"github.com/ebb-go/ebb/internal/fault"
	"github.com/ebb-go/ebb/internal/outcome"
	"go.uber.org/multierr"
)

// dropError is what Run says of an outcome: nil, a [*DropError], or for a
// daemon that failed before it was asked the [*TaskError] that it had.
func (s *Scope) dropError(n *node, o engine.Outcome) error {
	if o.Outcome == outcome.OK {
		return nil
	}
	if r, ok := n.resource.(runner); ok && o.Overrun == nil {
		if failed := r.firstFailure(); failed != nil && o.Err == error(failed) {
			return failed
		}
	}
	elapsed := n.elapsed(o)
	return &DropError{
		Scope: s.Path(), Guard: n.name(), Wave: o.Wave, Outcome: o.Outcome.String(), Elapsed: elapsed,
		Err: s.dropCause(n, o, elapsed),
	}
}

// elapsed returns how long the drop of n has taken. A teardown that comes to an early
// drop begins to wait later than that has begun.
func (n *node) elapsed(o engine.Outcome) time.Duration {
	started := o.Started
	if o.Elsewhere {
		n.s.mu.Lock()
		if began := n.rarelyLocked().began; !began.IsZero() {
			started = began
		}
		n.s.mu.Unlock()
	}
	if started.IsZero() {
		return 0
	}
	return o.Ended.Sub(started)
}

// dropCause is the error inside of a DropError: the drop's own, and beside it
// that its time was up.
func (s *Scope) dropCause(n *node, o engine.Outcome, elapsed time.Duration) error {
	err := o.Err
	x := o.Overrun
	if x == nil {
		return err
	}
	if o.Outcome == outcome.Abandoned {
		stack := x.Stack
		if r, ok := n.resource.(runner); ok {
			stack = r.stack() // rather than that of the wait for it
		}
		err = &AbandonedError{Scope: s.Path(), Name: n.name(), Age: elapsed, Blocks: x.Blocks, Stack: stack}
	}
	if x.Cause != nil && !fault.Is(err, x.Cause) {
		err = multierr.Append(err, x.Cause)
	}
	return err
}

func (s *Scope) dropTimeoutError(n *engine.Node, limit time.Duration) error {
	return &DropTimeoutError{Scope: s.Path(), Guard: n.Name(), Limit: limit}
}

// cutShort is the outcome of what has ended with err after it had to be canceled for
// its time being up, with the cause cut: ok if there is no error, else a timeout.
func cutShort(err, cut error) error {
	if err == nil {
		return nil
	}
	if !fault.Is(err, cut) {
		err = multierr.Append(err, cut)
	}
	return &engine.Caught{Err: err, Timeout: true}
}

// A runner is a resource with a goroutine of its own: a daemon.
type runner interface {
	firstFailure() *TaskError // before it was asked to stop; nil: none
	place() fault.Frame       // in the stack of its goroutine
	stack() string            // of the goroutine when it was abandoned
	tookStackLocked(stack string)
}

// caught marks err as the outcome of a panic, if the drop function has panicked with it:
// an error that it has returned is an error, whatever it is or wraps.
func caught(err error, panicked bool) error {
	if err == nil || !panicked {
		return err
	}
	return &engine.Caught{Err: err}
}
