package guard

import (
	"fmt"
	"strings"

	"github.com/ebb-go/ebb/internal/fault"
	"github.com/ebb-go/ebb/internal/life"
)

// A goneError is what Value panics with. It is ErrDropped, ErrReleased or ErrOwned,
// and says of which guard. It looks that up when it is read, not when it is made,
// so that Value is small enough to be inlined. What it reads is immutable or atomic, or
// only moves to terminal states, so the text is true whenever it is asked for.
type goneError struct {
	of interface {
		gone() (typ string, o *life.Origin, err error)
	}
}

// Error is put together when it is read. It calls nothing foreign: the type of the value is
// printed, and not the value.
func (e *goneError) Error() string {
	typ, o, err := e.of.gone()
	text := "guard: Value of " + typ
	if name := o.Name(); name != "" {
		text = fmt.Sprintf("guard: Value of %q (%s)", name, typ)
	}
	text += ": " + strings.TrimPrefix(fault.Text(err), "guard: ")
	if site := o.DropSite(); site != "" {
		text += " at " + site
	}
	return text
}

func (e *goneError) Unwrap() error {
	_, _, err := e.of.gone()
	return err
}
