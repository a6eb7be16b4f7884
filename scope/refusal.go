package scope

import (
	"fmt"

	"github.com/ebb-go/ebb/internal/engine"
	"github.com/ebb-go/ebb/internal/fault"
)

// refusalError says which scope did not do what was asked, and why. The reason can
// be a cause that a user gave, so its text is made when it is asked for.
type refusalError struct {
	scope, what, name string
	why               error
}

// refusal says that s did not do what was asked.
func (s *Scope) refusal(what, name string, why error) error {
	return &refusalError{s.Path(), what, name, why}
}

// Error names the scope, what it refused, and the reason.
func (e *refusalError) Error() string {
	return fmt.Sprintf("scope %q: %s %q: %s", e.scope, e.what, e.name, fault.Text(e.why))
}

// Unwrap returns the reason.
func (e *refusalError) Unwrap() error { return e.why }

// ErrorType is that of the reason.
func (e *refusalError) ErrorType() string { return fault.Type(e.why) }

// becauseError is an error with the one that it came from. It is both.
type becauseError struct{ err, because error }

// Error is the text of both.
func (e *becauseError) Error() string { return fault.Text(e.err) + ": " + fault.Text(e.because) }

// Unwrap returns both.
func (e *becauseError) Unwrap() []error { return []error{e.err, e.because} }

// notAccepted returns an error of the engine as users of this package meet it.
func notAccepted(err error) error {
	switch e := err.(type) {
	case *engine.CycleError:
		return (*CycleError)(e)
	case *engine.InUseError:
		return (*InUseError)(e)
	}
	switch err {
	case engine.ErrClosed:
		return ErrClosed
	case engine.ErrGone:
		return ErrDropped
	case engine.ErrForeign:
		return ErrForeign
	}
	return err
}
