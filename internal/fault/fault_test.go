package fault_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"testing"

	"github.com/ebb-go/ebb/internal/fault"
)

type typed struct{}

func (typed) Error() string     { return "typed" }
func (typed) ErrorType() string { return "own" }

func TestType(t *testing.T) {
	for _, c := range []struct {
		err  error
		want string
	}{
		{nil, ""},
		{io.EOF, "error"},
		{context.Canceled, "canceled"},
		{context.DeadlineExceeded, "timeout"},
		{fmt.Errorf("x: %w", context.Canceled), "canceled"},
		{typed{}, "own"},
		{fmt.Errorf("x: %w", errors.Join(context.Canceled, typed{})), "own"},
		{fault.ErrGoexit, "goexit"},
		{catch("boom"), "panic"},
		{catch(typed{}), "panic"},
	} {
		if got := fault.Type(c.err); got != c.want {
			t.Errorf("Type(%v) = %q, want %q", c.err, got, c.want)
		}
	}
}

func TestErrGoexit(t *testing.T) {
	if fault.ErrGoexit.Error() != "runtime.Goexit was called" {
		t.Errorf("text %q", fault.ErrGoexit)
	}
}
