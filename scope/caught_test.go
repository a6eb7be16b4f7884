package scope_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"testing"

	"github.com/ebb-go/ebb/guard"
	"github.com/ebb-go/ebb/scope"
	"github.com/ebb-go/ebb/trace"
)

// TestOutcomeByWhatWasCaught: whether a drop panicked, called Goexit or returned an
// error is decided by what was caught, whatever is in the error that it returned.
func TestOutcomeByWhatWasCaught(t *testing.T) {
	drops := map[string]struct {
		drop    func(context.Context) error
		outcome string
	}{
		"panics":                   {func(context.Context) error { panic(errBoom) }, "panic"},
		"panics with a PanicError": {func(context.Context) error { panic(&scope.PanicError{Value: errBoom}) }, "panic"},
		"calls Goexit":             {func(context.Context) error { runtime.Goexit(); return nil }, "goexit"},
		"returns a PanicError":     {func(context.Context) error { return &scope.PanicError{Value: errBoom} }, "error"},
		"returns one inside":       {func(context.Context) error { return fmt.Errorf("x: %w", &scope.PanicError{Value: errBoom}) }, "error"},
		"returns ErrGoexit":        {func(context.Context) error { return scope.ErrGoexit }, "error"},
		"returns another's drop": {func(ctx context.Context) error {
			return guard.New(1, func(context.Context, int) error { panic(errBoom) }).Drop(ctx)
		}, "error"},
	}
	type register func(ctx context.Context, s *scope.Scope, drop func(context.Context) error) error
	guards := map[string]register{
		"defer": func(_ context.Context, s *scope.Scope, drop func(context.Context) error) error {
			_, err := scope.Defer(s, "g", drop)
			return err
		},
		"registered": func(_ context.Context, s *scope.Scope, drop func(context.Context) error) error {
			_, err := scope.Register(s, "g", guard.New(1, func(ctx context.Context, _ int) error { return drop(ctx) }))
			return err
		},
		"lazy": func(ctx context.Context, s *scope.Scope, drop func(context.Context) error) error {
			_, err := scope.Lazy(s, "g", func(context.Context) (int, error) { return 1, nil },
				func(ctx context.Context, _ int) error { return drop(ctx) }).Use(ctx)
			return err
		},
	}
	for kind, register := range guards {
		for what, c := range drops {
			for _, early := range []bool{false, true} {
				var report *trace.Report
				err := scope.Run(t.Context(), func(ctx context.Context, s *scope.Scope) error {
					if !early {
						return register(ctx, s, c.drop)
					}
					child := must(s.Child("c")) // its drop meets the guard's in an early run
					if err := register(ctx, child, c.drop); err != nil {
						return err
					}
					return child.Close(ctx)
				}, reported(&report))
				var d *scope.DropError
				if !errors.As(err, &d) || d.Guard != "g" || d.Outcome != c.outcome {
					t.Errorf("%s that %s, early %v: %v", kind, what, early, err)
				}
				if e := report.Entries; !early && e[0].Outcome != c.outcome {
					t.Errorf("%s that %s: the report has %s", kind, what, e[0].Outcome)
				}
			}
		}
	}
}
