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

// hostile is an error each of whose methods does what it is told to.
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
		if both := multierr.Append(io.ErrShortWrite, err); !fault.Is(both, io.ErrShortWrite) {
			t.Errorf("%s: what stands before it is not found", name)
		}
	}
	if !fault.Is(errors.Join(absent, io.EOF), io.EOF) {
		t.Error("what stands after an error that panics is not found")
	}
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
