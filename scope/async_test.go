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

// TestAsyncAwait: any number of times, from anywhere, also after the scope has
// closed; with the task's own error.
func TestAsyncAwait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var kept *scope.Task[int]
		inScope(t, func(ctx context.Context, s *scope.Scope) {
			task := scope.Async(s, "sum", after(sec, 42, nil))
			kept = task
			own, cancel := context.WithTimeoutCause(ctx, sec/2, errGone)
			defer cancel()
			if _, err := task.Await(own); err != errGone {
				t.Errorf("the cause of the waiter's ctx: %v", err)
			}
			for range 3 {
				if v, err := task.Await(ctx); v != 42 || err != nil {
					t.Error(v, err)
				}
			}
		})
		ended, cancel := context.WithCancel(t.Context())
		cancel()
		if v, err := kept.Await(ended); v != 42 || err != nil {
			t.Error(v, err)
		}
	})
}

// TestAsyncFaults: Await tells an error, a panic, a Goexit, a refusal, and that the
// task was abandoned.
func TestAsyncFaults(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var boom, mad, gone, refused *scope.Task[int]
		c := calls(func() error {
			return scope.Run(t.Context(), func(ctx context.Context, s *scope.Scope) error {
				boom = scope.Async(s, "boom", func(context.Context) (int, error) { return 7, errBoom })
				gone = scope.Async(s, "gone", func(context.Context) (int, error) { runtime.Goexit(); return 0, nil })
				// Last, since a panic cancels also under a supervisor.
				mad = scope.Async(s, "mad", func(context.Context) (int, error) { panic("mad") })
				<-ctx.Done()
				refused = scope.Async(s, "refused", func(context.Context) (int, error) { t.Error("run"); return 0, nil })
				return nil
			}, scope.WithPanicAsError(), scope.WithSupervisor())
		})
		if c.err == nil {
			t.Error("no error")
		}
		if v, err := boom.Await(t.Context()); v != 7 || err != errBoom {
			t.Error(v, err)
		}
		_, err := mad.Await(t.Context())
		var p *scope.PanicError
		if !errors.As(err, &p) || p.Value != "mad" {
			t.Error(err)
		}
		_, err = gone.Await(t.Context())
		wantIs(t, err, scope.ErrGoexit)
		_, err = refused.Await(t.Context())
		if err == nil {
			t.Error("refused")
		}
	})
	bubbleOf(t, func(t *testing.T, hang stuck) {
		var task *scope.Task[int]
		_ = scope.Run(t.Context(), func(ctx context.Context, s *scope.Scope) error {
			task = scope.Async(s, "stuck", func(ctx context.Context) (int, error) { return 1, hang.drop(ctx) })
			s.Cancel(nil)
			return nil
		}, scope.WithGrace(sec), new(logs).with())
		own, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		_, err := task.Await(own)
		wantIs(t, err, scope.ErrAbandoned)
	})
}

// TestAwaitOfItself gets ErrReentrant.
func TestAwaitOfItself(t *testing.T) {
	inScope(t, func(ctx context.Context, s *scope.Scope) {
		self := make(chan *scope.Task[int], 1)
		self <- scope.Async(s, "self", func(ctx context.Context) (int, error) {
			_, err := (<-self).Await(ctx)
			wantIs(t, err, scope.ErrReentrant)
			return 0, nil
		})
	})
}

// TestAwaitOfWhatDidNotRun: Await returns why a task was refused, what one that was
// abandoned is called, and what one panicked with; a task's own error is its own,
// whatever it wraps.
func TestAwaitOfWhatDidNotRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		late := make(chan struct{})
		var abandoned, refused, mad, wraps *scope.Task[int]
		give := wrapsPanic()
		c := calls(func() error {
			return scope.Run(t.Context(), func(ctx context.Context, s *scope.Scope) error {
				abandoned = scope.Async(s, "late", func(context.Context) (int, error) { <-late; return 1, nil })
				wraps = scope.Async(s, "wraps", func(context.Context) (int, error) { return 7, give })
				if v, err := wraps.Await(ctx); v != 7 || err != give {
					t.Errorf("%d, %v", v, err)
				}
				mad = scope.Async(s, "mad", func(context.Context) (int, error) { panic("kaboom") })
				_, err := mad.Await(context.WithoutCancel(ctx))
				if p, ok := err.(*scope.PanicError); !ok || p.Value != "kaboom" {
					t.Errorf("%v", err)
				}
				s.Cancel(errGone)
				refused = scope.Async(s, "refused", func(context.Context) (int, error) { t.Error("run"); return 1, nil })
				return nil
			}, scope.WithGrace(sec), scope.WithSupervisor(), scope.WithPanicAsError(), new(logs).with())
		})
		if c.panic != nil {
			t.Errorf("%v", c.panic)
		}
		if v, err := refused.Await(t.Context()); v != 0 || err == nil || !errors.As(err, new(*scope.PanicError)) {
			t.Errorf("refused: %d, %v; want the cause", v, err) // that of the panic came first
		}
		var a *scope.AbandonedError
		if v, err := abandoned.Await(t.Context()); v != 0 || !errors.As(err, &a) || a.Name != "late" {
			t.Errorf("abandoned: %d, %v", v, err)
		}
		close(late)
		synctest.Wait()
		if v, err := abandoned.Await(t.Context()); v != 0 || !errors.Is(err, scope.ErrAbandoned) {
			t.Errorf("abandoned, and returned after all: %d, %v", v, err)
		}
	})
}
