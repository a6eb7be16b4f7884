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

// starter is a Start of a daemon called "d" with that function, in a scope of
// its own; after is called when Start has returned.
func starter(t *testing.T, fn func(ctx context.Context, ready func(int)) error,
	after func(ctx context.Context, s *scope.Scope, v int, d *scope.Daemon, err error) error, opts ...scope.Option,
) call {
	return calls(func() error {
		return scope.Run(t.Context(), func(ctx context.Context, s *scope.Scope) error {
			v, d, err := scope.Start(ctx, s, "d", fn)
			return after(ctx, s, v, d, err)
		}, append(opts, scope.WithName("x"))...)
	})
}

// live names what is registered in a scope.
func live(s *scope.Scope) (names []string) {
	for _, i := range s.Snapshot().Items {
		names = append(names, i.Name)
	}
	return names
}

// TestStartReady: Start returns when the daemon reports ready, with its value; it
// goes on until its turn.
func TestStartReady(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var j journal
		start := time.Now()
		c := starter(t, func(ctx context.Context, ready func(int)) error {
			time.Sleep(sec)
			ready(42)
			ready(43) // later calls do nothing
			<-ctx.Done()
			j.add("asked")
			return context.Cause(ctx)
		}, func(ctx context.Context, s *scope.Scope, v int, d *scope.Daemon, err error) error {
			if v != 42 || err != nil || d.Name() != "d" || time.Since(start) != sec {
				t.Errorf("%v %v after %v", v, err, time.Since(start))
			}
			_ = must(scope.Defer(s, "later", j.adds("later")))
			j.add("body")
			return nil
		}, scope.WithSchedule(scope.Sequential))
		wantTold(t, c)
		j.want(t, "body", "later", "asked")
	})
}

// TestStartReadyFromAnotherGoroutine: ready may be called from anywhere.
func TestStartReadyFromAnotherGoroutine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := starter(t, func(ctx context.Context, ready func(int)) error {
			go ready(1)
			<-ctx.Done()
			return nil
		}, func(_ context.Context, _ *scope.Scope, v int, _ *scope.Daemon, err error) error {
			if v != 1 {
				t.Error(v, err)
			}
			return err
		})
		wantTold(t, c)
	})
}

// TestStartEndsBeforeReady: a daemon that ends before it is ready fails Start only,
// with ErrNotReady and its own error; nothing is registered and the scope goes on.
func TestStartEndsBeforeReady(t *testing.T) {
	for name, fn := range map[string]func(ctx context.Context, ready func(int)) error{
		"fails":   func(context.Context, func(int)) error { return errBoom },
		"returns": func(context.Context, func(int)) error { return nil },
		"goexit":  func(context.Context, func(int)) error { runtime.Goexit(); return nil },
	} {
		synctest.Test(t, func(t *testing.T) {
			c := starter(t, fn, func(ctx context.Context, s *scope.Scope, v int, d *scope.Daemon, err error) error {
				wantIs(t, err, scope.ErrNotReady)
				if name == "fails" {
					wantIs(t, err, errBoom)
				}
				if name == "goexit" {
					wantIs(t, err, scope.ErrGoexit)
				}
				if d != nil || v != 0 || len(live(s)) != 0 || ctx.Err() != nil {
					t.Errorf("%s: %v %v, registered %q, %v", name, v, d, live(s), ctx.Err())
				}
				if _, again, err := scope.Start(ctx, s, "d", func(ctx context.Context, ready func(int)) error {
					ready(1)
					<-ctx.Done()
					return nil
				}); err != nil || again.Name() != "d" {
					t.Errorf("%s: its name is not free: %v", name, err)
				}
				return nil
			})
			wantTold(t, c)
		})
	}
}

// TestStartPanicsBeforeReady: that is the caller's, as with Acquire.
func TestStartPanicsBeforeReady(t *testing.T) {
	c := starter(t, func(context.Context, func(int)) error { panic("early") },
		func(context.Context, *scope.Scope, int, *scope.Daemon, error) error { t.Error("returned"); return nil })
	wantTold(t, c, "panics PanicError early")
}

// TestStartFailsAfterReady: that is a daemon's failure: it cancels the scope, and
// is told in its place.
func TestStartFailsAfterReady(t *testing.T) {
	for _, wait := range []time.Duration{0, sec} {
		synctest.Test(t, func(t *testing.T) {
			c := starter(t, func(ctx context.Context, ready func(int)) error {
				ready(1)
				time.Sleep(wait) // none: it may have ended before it is registered
				return errBoom
			}, func(ctx context.Context, s *scope.Scope, v int, d *scope.Daemon, err error) error {
				if v != 1 || d == nil || err != nil {
					t.Error(v, d, err)
				}
				<-ctx.Done()
				wantIs(t, context.Cause(ctx), errBoom)
				return context.Cause(ctx)
			})
			// The body returns the cause itself, which is an echo.
			wantTold(t, c, "task d: boom")
		})
	}
}

// TestStartPanicsAfterReady: Run panics.
func TestStartPanicsAfterReady(t *testing.T) {
	c := starter(t, func(ctx context.Context, ready func(int)) error {
		ready(1)
		panic("late")
	}, func(ctx context.Context, s *scope.Scope, v int, d *scope.Daemon, err error) error {
		<-ctx.Done()
		return nil
	})
	wantTold(t, c, "panics PanicError late")
}

// TestStartStarterCanceled: when the starter's ctx ends first, Start cancels the
// half-started daemon, awaits it, and returns the cause, with what else it failed
// with beside it.
func TestStartStarterCanceled(t *testing.T) {
	for _, result := range []error{nil, errBoom} {
		synctest.Test(t, func(t *testing.T) {
			var j journal
			err := scope.Run(t.Context(), func(ctx context.Context, s *scope.Scope) error {
				own, cancel := context.WithCancelCause(ctx)
				time.AfterFunc(sec, func() { cancel(errGone) })
				_, d, err := scope.Start(own, s, "d", func(ctx context.Context, ready func(int)) error {
					<-ctx.Done()
					wantIs(t, context.Cause(ctx), errGone)
					time.Sleep(sec)
					j.add("ended")
					return result
				})
				j.add("returned")
				wantIs(t, err, errGone)
				if result != nil {
					wantIs(t, err, errBoom)
				}
				if d != nil || len(live(s)) != 0 || ctx.Err() != nil {
					t.Error("registered, or the scope was canceled")
				}
				return nil
			})
			if err != nil {
				t.Error(err)
			}
			j.want(t, "ended", "returned")
		})
	}
}

// TestStartSiblingFails: so also when a sibling fails while it starts.
func TestStartSiblingFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := starter(t, func(ctx context.Context, ready func(int)) error {
			s, _ := scope.From(ctx)
			s.Go("sibling", func(context.Context) error { return errBoom })
			<-ctx.Done()
			return ctx.Err()
		}, func(ctx context.Context, s *scope.Scope, v int, d *scope.Daemon, err error) error {
			wantIs(t, err, errBoom)
			if d != nil || len(live(s)) != 0 {
				t.Error("registered")
			}
			return err
		})
		wantIs(t, c.err, errBoom)
	})
}

// TestStartReadyAndCanceledAtOnce: either it is ready, and is then a daemon to be
// dropped, or it is not, and has ended; never both, never neither.
func TestStartReadyAndCanceledAtOnce(t *testing.T) {
	for range 200 {
		synctest.Test(t, func(t *testing.T) {
			ended := false
			c := starter(t, func(ctx context.Context, ready func(int)) error {
				defer func() { ended = true }()
				s, _ := scope.From(ctx)
				go s.Cancel(errGone)
				ready(1)
				<-ctx.Done()
				return context.Cause(ctx)
			}, func(ctx context.Context, s *scope.Scope, v int, d *scope.Daemon, err error) error {
				switch {
				case err == nil && (d == nil || v != 1 || ended):
					t.Error("ready, and no daemon")
				case err != nil && (d != nil || !ended || !errors.Is(err, errGone)):
					t.Errorf("not ready: %v, ended %v", err, ended)
				}
				<-s.Context().Done() // so the exit is decided after the Cancel
				return nil
			})
			if !ended || c.err != errGone {
				t.Error(ended, c.err)
			}
		})
	}
}

// TestStartHoldsTheExit: a Start from a goroutine outside of the scope keeps the
// scope from being dropped until it has returned.
func TestStartHoldsTheExit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var j journal
		started := make(chan error, 1)
		err := scope.Run(t.Context(), func(ctx context.Context, s *scope.Scope) error {
			_ = must(scope.Defer(s, "db", j.adds("db")))
			go func() {
				_, _, err := scope.Start(t.Context(), s, "d", func(ctx context.Context, ready func(int)) error {
					time.Sleep(sec)
					ready(1)
					<-ctx.Done()
					j.add("daemon")
					return nil
				})
				started <- err
			}()
			synctest.Wait()
			return nil
		})
		if err, start := err, <-started; err != nil || start != nil {
			t.Error(err, start)
		}
		j.want(t, "daemon", "db")
	})
}

// TestStartOfAbandonedTask: where the scope closes meanwhile, the half-started
// daemon is canceled and awaited, and the error is ErrClosed.
func TestStartOfAbandonedTask(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		result := make(chan error, 1)
		var l logs
		err := scope.Run(t.Context(), func(ctx context.Context, s *scope.Scope) error {
			s.Go("starts", func(ctx context.Context) error {
				_, _, err := scope.Start(context.WithoutCancel(ctx), s, "d", func(ctx context.Context, ready func(int)) error {
					time.Sleep(time.Hour)
					ready(1)
					<-ctx.Done()
					return ctx.Err()
				})
				result <- err
				return nil
			})
			s.Cancel(nil)
			return nil
		}, scope.WithGrace(sec), l.with())
		wantIs(t, err, scope.ErrAbandoned)
		wantIs(t, <-result, scope.ErrClosed)
	})
}
