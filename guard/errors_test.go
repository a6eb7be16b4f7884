package guard_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ebb-go/ebb/guard"
	"go.uber.org/multierr"
)

// A hostile is an error each of whose methods does what its field says.
type hostile struct{ do func() }

func (h *hostile) Error() string     { h.do(); return "hostile" }
func (h *hostile) Unwrap() error     { h.do(); return nil }
func (h *hostile) Is(error) bool     { h.do(); return false }
func (h *hostile) As(any) bool       { h.do(); return false }
func (h *hostile) ErrorType() string { h.do(); return "hostile" }

// A hostileList joins, and a circle wraps itself.
type hostileList struct{ do func() }

func (h *hostileList) Error() string   { h.do(); return "hostile" }
func (h *hostileList) Unwrap() []error { h.do(); return nil }

type circle struct{}

func (c circle) Error() string { return "circle" }
func (c circle) Unwrap() error { return c }

// A badValue is comparable by its type, and panics when it is compared.
type badValue struct {
	Field string
	Value any
}

func (e badValue) Error() string { return e.Field }

func hostileErrors() map[string]error {
	var absent *hostile
	var absentPath *os.PathError
	return map[string]error{
		"uncomparable type":      uncomparable{"a"},
		"uncomparable field":     badValue{"tags", []string{"a"}},
		"wrapped uncomparable":   fmt.Errorf("x: %w", badValue{"tags", map[int]int{}}),
		"nil pointer":            absent,
		"nil pointer of package": absentPath,
		"panics":                 &hostile{func() { panic("boom") }},
		"exits":                  &hostile{runtime.Goexit},
		"list that panics":       &hostileList{func() { panic("boom") }},
		"list that exits":        &hostileList{runtime.Goexit},
		"wraps itself":           circle{},
		"slow":                   &hostile{func() { time.Sleep(time.Second) }},
	}
}

// Whatever an error is, it passes through as it is, beside all others, and what can
// be asked of the result is answered.
func TestHostileErrors(t *testing.T) {
	for name, bad := range hostileErrors() {
		synctest.Test(t, func(t *testing.T) { checkHostileError(t, name, bad) })
	}
}

func checkHostileError(t *testing.T, name string, bad error) {
	ctx := t.Context()
	fails := func(context.Context, int) error { return bad }
	for op, do := range map[string]func() error{
		"Join2": func() error {
			_, _, err := guard.Join2(ctx, opens(0, bad), opens(0, errBody))
			return err
		},
		"Join2, the sibling echoes": func() error {
			_, _, err := guard.Join2(ctx, opens(0, bad), func(ctx context.Context) (*guard.Guard[int], error) {
				<-ctx.Done()
				return guard.New(1, func(context.Context, int) error { return errBody }), context.Cause(ctx)
			})
			return err
		},
		"Join3": func() error {
			_, _, _, err := guard.Join3(ctx, opens(0, bad), opens(0, errBody), func(ctx context.Context) (*guard.Guard[int], error) {
				<-ctx.Done()
				return guard.New(1, guard.Nothing), ctx.Err()
			})
			return err
		},
		"DropAll": func() error {
			return guard.DropAll(ctx, guard.New(1, fails), guard.New(1, func(context.Context, int) error { return errBody }))
		},
		"With": func() error {
			_, err := guard.With(ctx, guard.New(1, func(context.Context, int) error { return errBody }),
				func(context.Context, int) (int, error) { return 0, bad })
			return err
		},
		"KeepOnSuccess": func() error {
			return func() (err error) {
				defer guard.KeepOnSuccess(ctx, guard.New(1, func(context.Context, int) error { return errBody }), &err)
				return bad
			}()
		},
		"Try": func() error {
			r := guard.Try(guard.New(1, guard.Nothing), bad)
			r.Drop(ctx)
			return multierr.Append(second(r.Get()), errBody)
		},
		"Lazy": func() error {
			l := guard.NewLazy(func(ctx context.Context) (*guard.Guard[int], error) {
				return guard.New(1, func(context.Context, int) error { return errBody }), bad
			})
			return second(l.Get(ctx))
		},
	} {
		errs := multierr.Errors(do())
		if len(errs) != 2 || !same(errs[0], bad) || errs[1] != errBody {
			t.Errorf("%s: %s returned %d errors", name, op, len(errs))
		}
	}
}

// same is == for errors of which one may not be comparable.
func same(a, b error) bool {
	defer func() { _ = recover() }()
	return fmt.Sprintf("%T", a) == fmt.Sprintf("%T", b) || a == b
}

// The errors that guard makes have a text and a type, whatever they wrap.
func TestTextOfHostileErrors(t *testing.T) {
	for name, bad := range hostileErrors() {
		synctest.Test(t, func(t *testing.T) {
			for _, key := range []any{1, hostileKey{runtime.Goexit}, hostileKey{func() { panic("boom") }}} {
				err := &guard.KeyError{Key: key, Err: bad}
				if text := err.Error(); !strings.HasPrefix(text, "key ") || err.ErrorType() == "" {
					t.Errorf("%s: text %q, type %q", name, text, err.ErrorType())
				}
			}
			ctx, cancel := context.WithCancelCause(t.Context())
			g := guard.New(1, guard.Nothing)
			g.Borrow(t.Context(), func(context.Context, int) error {
				cancel(bad)
				err := g.Drop(ctx)
				if text := err.Error(); !strings.HasPrefix(text, "guard: the value is in use and not dropped: ") {
					t.Errorf("%s: text %q", name, text)
				}
				return nil
			})
			g.Drop(t.Context())
		})
	}
}

type hostileKey struct{ do func() }

func (k hostileKey) String() string { k.do(); return "key" }

// An error that asks the Lazy that returns it takes nothing with it: no method of
// an error is called under a lock.
func TestErrorThatCallsBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var l *guard.Lazy[int]
		l = guard.NewLazy(func(ctx context.Context) (*guard.Guard[int], error) {
			<-ctx.Done()
			return nil, &hostile{func() { l.Get(t.Context()); l.Drop(t.Context()) }}
		})
		c := get(t.Context(), l)
		synctest.Wait()
		wantErr(t, "Drop", l.Drop(t.Context()), nil)
		r := <-c
		if !errors.Is(r.err, guard.ErrDropped) || !strings.Contains(r.err.Error(), "hostile") {
			t.Errorf("Get: %v", r.err)
		}
	})
}

// An error beside a panic is kept as it is.
func TestJoinPanicsBesideHostileErrors(t *testing.T) {
	for name, bad := range hostileErrors() {
		synctest.Test(t, func(t *testing.T) {
			p, _ := recovered(func() {
				guard.Join2(t.Context(), opens(0, bad),
					func(ctx context.Context) (*guard.Guard[int], error) { <-ctx.Done(); panicsHere(); return nil, nil })
			}).(*guard.PanicError)
			if p == nil || p.Value != "boom" || !containsFrame(p.Stack, "panicsHere") {
				t.Errorf("%s: recovered %T", name, p)
			}
		})
	}
}

// A second panic is kept, though its value is what echoes return.
func TestJoinPanicsTwice(t *testing.T) {
	p, _ := recovered(func() {
		guard.Join2(t.Context(),
			func(ctx context.Context) (*guard.Guard[int], error) { <-ctx.Done(); panic(context.Canceled) },
			func(context.Context) (*guard.Guard[int], error) { panic(io.EOF) })
	}).(*guard.PanicError)
	if p == nil || p.Value != error(context.Canceled) || !errors.Is(p, io.EOF) {
		t.Errorf("recovered %v", p)
	}
	p, _ = recovered(func() {
		guard.Join2(t.Context(),
			func(context.Context) (*guard.Guard[int], error) { panic(io.EOF) },
			func(ctx context.Context) (*guard.Guard[int], error) { <-ctx.Done(); panic(context.Canceled) })
	}).(*guard.PanicError)
	if p == nil || p.Value != error(io.EOF) || !errors.Is(p, context.Canceled) {
		t.Errorf("recovered %v", p)
	}
}
