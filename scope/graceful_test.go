package scope_test

import (
	"context"
	"errors"
	"runtime"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ebb-go/ebb/scope"
)

// TestGracefulChild is not canceled with its parent, nor asked to stop: it accepts
// tasks until its turn, after that of what depends on it; then it is asked, and its
// tasks end in their time.
func TestGracefulChild(t *testing.T) {
	for how, end := range map[string]func(s *scope.Scope, cancel context.CancelFunc){
		"returns":  func(*scope.Scope, context.CancelFunc) {},
		"stopped":  func(s *scope.Scope, _ context.CancelFunc) { s.Stop(errGone) },
		"canceled": func(s *scope.Scope, _ context.CancelFunc) { s.Cancel(errGone) },
		"caller":   func(_ *scope.Scope, cancel context.CancelFunc) { cancel() },
	} {
		synctest.Test(t, func(t *testing.T) {
			var j journal
			var saw scope.ExitKind = scope.Exited
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			_ = scope.Run(ctx, func(ctx context.Context, s *scope.Scope) error {
				back := must(s.Child("background", scope.Graceful()))
				exits(back, &saw)
				work := func(ctx context.Context) error {
					time.Sleep(sec)
					if ctx.Err() != nil {
						t.Errorf("%s: canceled", how)
					}
					<-scope.Stopping(ctx)
					j.add("work")
					return nil
				}
				back.Go("early", work)
				_ = must(s.Daemon("server", func(ctx context.Context) error {
					<-ctx.Done()
					if closed(scope.Stopping(back.Context())) {
						t.Errorf("%s: asked before its turn", how)
					}
					if err := back.TryGo("late", work); err != nil {
						t.Errorf("%s: %v", how, err)
					}
					j.add("server")
					return nil
				}, scope.AlsoDependsOn(back)))
				end(s, cancel)
				return nil
			}, scope.WithGrace(40*sec))
			j.want(t, "server", "work", "work")
			if saw != scope.Succeeded {
				t.Errorf("%s: saw %v", how, saw)
			}
		})
	}
}

// TestGracefulChildIsCut: what has not ended when three quarters of its time are up
// is canceled, and that is not told as a success.
func TestGracefulChildIsCut(t *testing.T) {
	for _, opt := range []scope.Option{scope.DropTimeout(4 * sec), scope.WithGrace(4 * sec)} {
		synctest.Test(t, func(t *testing.T) {
			var saw scope.ExitKind
			start := time.Now()
			err := scope.Run(t.Context(), func(ctx context.Context, s *scope.Scope) error {
				back := must(s.Child("background", scope.Graceful(), opt))
				exits(back, &saw)
				back.Go("t", func(ctx context.Context) error {
					<-scope.Stopping(ctx)
					if time.Since(start) != 0 || ctx.Err() != nil {
						t.Errorf("asked after %v, %v", time.Since(start), ctx.Err())
					}
					<-ctx.Done()
					var d *scope.DropTimeoutError
					if time.Since(start) != 3*sec || !errors.As(context.Cause(ctx), &d) {
						t.Errorf("canceled after %v with %v", time.Since(start), context.Cause(ctx))
					}
					return ctx.Err()
				})
				return nil
			}, new(logs).with())
			var d *scope.DropError
			if !errors.As(err, &d) || d.Guard != "background" || d.Outcome != "timeout" || saw != scope.Canceled {
				t.Errorf("%v, saw %v", err, saw)
			}
		})
	}
}

// TestInterrupt is called once, when the turn comes, and may do what it likes.
func TestInterrupt(t *testing.T) {
	for how, f := range map[string]func(){
		"returns": func() {},
		"panics":  func() { panic("in interrupt") },
		"exits":   runtime.Goexit,
	} {
		for by, turn := range turns {
			synctest.Test(t, func(t *testing.T) {
				var l logs
				var left atomic.Int32
				done := make(chan struct{}, 4)
				interrupt := scope.Interrupt(func() { done <- struct{}{}; f() })
				waits := func(context.Context) error { <-done; left.Add(1); return nil }
				err := scope.Run(t.Context(), func(ctx context.Context, s *scope.Scope) error {
					h := must(scope.Defer(s, "below", nothing))
					_ = must(s.Daemon("daemon", waits, interrupt))
					_ = must(s.Daemon("graceful", waits, interrupt, scope.Graceful()))
					must(s.Child("child", interrupt)).Go("t", waits)
					must(s.Child("graceful child", interrupt, scope.Graceful())).Go("t", waits)
					synctest.Wait()
					if left.Load() > 0 {
						t.Error("before its turn")
					}
					return turn(ctx, h)
				}, l.with())
				synctest.Wait()
				if err != nil || left.Load() != 4 || len(done) > 0 {
					t.Errorf("%s, by %s: %v, %d have left, %d calls more", how, by, err, left.Load(), len(done))
				}
				if n := len(l.starting("foreign code")); (n > 0) != (how != "returns") || n > 1 {
					t.Errorf("%s: logged %q", how, l.starting(""))
				}
			})
		}
	}
	inScope(t, func(ctx context.Context, s *scope.Scope) {
		for _, opt := range []scope.GuardOption{scope.Graceful(), scope.Interrupt(func() {})} {
			if _, err := scope.Defer(s, "g", nothing, opt); err == nil {
				t.Error("a guard takes it")
			}
		}
	})
}
