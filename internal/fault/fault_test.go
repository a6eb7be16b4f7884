package fault_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/ebb-go/ebb/internal/fault"
)

// catch returns what Panic makes of a panic with value.
func catch(value any) (p *fault.PanicError) {
	defer func() { p = fault.Panic(recover()) }()
	panic(value)
}

func TestPanic(t *testing.T) {
	p := catch("boom")
	if p.Value != "boom" || p.Error() != "panic: boom" || p.ErrorType() != "panic" {
		t.Errorf("got %v, %q, %q", p.Value, p.Error(), p.ErrorType())
	}
	if !strings.Contains(string(p.Stack), "fault_test.catch") {
		t.Errorf("the stack is not that of the panic:\n%s", p.Stack)
	}
	if again := catch(p); again != p {
		t.Errorf("a PanicError that is panicked again is made anew")
	}
}

// A PanicError unwraps to its value, if that is an error, then to what With has
// added; With leaves the original as it is.
func TestPanicUnwraps(t *testing.T) {
	for _, c := range []struct {
		value any
		with  [][]error
		want  []error
		text  string
	}{
		{"boom", nil, nil, "panic: boom"},
		{io.EOF, nil, []error{io.EOF}, "panic: EOF"},
		{"boom", [][]error{{}}, nil, "panic: boom"},
		{"boom", [][]error{{io.ErrNoProgress}}, []error{io.ErrNoProgress},
			"panic: boom (and 1 more: " + io.ErrNoProgress.Error() + ")"},
		{io.EOF, [][]error{{io.ErrNoProgress}, {io.ErrShortWrite}}, []error{io.EOF, io.ErrNoProgress, io.ErrShortWrite},
			"panic: EOF (and 2 more: " + io.ErrNoProgress.Error() + "\n" + io.ErrShortWrite.Error() + ")"},
	} {
		p := catch(c.value)
		q := p
		for _, errs := range c.with {
			q = q.With(errs)
		}
		if got := q.Unwrap(); !slices.Equal(got, c.want) {
			t.Errorf("%v with %v unwraps to %v", c.value, c.with, got)
		}
		for _, err := range c.want {
			if !errors.Is(q, err) {
				t.Errorf("%v with %v is not %v", c.value, c.with, err)
			}
		}
		if q.Error() != c.text {
			t.Errorf("text %q, want %q", q.Error(), c.text)
		}
		if len(p.Unwrap()) > 1 || string(q.Stack) != string(p.Stack) {
			t.Errorf("With has changed the original, or lost its stack")
		}
	}
}

func TestPanicFormats(t *testing.T) {
	p := catch("boom")
	for format, want := range map[string]string{
		"%v": "panic: boom", "%s": "panic: boom", "%q": `"panic: boom"`,
		"%+v": "panic: boom\n\n" + string(p.Stack),
	} {
		if got := fmt.Sprintf(format, p); got != want {
			t.Errorf("%s: %q", format, got)
		}
	}
}

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
