package scope_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"

	"github.com/ebb-go/ebb/scope"
)

// TestOwnCausesAreCanceled: whatever ebb itself cancels a context with is a
// context.Canceled, says what has happened, and is no echo of anything else; an
// error that a call returns is none.
func TestOwnCausesAreCanceled(t *testing.T) {
	causes := map[string]func(t *testing.T) context.Context{
		"a closed scope": func(t *testing.T) (after context.Context) {
			inScope(t, func(ctx context.Context, s *scope.Scope) { after = ctx })
			return after
		},
		"a closed child": func(t *testing.T) (after context.Context) {
			inScope(t, func(ctx context.Context, s *scope.Scope) {
				c := must(s.Child("c"))
				after = c.Context()
				_ = c.Close(ctx)
			})
			return after
		},
		"a daemon's turn": func(t *testing.T) (in context.Context) {
			inScope(t, func(ctx context.Context, s *scope.Scope) {
				_ = must(s.Daemon("d", func(ctx context.Context) error { <-ctx.Done(); in = ctx; return nil }))
			})
			return in
		},
		"a daemon's end": func(t *testing.T) (in context.Context) {
			inScope(t, func(ctx context.Context, s *scope.Scope) {
				d := must(s.Daemon("d", func(ctx context.Context) error { in = ctx; return nil }))
				_ = d.Drop(ctx)
			})
			return in
		},
		"an early drop's end": func(t *testing.T) (in context.Context) {
			inScope(t, func(ctx context.Context, s *scope.Scope) {
				_ = must(scope.Defer(s, "g", func(ctx context.Context) error { in = ctx; return nil })).Drop(ctx)
			})
			return in
		},
		"a child's turn": func(t *testing.T) (in context.Context) {
			inScope(t, func(ctx context.Context, s *scope.Scope) {
				must(s.Child("c")).Go("t", func(ctx context.Context) error { <-ctx.Done(); in = ctx; return nil })
			})
			return in
		},
		"the drop of a lazy guard that is being opened": func(t *testing.T) (in context.Context) {
			inScope(t, func(ctx context.Context, s *scope.Scope) {
				h := scope.Lazy(s, "l", func(ctx context.Context) (int, error) { in = ctx; <-ctx.Done(); return 0, ctx.Err() },
					func(context.Context, int) error { return nil })
				s.Go("uses", func(ctx context.Context) error { _, _ = h.Use(ctx); return nil })
				synctest.Wait()
				_ = h.Drop(ctx)
			})
			return in
		},
		"a lost race": func(t *testing.T) (in context.Context) {
			_, _ = scope.Race(t.Context(),
				func(context.Context) (int, error) { return 1, nil },
				func(ctx context.Context) (int, error) { <-ctx.Done(); in = ctx; return 0, nil })
			return in
		},
		"Cancel(nil)": func(t *testing.T) (in context.Context) {
			_ = scope.Run(t.Context(), func(ctx context.Context, s *scope.Scope) error { s.Cancel(nil); in = ctx; return nil })
			return in
		},
	}
	for what, in := range causes {
		synctest.Test(t, func(t *testing.T) {
			ctx := in(t)
			<-ctx.Done()
			cause := context.Cause(ctx)
			if !errors.Is(cause, context.Canceled) || errors.Is(cause, context.DeadlineExceeded) || cause.Error() == "" {
				t.Errorf("%s: %v", what, cause)
			}
		})
	}
	var s *scope.Scope
	inScope(t, func(_ context.Context, open *scope.Scope) { s = open })
	_, err := scope.Acquire(t.Context(), s, "g", func(context.Context) (int, error) { return 0, nil }, func(context.Context, int) error { return nil })
	for _, err := range []error{err, s.TryGo("t", nothing), scope.Run(s.Context(), func(context.Context, *scope.Scope) error { return nil })} {
		if !errors.Is(err, scope.ErrClosed) || errors.Is(err, context.Canceled) {
			t.Errorf("refused with %v", err)
		}
	}
}
