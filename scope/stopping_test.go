package scope_test

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ebb-go/ebb/scope"
)

// processorTime is what the process has used so far.
func processorTime(t *testing.T) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		t.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// TestStoppingOfManyContexts: to listen, and to stop listening, does not take longer
// the more contexts are listened with.
func TestStoppingOfManyContexts(t *testing.T) {
	cost := func(n int) time.Duration {
		best := time.Hour
		for range 2 {
			inScope(t, func(ctx context.Context, s *scope.Scope) {
				runtime.GC()
				began := processorTime(t)
				cancels := make([]context.CancelFunc, n)
				for k := range n {
					var derived context.Context
					derived, cancels[k] = context.WithCancel(ctx)
					_ = scope.Stopping(derived)
					_, _ = scope.StoppingContext(derived)
				}
				for _, cancel := range cancels {
					cancel()
				}
				best = min(best, processorTime(t)-began)
			})
		}
		return best
	}
	if few, many := cost(1000), cost(10_000); many > 40*few+10*time.Millisecond {
		t.Errorf("%v for 1,000, %v for 10,000", few, many)
	}
}

// TestStoppingLeavesNothing: what has listened and ended takes no memory in a
// scope that goes on.
func TestStoppingLeavesNothing(t *testing.T) {
	inScope(t, func(ctx context.Context, s *scope.Scope) {
		heap := func() uint64 {
			runtime.GC()
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			return m.HeapAlloc
		}
		before := heap()
		for range 5000 {
			derived, cancel := context.WithCancel(ctx)
			_ = scope.Stopping(derived)
			asked, end := scope.StoppingContext(ctx)
			cancel()
			end()
			<-asked.Done()
			<-scope.Stopping(derived)
		}
		for runtime.NumGoroutine() > 100 { // the last have not come to their AfterFunc
			runtime.Gosched()
		}
		if after := heap(); after > before+512<<10 {
			t.Errorf("%d KiB are left", (after-before)>>10)
		}
	})
}

// TestStoppingMeetsItsEnd: contexts end while their owner is asked to stop.
func TestStoppingMeetsItsEnd(t *testing.T) {
	for range 200 {
		_ = scope.Run(t.Context(), func(ctx context.Context, s *scope.Scope) error {
			var all sync.WaitGroup
			for range 4 {
				all.Go(func() {
					derived, cancel := context.WithCancel(ctx)
					asked, end := scope.StoppingContext(derived)
					stopping := scope.Stopping(derived)
					all.Go(cancel)
					<-stopping
					<-asked.Done()
					end()
				})
			}
			s.Stop(errGone)
			all.Wait()
			return nil
		})
	}
}

// TestStoppingContext is canceled when Stopping closes, with the cause of that.
func TestStoppingContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ended := func(ctx context.Context) error {
			synctest.Wait()
			return context.Cause(ctx)
		}
		var body, late, task, daemon, after context.Context
		asked := func(ctx context.Context) context.Context {
			ctx, end := scope.StoppingContext(ctx)
			t.Cleanup(end)
			return ctx
		}
		err := scope.Run(t.Context(), func(ctx context.Context, s *scope.Scope) error {
			_ = must(s.Daemon("d", func(ctx context.Context) error {
				daemon = asked(ctx)
				<-daemon.Done()
				if ctx.Err() != nil {
					t.Error("canceled")
				}
				return nil
			}, scope.Graceful()))
			s.Go("short", func(ctx context.Context) error { after = asked(ctx); return nil })
			s.Go("t", func(ctx context.Context) error { task = asked(ctx); <-task.Done(); return ctx.Err() })
			body = asked(ctx)
			own, end := scope.StoppingContext(ctx)
			if ended(body) != nil || ended(task) != nil || ended(daemon) != nil || !errors.Is(ended(after), context.Canceled) {
				t.Errorf("before: %v, %v, %v, %v", ended(body), ended(task), ended(daemon), ended(after))
			}
			end()
			s.Stop(errGone)
			late = asked(ctx)
			if ended(body) != errGone || ended(task) != errGone || ended(late) != errGone || ended(own) != context.Canceled || ended(daemon) != nil || ctx.Err() != nil {
				t.Errorf("after: %v, %v, %v, %v, %v, %v", ended(body), ended(task), ended(late), ended(own), ended(daemon), ctx.Err())
			}
			return nil
		})
		if err != nil || ended(daemon) != errGone {
			t.Errorf("%v, %v", err, ended(daemon))
		}
		parent, cancel := context.WithCancelCause(t.Context())
		outside := asked(parent)
		cancel(errBoom)
		if ended(outside) != errBoom {
			t.Error(ended(outside))
		}
	})
}
