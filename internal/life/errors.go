package life

import (
	"context"
	"strings"

	"github.com/ebb-go/ebb/internal/fault"
)

// The errors of a use that is refused. Package guard documents them for users, under the
// same names: they are the same values, so that errors.Is and == hold across packages.
var (
	ErrDropped   = fault.Sentinel("guard: the value has been dropped", "dropped")
	ErrReleased  = fault.Sentinel("guard: the value has been released", "released")
	ErrOwned     = fault.Sentinel("guard: the guard belongs to an owner, which uses and drops it", "owned")
	ErrInUse     = fault.Sentinel("guard: the value is in use", "in_use")
	ErrReentrant = fault.Sentinel("guard: called from inside the function it would wait for", "reentrant")
)

// A CausedError is one of the errors of a refusal and what brought it about. Its text
// is put together when it is asked for, as the cause is foreign: its Error method may
// block, or call the guard that is just returning this.
type CausedError struct {
	Is      error
	Between string
	Cause   error
}

func (e *CausedError) Error() string   { return fault.Text(e.Is) + e.Between + fault.Text(e.Cause) }
func (e *CausedError) Unwrap() []error { return []error{e.Is, e.Cause} }

// NotDropped returns the error of a drop whose ctx ended before it could begin.
func NotDropped(ctx context.Context) error {
	return &CausedError{ErrInUse, " and not dropped: ", context.Cause(ctx)}
}

// A cycleError is ErrReentrant with the way around.
type cycleError struct{ path []string }

func (e *cycleError) Error() string {
	return ErrReentrant.Error() + ": " + strings.Join(e.path, " -> ")
}
func (e *cycleError) Unwrap() error { return ErrReentrant }
