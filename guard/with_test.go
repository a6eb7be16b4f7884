package guard_test

import (
	"context"
	"errors"
	"runtime"
	"slices"
	"testing"

	"github.com/ebb-go/ebb/guard"
	"go.uber.org/multierr"
)

var errBody = errors.New("body failed")

// liveDrop returns a drop function that wants a live context with the value of
// ctx, and returns errDrop.
func liveDrop(t *testing.T, calls *int) func(context.Context, int) error {
	return func(ctx context.Context, _ int) error {
		*calls++
		if ctx.Err() != nil || ctx.Value(valueKey{}) != "value" {
			t.Errorf("the drop's context: %v, value %v", ctx.Err(), ctx.Value(valueKey{}))
		}
		return errDrop
	}
}

type valueKey struct{}

// overCtx returns a context that has ended and has a value.
func overCtx(t *testing.T) context.Context {
	ctx, cancel := context.WithCancel(context.WithValue(t.Context(), valueKey{}, "value"))
	cancel()
	return ctx
}

// Body first, then the drop, on every way out, with ctx over.
func TestWith(t *testing.T) {
	ctx := overCtx(t)
	for name, c := range map[string]struct {
		fn    func() (string, error)
		want  []error
		panic any
		exits bool
	}{
		"returns": {fn: func() (string, error) { return "r", nil }, want: []error{errDrop}},
		"fails":   {fn: func() (string, error) { return "r", errBody }, want: []error{errBody, errDrop}},
		"panics":  {fn: func() (string, error) { panic("boom") }, panic: "boom"},
		"exits":   {fn: func() (string, error) { runtime.Goexit(); return "", nil }, exits: true},
	} {
		t.Run(name, func(t *testing.T) {
			calls := 0
			g := guard.New(7, liveDrop(t, &calls))
			var r string
			var err error
			var p any
			exited := exits(func() {
				p = recovered(func() {
					r, err = guard.With(ctx, g, func(got context.Context, v int) (string, error) {
						if got != ctx || v != 7 || g.Dropped() {
							t.Error("fn was not called as it should be")
						}
						return c.fn()
					})
				})
			})
			if exited != c.exits || p != c.panic || calls != 1 {
				t.Errorf("exited %t, panicked with %v, %d drops", exited, p, calls)
			}
			if !slices.Equal(multierr.Errors(err), c.want) || (r == "r") != (c.want != nil) {
				t.Errorf("With: %q, %v", r, err)
			}
			wantErr(t, "Err", g.Err(), errDrop)
		})
	}
}

// A guard that is gone: Get's error, fn not called. One that fn drops: once.
func TestWithGone(t *testing.T) {
	g := guard.New(7, guard.Nothing)
	g.Release()
	_, err := guard.With[int, int](t.Context(), g, nil)
	wantErr(t, "With", err, guard.ErrReleased)

	drop, calls := counted(errDrop)
	g = guard.New(7, drop)
	_, err = guard.With(t.Context(), g, func(ctx context.Context, v int) (int, error) { return v, g.Drop(ctx) })
	if errs := multierr.Errors(err); len(errs) != 1 || errs[0] != errDrop || calls.Load() != 1 {
		t.Errorf("With: %v, %d drops", errs, calls.Load())
	}
}

func TestKeepOnSuccess(t *testing.T) {
	ctx := overCtx(t)
	calls := 0
	open := func(fail func() error) (g *guard.Guard[int], err error) {
		g = guard.New(7, liveDrop(t, &calls))
		defer guard.KeepOnSuccess(ctx, g, &err)
		return g, fail()
	}
	g, err := open(func() error { return nil })
	if err != nil || g.Value() != 7 || calls != 0 {
		t.Errorf("success: %v", err)
	}
	_, err = open(func() error { return errBody })
	if !slices.Equal(multierr.Errors(err), []error{errBody, errDrop}) || calls != 1 {
		t.Errorf("failure: %v", err)
	}
	p := recovered(func() { open(func() error { panic(errBody) }) })
	if p != errBody || calls != 2 {
		t.Errorf("panic: %v, %d drops", p, calls)
	}
	exits(func() { open(func() error { runtime.Goexit(); return nil }) })
	if calls != 2 {
		t.Error("a Goexit without an error is not seen, says the doc")
	}
}

// The panic goes on with its own stack: the frame that panicked is still there
// when it is recovered above KeepOnSuccess.
func TestKeepOnSuccessKeepsTheStack(t *testing.T) {
	drop := guard.New(0, func(context.Context, int) (err error) {
		g := guard.New(7, guard.Nothing)
		defer guard.KeepOnSuccess(t.Context(), g, &err)
		panicsHere()
		return nil
	})
	var p *guard.PanicError
	if err := drop.Drop(t.Context()); !errors.As(err, &p) || !containsFrame(p.Stack, "panicsHere") {
		t.Errorf("the stack is lost: %+v", err)
	}
}

//go:noinline
func panicsHere() { panic("boom") }
