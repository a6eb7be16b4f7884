package fault_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"runtime"
	"slices"
	"testing"

	"go.uber.org/multierr"

	"github.com/ebb-go/ebb/internal/fault"
)

// hostile is an error each of whose methods does what its field says.
type hostile struct{ do func() }

func (h *hostile) Error() string     { h.do(); return "text" }
func (h *hostile) Unwrap() error     { h.do(); return io.EOF }
func (h *hostile) Is(error) bool     { h.do(); return false }
func (h *hostile) As(any) bool       { h.do(); return false }
func (h *hostile) ErrorType() string { h.do(); return "own" }

// circle wraps itself; bush wraps itself twice.
type circle struct{}

func (c circle) Error() string { return "circle" }
func (c circle) Unwrap() error { return c }

type bush struct{}

func (b bush) Error() string   { return "bush" }
func (b bush) Unwrap() []error { return []error{b, nil, b} }

// Whatever the methods of an error do, the answer comes, and what does not
// depend on the broken method is found.
func TestHostileErrors(t *testing.T) {
	var absent *hostile
	for name, err := range map[string]error{
		"nil pointer": absent, "panics": &hostile{func() { panic("boom") }}, "exits": &hostile{runtime.Goexit},
		"circle": circle{}, "bush": bush{}, "joined": errors.Join(io.ErrNoProgress, absent),
		"wrapped": fmt.Errorf("x: %w", fmt.Errorf("%w and %w", absent, circle{})),
	} {
		if text := fault.Text(err); text == "" {
			t.Errorf("%s: no text", name)
		}
		if typ := fault.Type(err); typ == "" {
			t.Errorf("%s: no type", name)
		}
		if fault.Is(err, fs.ErrClosed) {
			t.Errorf("%s: is what it is not", name)
		}
		if _, ok := fault.As[*fs.PathError](err); ok {
			t.Errorf("%s: has what it has not", name)
		}
		list := errors.Join(io.ErrShortWrite, err, &fs.PathError{Op: "open", Path: "x", Err: io.ErrNoProgress})
		if !fault.Is(list, io.ErrShortWrite) {
			t.Errorf("%s: what stands before it is not found", name)
		}
		_, ok := fault.As[*fs.PathError](list)
		if name == "bush" { // is endless, and in front
			continue
		}
		if !ok || !fault.Is(list, io.ErrNoProgress) {
			t.Errorf("%s: what stands after it is not found", name)
		}
		if n := len(slices.Collect(fault.Tree(list))); n < 5 {
			t.Errorf("%s: Tree visits %d errors", name, n)
		}
		for range fault.Chain(err) {
		}
	}
}

// Of a wide list nothing is left out.
func TestWideTree(t *testing.T) {
	errs := make([]error, 100_000)
	for i := range errs {
		errs[i] = fmt.Errorf("a: %w", fmt.Errorf("b: %w", io.EOF))
	}
	if !fault.Is(errors.Join(multierr.Combine(errs...), io.ErrNoProgress), io.ErrNoProgress) {
		t.Error("the last of a wide list is not found")
	}
}

// Same is == that does not panic, whatever the errors hold, and Is goes by it.
func TestSame(t *testing.T) {
	var absent *hostile
	holds := func(v any) error { return struct{ held }{held{v}} }
	for _, c := range []struct {
		a, b error
		want bool
	}{
		{nil, nil, true}, {io.EOF, io.EOF, true}, {io.EOF, nil, false}, {absent, absent, true}, {absent, nil, false},
		{holds(1), holds(1), true}, {holds([]int{1}), holds([]int{1}), true}, {holds([]int{1}), holds([]int{2}), false},
		{holds(func() {}), holds(func() {}), false},
		{notComparable{[]int{1}}, notComparable{[]int{1}}, true}, {notComparable{[]int{1}}, notComparable{}, false}, {notComparable{}, io.EOF, false},
	} {
		if got := fault.Same(c.a, c.b); got != c.want {
			t.Errorf("Same(%#v, %#v) = %t", c.a, c.b, got)
		}
		if _, never := c.a.(notComparable); never || c.a == nil || c.b == nil {
			continue // errors.Is finds none of that type
		}
		if fault.Is(fmt.Errorf("x: %w", c.a), c.b) != c.want {
			t.Errorf("Is(%#v, %#v) = %t", c.a, c.b, !c.want)
		}
	}
}

type held struct{ v any }

func (held) Error() string { return "held" }

// The ends of a tree are what wraps nothing, also where that is a broken method.
func TestEnds(t *testing.T) {
	var absent *hostile
	end := &hostileEnd{}
	err := errors.Join(fmt.Errorf("a: %w", io.EOF), fmt.Errorf("b: %w", errors.Join(io.ErrNoProgress, absent, end)))
	if got := slices.Collect(fault.Ends(err)); !slices.Equal(got, []error{io.EOF, io.ErrNoProgress, absent, end}) {
		t.Errorf("Ends: %v", got)
	}
	if got := slices.Collect(fault.Ends(io.EOF)); !slices.Equal(got, []error{io.EOF}) {
		t.Errorf("Ends of an end: %v", got)
	}
	if got := slices.Collect(fault.Ends(nil)); got != nil {
		t.Errorf("Ends of nil: %v", got)
	}
	for range fault.Ends(errors.Join(circle{}, bush{})) {
	}
}

// A hostileEnd wraps nothing, though it has the method.
type hostileEnd struct{ _ int }

func (*hostileEnd) Error() string { return "end" }
func (*hostileEnd) Unwrap() error { return nil }

// A chain ends in front of a list; List takes apart multierr's lists alone.
func TestChainAndList(t *testing.T) {
	end := errors.Join(io.EOF, io.EOF)
	mid := fmt.Errorf("b: %w", end)
	if got := slices.Collect(fault.Chain(fmt.Errorf("a: %w", mid))); len(got) != 3 || got[1] != mid || got[2] != end {
		t.Errorf("Chain: %v", got)
	}
	if got := slices.Collect(fault.Chain(nil)); got != nil {
		t.Errorf("Chain of nil: %v", got)
	}
	list := multierr.Combine(end, io.EOF)
	if got := fault.List(list); len(got) != 2 || got[0] != end || len(multierr.Errors(list)) != 2 {
		t.Errorf("List: %v", got)
	}
	if got := fault.List(&hostile{runtime.Goexit}); len(got) != 1 || fault.List(nil) != nil {
		t.Errorf("List of one: %v", got)
	}
}

func TestPrint(t *testing.T) {
	var absent *hostile
	for _, c := range []struct {
		v    any
		want string
	}{
		{nil, "<nil>"}, {1, "1"}, {"x", "x"}, {[]int{1}, "[1]"}, {io.EOF, "EOF"}, {named{}, "named"},
		{absent, "error without a text: its Error method panicked"},
		{&hostile{runtime.Goexit}, "error without a text: its Error method called runtime.Goexit"},
		{[]any{named{runtime.Goexit}}, "value without a text: its method called runtime.Goexit"},
		{named{runtime.Goexit}, "value without a text: its method called runtime.Goexit"},
	} {
		if got := fault.Print(c.v); got != c.want {
			t.Errorf("%T: %q, want %q", c.v, got, c.want)
		}
	}
}

type named struct{ do func() }

func (n named) String() string {
	if n.do != nil {
		n.do()
	}
	return "named"
}

// The bounded walk says what package errors says of errors that behave.
func TestTreeIsThatOfPackageErrors(t *testing.T) {
	path := &fs.PathError{Op: "open", Path: "x", Err: fs.ErrNotExist}
	list := []error{nil, io.EOF, path, context.Canceled, context.DeadlineExceeded, fault.ErrGoexit,
		fmt.Errorf("a: %w", path), fmt.Errorf("%w, %w", io.EOF, path), errors.Join(io.EOF, fmt.Errorf("b: %w", context.Canceled)),
		multierr.Combine(path, io.ErrShortWrite), notComparable{[]int{1}}, fmt.Errorf("c: %w", notComparable{})}
	for _, err := range list {
		for _, target := range list {
			if got, want := fault.Is(err, target), errors.Is(err, target); got != want {
				t.Errorf("Is(%v, %v) = %t, want %t", err, target, got, want)
			}
		}
		var want *fs.PathError
		has := errors.As(err, &want)
		if got, ok := fault.As[*fs.PathError](err); ok != has || got != want {
			t.Errorf("As(%v) = %v, %t", err, got, ok)
		}
		if err != nil && fault.Text(err) != err.Error() {
			t.Errorf("Text(%v) = %q", err, fault.Text(err))
		}
	}
	joined := errors.Join(io.EOF, fmt.Errorf("b: %w", path), io.ErrShortWrite)
	got := slices.Collect(fault.Tree(joined))
	if len(got) != 6 || got[1] != io.EOF || got[3] != path || got[5] != io.ErrShortWrite {
		t.Errorf("in the order %v", got)
	}
}

type notComparable struct{ list []int }

func (notComparable) Error() string { return "list" }
