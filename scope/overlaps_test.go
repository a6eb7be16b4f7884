package scope_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ebb-go/ebb/guard"
	"github.com/ebb-go/ebb/scope"
	"github.com/ebb-go/ebb/trace"
)

// TestDropOnTheWayOut: an early drop that comes when the last task ends waits for
// the teardown, and nothing is counted twice.
func TestDropOnTheWayOut(t *testing.T) {
	for range 2_000 {
		err := scope.Run(t.Context(), func(ctx context.Context, s *scope.Scope) error {
			end := make(chan struct{})
			s.Go("t", func(context.Context) error { <-end; return nil })
			for range 6 {
				h := must(scope.Defer(s, "h", nothing))
				go func() {
					<-end
					_ = h.Drop(context.Background())
				}()
			}
			go func() {
				runtime.Gosched()
				close(end)
			}()
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

// TestPanicIsNoEcho: a panic is not lost because its value is the cause of the
// cancellation.
func TestPanicIsNoEcho(t *testing.T) {
	c := calls(func() error {
		return scope.Run(t.Context(), func(ctx context.Context, s *scope.Scope) error {
			s.Go("t", func(ctx context.Context) error { <-ctx.Done(); panic(ctx.Err()) })
			s.Cancel(errBoom)
			return nil
		})
	})
	if _, ok := c.panic.(*scope.PanicError); !ok {
		t.Errorf("task: %q", c.told())
	}
	c = calls(func() error {
		return scope.Run(t.Context(), func(ctx context.Context, s *scope.Scope) error {
			_ = must(s.Daemon("d", func(ctx context.Context) error { <-ctx.Done(); panic(context.Cause(ctx)) }))
			return nil
		})
	})
	if _, ok := c.panic.(*scope.PanicError); !ok {
		t.Errorf("daemon: %q", c.told())
	}
}

// TestStartInDaemon: what a daemon starts does not keep its scope from coming to
// that daemon's turn, and a half-started one is named when it is abandoned.
func TestStartInDaemon(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var started error
		err := scope.Run(t.Context(), func(ctx context.Context, s *scope.Scope) error {
			_ = must(s.Daemon("a", func(ctx context.Context) error {
				_, _, started = scope.Start(ctx, s, "b", func(ctx context.Context, ready func(int)) error {
					<-ctx.Done()
					return nil
				})
				return nil
			}))
			synctest.Wait()
			return nil
		})
		if err != nil || !errors.Is(started, scope.ErrClosed) {
			t.Errorf("Run %v, Start %v", err, started)
		}
		stop := make(chan struct{})
		err = scope.Run(t.Context(), func(ctx context.Context, s *scope.Scope) error {
			go func() {
				_, _, _ = scope.Start(context.Background(), s, "half", func(context.Context, func(int)) error { <-stop; return nil })
			}()
			synctest.Wait()
			s.Cancel(errBoom)
			return nil
		}, scope.WithGrace(sec))
		var abandoned *scope.AbandonedError
		if !errors.As(err, &abandoned) || abandoned.Name != "half" {
			t.Errorf("abandoned: %v", err)
		}
		close(stop)
	})
}

// TestReportGoexit: a callback that calls Goexit ends its own goroutine only.
func TestReportGoexit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		err := scope.Run(t.Context(), func(ctx context.Context, s *scope.Scope) error {
			s.Go("t", func(ctx context.Context) error {
				return scope.Run(ctx, func(context.Context, *scope.Scope) error { return nil },
					scope.WithReport(func(*trace.Report) { runtime.Goexit() }))
			})
			return nil
		})
		if err != nil {
			t.Error(err)
		}
	})
}

// uncomparable is an error that == panics at.
type uncomparable []string

func (u uncomparable) Error() string { return fmt.Sprint([]string(u)) }

// TestUncomparableCause: a cause need not be comparable.
func TestUncomparableCause(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		err := scope.Run(t.Context(), func(ctx context.Context, s *scope.Scope) error {
			c := must(s.Child("c"))
			_ = must(scope.Defer(c, "g", nothing))
			c.Go("t", func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() })
			c.Cancel(uncomparable{"x"})
			if err := c.Close(ctx); fmt.Sprint(err) != "[x]" {
				t.Errorf("Close: %v", err)
			}
			d := must(s.Child("d"))
			stop := make(chan struct{})
			_ = must(scope.Defer(d, "g", func(context.Context) error { <-stop; return nil }))
			go func() { _ = d.Close(context.Background()) }()
			synctest.Wait()
			dead, cancel := context.WithCancelCause(context.Background())
			cancel(uncomparable{"y"})
			if err := d.Close(dead); fmt.Sprint(err) != "[y]" {
				t.Errorf("Close that gives up: %v", err)
			}
			close(stop)
			return nil
		})
		if err != nil {
			t.Error(err)
		}
	})
}

// TestGraceAfterStop: Run keeps to the grace when a task that was asked to stop
// and a drop both hang.
func TestGraceAfterStop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start, stop := time.Now(), make(chan struct{})
		err := scope.Run(t.Context(), func(ctx context.Context, s *scope.Scope) error {
			_ = must(scope.Defer(s, "db", func(context.Context) error { <-stop; return nil }))
			s.Go("t", func(context.Context) error { <-stop; return nil })
			s.Stop(errBoom)
			return nil
		}, scope.WithGrace(10*sec))
		if took := time.Since(start); took != 10*sec {
			t.Errorf("Run took %v: %v", took, err)
		}
		close(stop)
	})
}

// TestJoinAbandoned: who waits for a drop hears of it when it is abandoned by the
// run that it is a part of.
func TestJoinAbandoned(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start, hang := time.Now(), make(chan struct{})
		var joined error
		_ = scope.Run(t.Context(), func(ctx context.Context, s *scope.Scope) error {
			db := must(scope.Defer(s, "db", nothing))
			mid := must(scope.Defer(s, "mid", func(context.Context) error { <-hang; return nil }, scope.DependsOn(db)))
			_ = must(scope.Defer(s, "api", func(context.Context) error { time.Sleep(sec / 2); return nil }, scope.DependsOn(mid)))
			go func() { _ = db.DropTree(ctx) }()
			synctest.Wait()
			joined = mid.Drop(ctx)
			return nil
		}, scope.WithDropTimeout(sec))
		wantIs(t, joined, scope.ErrAbandoned)
		if took := time.Since(start); took != 1600*time.Millisecond {
			t.Errorf("after %v", took)
		}
		close(hang)
	})
}

// TestDropTreeIsCanceled: when the teardown's time is up, all that a DropTree is
// dropping is canceled, not only its root.
func TestDropTreeIsCanceled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var cause error
		_ = scope.Run(t.Context(), func(ctx context.Context, s *scope.Scope) error {
			db := must(scope.Defer(s, "db", nothing))
			_ = must(scope.Defer(s, "api", func(ctx context.Context) error {
				<-ctx.Done()
				cause = context.Cause(ctx)
				return cause
			}, scope.DependsOn(db)))
			go func() { _ = db.DropTree(context.Background()) }()
			synctest.Wait()
			s.Cancel(errBoom)
			return nil
		}, scope.WithGrace(4*sec))
		var timeout *scope.DropTimeoutError
		if !errors.As(cause, &timeout) || timeout.Guard != "api" {
			t.Errorf("canceled with %v", cause)
		}
	})
}

// TestMoveBesideClose: a guard that moves into a child and out of it while the
// child is closed: nobody waits for a lock for ever.
func TestMoveBesideClose(t *testing.T) {
	inScope(t, func(ctx context.Context, s *scope.Scope) {
		for range 2_000 {
			c := must(s.Child("c", scope.DependsOn()))
			h := must(scope.Defer(s, "h", nothing))
			var wg sync.WaitGroup
			wg.Go(func() { _, _ = h.MoveTo(c) })
			wg.Go(func() { _ = c.Close(ctx) })
			wg.Wait()
			_ = c.Close(ctx)
			_ = h.Drop(ctx)
		}
	})
}

// TestStoppingOfTasksIsFreed: a long-lived scope holds nothing for the tasks that
// have listened. The smallest growth of three counts: what other tests have left
// behind can grow in one of them, a leak does in each.
func TestStoppingOfTasksIsFreed(t *testing.T) {
	inScope(t, func(ctx context.Context, s *scope.Scope) {
		heap := func() int64 {
			var m runtime.MemStats
			runtime.GC()
			runtime.GC()
			runtime.ReadMemStats(&m)
			return int64(m.HeapAlloc)
		}
		run := func(n int) {
			for range n {
				_, err := scope.Async(s, "t", func(ctx context.Context) (int, error) { scope.Stopping(ctx); return 0, nil }).Await(ctx)
				if err != nil {
					t.Fatal(err)
				}
			}
		}
		run(1_000)
		grown := int64(math.MaxInt64)
		for range 3 {
			before := heap()
			run(20_000)
			grown = min(grown, (heap()-before)/20_000)
		}
		if grown > 50 {
			t.Errorf("%d bytes for each task that is gone", grown)
		}
	})
}

// TestStoppingOfDerivedContext: Stopping closes when the context that it was given
// is canceled, also if the owner's is not; and one context has one channel.
func TestStoppingOfDerivedContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		inScope(t, func(ctx context.Context, s *scope.Scope) {
			derived, cancel := context.WithCancel(ctx)
			stopping := scope.Stopping(derived)
			if stopping != scope.Stopping(derived) || stopping == scope.Stopping(ctx) {
				t.Error("a channel for each context, and for each one")
			}
			cancel()
			<-stopping
			<-scope.Stopping(derived)
			other, cancel := context.WithCancel(ctx)
			defer cancel()
			stopping = scope.Stopping(other)
			s.Stop(nil)
			<-stopping
			<-scope.Stopping(ctx)
		})
	})
}

// TestDaemonEcho: a daemon that returns what its canceled scope was canceled
// with, before it is asked, repeats it.
func TestDaemonEcho(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		err := scope.Run(t.Context(), func(ctx context.Context, s *scope.Scope) error {
			_ = must(s.Daemon("d", func(context.Context) error { <-ctx.Done(); return ctx.Err() }))
			s.Cancel(errBoom)
			synctest.Wait()
			return nil
		})
		if err != errBoom {
			t.Errorf("got %v", err)
		}
	})
}

// TestTooLateIsBounded: what is dropped because it came too late has its limit and
// its log lines, and may open scopes of its own.
func TestTooLateIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var l logs
		var s *scope.Scope
		_ = scope.Run(t.Context(), func(ctx context.Context, in *scope.Scope) error { s = in; return nil }, l.with(), scope.WithSlowThreshold(sec))
		start := time.Now()
		var nested error
		_, err := scope.Defer(s, "late", func(ctx context.Context) error {
			nested = scope.Run(ctx, func(context.Context, *scope.Scope) error { return nil })
			<-ctx.Done()
			return context.Cause(ctx)
		}, scope.DropTimeout(2*sec))
		var timeout *scope.DropTimeoutError
		if !errors.Is(err, scope.ErrClosed) || !errors.As(err, &timeout) || time.Since(start) != 2*sec {
			t.Errorf("after %v: %v", time.Since(start), err)
		}
		if nested != nil {
			t.Errorf("a Run in the drop: %v", nested)
		}
		if slow := l.starting("slow drop"); len(slow) != 1 {
			t.Errorf("log %q", slow)
		}
	})
}

// TestUseInAGrandchild: an open function of a scope further down records the edge
// of the child that leads there, whatever context it was called with.
func TestUseInAGrandchild(t *testing.T) {
	inScope(t, func(ctx context.Context, s *scope.Scope) {
		c := must(s.Child("c", scope.DependsOn()))
		g := must(c.Child("g"))
		db := must(scope.Defer(s, "db", nothing))
		_ = must(scope.Acquire(ctx, g, "x", func(ctx context.Context) (int, error) { db.Use(ctx); return 1, nil }, guard.Nothing))
		if p := s.Plan(); len(p.Waves) != 2 || !slices.Equal(p.Waves[0][0].DependsOn, []string{"db"}) {
			t.Errorf("%+v", p)
		}
	})
}

// TestMovedKeepsItsLimits: a guard that moves keeps its limits, and the name that
// was written for it.
func TestMovedKeepsItsLimits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		err := scope.Run(t.Context(), func(ctx context.Context, s *scope.Scope) error {
			c := must(s.Child("c"))
			_ = must(scope.Defer(s, "h", nothing))
			h := must(scope.Defer(s, "h", func(ctx context.Context) error { <-ctx.Done(); return nil }, scope.DropTimeout(sec)))
			if moved := must(h.MoveTo(c)); moved.Name() != "h" {
				t.Errorf("called %q", moved.Name())
			}
			return nil
		})
		if err != nil || time.Since(start) != sec {
			t.Errorf("after %v: %v", time.Since(start), err)
		}
	})
}

// TestChildBesideStop: a child is asked to stop, whichever comes first.
func TestChildBesideStop(t *testing.T) {
	for range 2_000 {
		inScope(t, func(ctx context.Context, s *scope.Scope) {
			var c *scope.Scope
			var wg sync.WaitGroup
			wg.Go(func() { c = must(s.Child("c")) })
			wg.Go(func() { s.Stop(errBoom) })
			wg.Wait()
			if err := c.TryGo("t", nothing); err == nil || !strings.Contains(err.Error(), "boom") {
				t.Fatalf("TryGo in the child: %v", err)
			}
		})
	}
}
