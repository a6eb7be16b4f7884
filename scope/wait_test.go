package scope_test

import (
	"context"
	"errors"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ebb-go/ebb/scope"
)

// TestWait: nil for a scope that is to stop in order, else the cause, and that of ctx
// if nothing else has ended.
func TestWait(t *testing.T) {
	sig := &scope.SignalError{Signal: syscall.SIGTERM}
	for what, c := range map[string]struct {
		end  func(s *scope.Scope, cancel context.CancelCauseFunc)
		opts []scope.Option
		want error
	}{
		"stopped":              {end: func(s *scope.Scope, _ context.CancelCauseFunc) { s.Stop(errGone) }},
		"stopped, time is up":  {end: func(s *scope.Scope, _ context.CancelCauseFunc) { s.Stop(errGone); <-s.Context().Done() }, opts: []scope.Option{scope.WithGrace(4 * sec)}},
		"canceled":             {end: func(s *scope.Scope, _ context.CancelCauseFunc) { s.Cancel(errGone) }, want: errGone},
		"canceled, stopped":    {end: func(s *scope.Scope, _ context.CancelCauseFunc) { s.Cancel(errBoom); s.Stop(errGone) }, want: errBoom},
		"canceled by a signal": {end: func(s *scope.Scope, _ context.CancelCauseFunc) { s.Cancel(sig) }},
		"a task failed": {end: func(s *scope.Scope, _ context.CancelCauseFunc) {
			s.Go("t", func(context.Context) error { return errBoom })
		}, want: errBoom},
		"the caller has gone":    {end: func(_ *scope.Scope, cancel context.CancelCauseFunc) { cancel(errGone) }, want: errGone},
		"a signal to the caller": {end: func(_ *scope.Scope, cancel context.CancelCauseFunc) { cancel(sig) }},
	} {
		for _, own := range []bool{true, false} {
			synctest.Test(t, func(t *testing.T) {
				parent, cancel := context.WithCancelCause(t.Context())
				defer cancel(nil)
				_ = scope.Run(parent, func(ctx context.Context, s *scope.Scope) error {
					go func() { time.Sleep(sec); c.end(s, cancel) }()
					if !own {
						ctx = t.Context()
					}
					if err := s.Wait(ctx); !errors.Is(err, c.want) || (err == nil) != (c.want == nil) {
						t.Errorf("%s: Wait returned %v", what, err)
					}
					return nil
				}, c.opts...)
			})
		}
	}
	synctest.Test(t, func(t *testing.T) {
		var kept *scope.Scope
		inScope(t, func(ctx context.Context, s *scope.Scope) {
			kept = s
			ctx, cancel := context.WithTimeoutCause(ctx, sec, errGone)
			defer cancel()
			if err := s.Wait(ctx); err != errGone {
				t.Error(err)
			}
		})
		wantIs(t, kept.Wait(t.Context()), scope.ErrClosed)
	})
}

// TestSubmit waits for room as long as its context lives, and says whether the task
// will run.
func TestSubmit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ran := 0
		job := func(context.Context) error { ran++; time.Sleep(sec); return nil }
		inScope(t, func(ctx context.Context, s *scope.Scope) {
			start := time.Now()
			for range 3 {
				if err := s.Submit(ctx, "job", job); err != nil {
					t.Error(err)
				}
			}
			if time.Since(start) != 2*sec {
				t.Errorf("submitted after %v", time.Since(start))
			}
			short, cancel := context.WithTimeoutCause(ctx, sec/2, errGone)
			defer cancel()
			wantIs(t, s.Submit(short, "late", job), errGone)
			time.Sleep(sec)
			wantIs(t, s.Submit(short, "room, but no caller", job), errGone)
			if err := s.Submit(ctx, "job", job); err != nil {
				t.Error(err)
			}
			go func() { time.Sleep(sec / 2); s.Stop(errBoom) }()
			wantIs(t, s.Submit(ctx, "stopped", job), errBoom)
		}, scope.WithTaskLimit(1), new(logs).with())
		if ran != 4 {
			t.Errorf("%d ran", ran)
		}
		var kept *scope.Scope
		inScope(t, func(_ context.Context, s *scope.Scope) { kept = s })
		wantIs(t, kept.Submit(t.Context(), "closed", job), scope.ErrClosed)
	})
}
