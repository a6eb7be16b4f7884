package scope_test

import (
	"context"
	"errors"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ebb-go/ebb/scope"
)

// TestJoinedDropIsWhatItWas: a call that joins the drop of the teardown hears how it has
// ended, by what the drop function did and not by what its error is or wraps.
func TestJoinedDropIsWhatItWas(t *testing.T) {
	inner := &scope.DropError{Scope: "other", Guard: "inner", Outcome: "timeout", Err: errBoom}
	for what, c := range map[string]struct {
		drop    func() error
		outcome string
		wraps   error
	}{
		"returns an error":        {func() error { return errBoom }, "error", errBoom},
		"returns a PanicError":    {func() error { return &scope.PanicError{Value: errBoom} }, "error", errBoom},
		"returns ErrGoexit":       {func() error { return scope.ErrGoexit }, "error", scope.ErrGoexit},
		"returns another's error": {func() error { return inner }, "error", inner},
		"panics":                  {func() error { panic(errBoom) }, "panic", errBoom},
		"calls Goexit":            {func() error { runtime.Goexit(); return nil }, "goexit", scope.ErrGoexit},
	} {
		synctest.Test(t, func(t *testing.T) {
			dropping := make(chan *scope.Handle[struct{}], 1)
			joined := make(chan error, 1)
			go func() { joined <- (<-dropping).Drop(context.Background()) }()
			err := scope.Run(t.Context(), func(_ context.Context, s *scope.Scope) error {
				var h *scope.Handle[struct{}]
				h = must(scope.Defer(s, "g", func(context.Context) error {
					dropping <- h
					time.Sleep(sec) // until the other call waits
					return c.drop()
				}))
				return nil
			}, scope.WithName("app"))
			for who, err := range map[string]error{"joined": <-joined, "Run": err} {
				var e *scope.DropError
				if !errors.As(err, &e) || e.Guard != "g" || e.Outcome != c.outcome || !errors.Is(e.Err, c.wraps) {
					t.Errorf("%s, %s: %+v", what, who, err)
				}
			}
		})
	}
}
