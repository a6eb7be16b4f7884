package fault_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"runtime"
	"slices"
	"strings"
	"testing"

	"go.uber.org/multierr"

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
	var none *fault.PanicError
	if p := catch(none); p.Value != any(none) || p.Stack == nil {
		t.Errorf("a nil *PanicError is a value like any other: %v", p)
	}
	if p := catch(nil); !errors.As(p, new(*runtime.PanicNilError)) {
		t.Errorf("panic(nil): %v", p)
	}
}

// A PanicError is no list: it unwraps to its value, if that is an error, and what
// looks at lists finds one error. Is and As reach the value and what Again has
// added; Again leaves the original as it is.
func TestPanicUnwraps(t *testing.T) {
	path := &fs.PathError{Op: "open", Path: "x", Err: fs.ErrNotExist}
	for _, c := range []struct {
		value any
		with  [][]error
		want  []error
		text  string
	}{
		{"boom", [][]error{{}}, nil, "panic: boom"},
		{io.EOF, [][]error{{}}, []error{io.EOF}, "panic: EOF"},
		{"boom", [][]error{{io.ErrNoProgress}}, []error{io.ErrNoProgress},
			"panic: boom (and 1 more: " + io.ErrNoProgress.Error() + ")"},
		{io.EOF, [][]error{{io.ErrNoProgress}, {path}}, []error{io.EOF, io.ErrNoProgress, path, fs.ErrNotExist},
			"panic: EOF (and 2 more: " + io.ErrNoProgress.Error() + "; " + path.Error() + ")"},
	} {
		p := catch(c.value)
		q := p
		for _, errs := range c.with {
			q = fault.Again(q, errs)
		}
		value, _ := c.value.(error)
		if got := q.Unwrap(); got != value {
			t.Errorf("%v with %v unwraps to %v", c.value, c.with, got)
		}
		for _, err := range c.want {
			if !errors.Is(q, err) || !errors.Is(fmt.Errorf("x: %w", q), err) {
				t.Errorf("%v with %v is not %v", c.value, c.with, err)
			}
		}
		var as *fs.PathError
		if has := slices.Contains(c.want, error(path)); errors.As(q, &as) != has || has && as != path {
			t.Errorf("%v with %v has the path %v", c.value, c.with, as)
		}
		if got, want := q.Error(), c.text+"\n\n"+string(p.Stack); got != want {
			t.Errorf("text %q, want %q", got, want)
		}
		if got := catch(q); got.Error() != c.text || !slices.Equal(got.Others(), q.Others()) {
			t.Errorf("caught again: %q with %v", got, got.Others())
		}
		if len(p.Others()) > 0 || string(q.Stack) != string(p.Stack) || p.Error() == q.Error() {
			t.Errorf("Again has changed the original, or lost its stack")
		}
		if list := multierr.Errors(q); len(list) != 1 || list[0] != error(q) {
			t.Errorf("a list of %d", len(list))
		}
	}
}

// The place is that of the first who caught it.
func TestPanicPlace(t *testing.T) {
	p := fault.At(fault.At(catch("boom"), "inner"), "outer")
	if p.Error() != "inner: panic: boom" || catch(fault.Again(p, nil)).Error() != p.Error() {
		t.Errorf("%v", p)
	}
}

func TestPanicFormats(t *testing.T) {
	p := catch("boom")
	again := fault.Again(p, nil)
	long := "panic: boom\n\n" + string(p.Stack)
	for _, c := range []struct {
		format string
		err    error
		want   string
	}{
		{"%v", p, "panic: boom"}, {"%s", p, "panic: boom"}, {"%q", p, `"panic: boom"`}, {"%+v", p, long},
		{"%v", again, long}, {"%s", again, long}, {"%+v", again, long}, {"%-13s|", p, "panic: boom  |"},
	} {
		if got := fmt.Sprintf(c.format, c.err); got != c.want {
			t.Errorf("%s: %q", c.format, got)
		}
	}
}

// Whatever the methods of the value and of what else failed do, there is a text.
func TestHostileValues(t *testing.T) {
	var absent *hostile
	for name, value := range map[string]any{
		"nil pointer": absent, "panics": &hostile{func() { panic("boom") }}, "exits": &hostile{runtime.Goexit}, "circle": circle{},
	} {
		p := fault.Again(fault.At(catch(value), "place"), []error{value.(error), io.EOF})
		for _, text := range []string{p.Error(), fmt.Sprint(p), fmt.Sprintf("%+v", p), catch(p).Error()} {
			if !strings.Contains(text, "place: panic: ") || !strings.Contains(text, "(and 2 more: ") || !strings.Contains(text, "; EOF)") {
				t.Errorf("%s: %q", name, text)
			}
		}
		if !p.Is(io.EOF) || p.Is(context.Canceled) || p.As(new(*fs.PathError)) {
			t.Errorf("%s: is not what it is, or is what it is not", name)
		}
	}
}
