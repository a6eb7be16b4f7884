package scope

import "context"

// cause is what ebb itself cancels a context with. Each is a [context.Canceled],
// so that code which knows only package context takes it for the cancellation that
// it is. The error that a call returns is another one: [ErrClosed] from an Acquire
// says that nothing was acquired, and is no cancellation.
type cause struct {
	text, kind string
	is         error // what else it is; may be nil
}

var (
	errEnded   error = &cause{"scope is closed", "closed", ErrClosed}                        // the frame of the context has ended
	errTurn    error = &cause{"its turn in the teardown has come", "closed", ErrClosed}      // of a daemon or child
	errRaceWon error = &cause{"another function of the race has succeeded", "canceled", nil} // of the losers of a Race
)

// Error says why the context was canceled.
func (c *cause) Error() string { return c.text }

// ErrorType is the error.type of what only repeats the cause.
func (c *cause) ErrorType() string { return c.kind }

// Is reports whether target is [context.Canceled], or what else c is.
func (c *cause) Is(target error) bool {
	return target == context.Canceled || c.is != nil && target == c.is
}
