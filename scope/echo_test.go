package scope_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ebb-go/ebb/scope"
)

var errStatus = errors.New("rpc: canceled")

func isStatus(err error) bool { return errors.Is(err, errStatus) }

// TestWithEcho: what a function of WithEcho calls an echo is one wherever an echo
// is left out, in nested scopes and children too, but only of a function that had
// been canceled; one that fails says nothing.
func TestWithEcho(t *testing.T) {
	waits := func(ctx context.Context) error { <-ctx.Done(); return fmt.Errorf("call: %w", errStatus) }
	for name, body := range map[string]func(ctx context.Context, s *scope.Scope) error{
		"body": func(ctx context.Context, s *scope.Scope) error { return waits(ctx) },
		"task": func(ctx context.Context, s *scope.Scope) error { s.Go("t", waits); return nil },
		"daemon": func(ctx context.Context, s *scope.Scope) error {
			_ = must(s.Daemon("d", waits))
			<-ctx.Done()
			return nil
		},
		"nested": func(ctx context.Context, s *scope.Scope) error {
			return scope.Run(ctx, func(ctx context.Context, s *scope.Scope) error { s.Go("t", waits); return waits(ctx) })
		},
		"child": func(ctx context.Context, s *scope.Scope) error {
			must(s.Child("c")).Go("t", waits)
			<-ctx.Done()
			return nil
		},
		"All": func(ctx context.Context, s *scope.Scope) error {
			wait := func(ctx context.Context) (int, error) { return 0, waits(ctx) }
			_, err := scope.All(ctx, wait, wait)
			return err
		},
	} {
		synctest.Test(t, func(t *testing.T) {
			run := func(opts ...scope.Option) error {
				ctx, cancel := context.WithCancelCause(t.Context())
				time.AfterFunc(sec, func() { cancel(errGone) })
				return scope.Run(ctx, body, opts...)
			}
			if err := run(scope.WithEcho(isStatus)); err != errGone {
				t.Errorf("%s: %v, want the cause alone", name, err)
			}
			fails := func(end func()) scope.Option { return scope.WithEcho(func(error) bool { end(); return true }) }
			for how, opts := range map[string][]scope.Option{
				"without": nil, "with nil": {scope.WithEcho(nil)}, "one that denies": {scope.WithEcho(func(error) bool { return false })},
				"one that panics": {fails(func() { panic("boom") })}, "one that exits": {fails(runtime.Goexit)},
			} {
				if err := run(append(opts, new(logs).with())...); !errors.Is(err, errStatus) {
					t.Errorf("%s, %s: %v", name, how, err)
				}
			}
		})
	}
	err := scope.Run(t.Context(), func(context.Context, *scope.Scope) error { return errStatus }, scope.WithEcho(isStatus))
	if err != errStatus {
		t.Errorf("not canceled: %v", err)
	}
	synctest.Test(t, func(t *testing.T) { // in its turn a daemon is canceled, though its scope is not
		inScope(t, func(ctx context.Context, s *scope.Scope) { _ = must(s.Daemon("d", waits)) }, scope.WithEcho(isStatus))
	})
}
