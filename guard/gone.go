package guard

import (
	"fmt"
	"strings"
)

// A goneError is what Value panics with. It is ErrDropped, ErrReleased or ErrOwned,
// and says of which guard. It looks that up when it is read, not when it is made,
// so that Value is small enough to be inlined. What it reads is immutable or atomic, or
// only moves to terminal states, so the text is true whenever it is asked for.
type goneError struct {
	of interface {
		gone() (typ string, o *origin, err error)
	}
}

func (e *goneError) Error() string {
	typ, o, err := e.of.gone()
	text := "guard: Value of " + typ
	if o != nil && o.name != "" {
		text = fmt.Sprintf("guard: Value of %q (%s)", o.name, typ)
	}
	text += ": " + strings.TrimPrefix(err.Error(), "guard: ")
	if o == nil {
		return text
	}
	if pc := o.dropped.Load(); pc != 0 {
		text += " at " + place(pc)
	}
	return text
}

func (e *goneError) Unwrap() error {
	_, _, err := e.of.gone()
	return err
}
