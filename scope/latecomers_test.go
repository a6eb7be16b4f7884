package scope_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ebb-go/ebb/guard"
	"github.com/ebb-go/ebb/scope"
)

// TestNestedInStoppedHasGrace: a scope that is opened under a stopped owner is
// asked to stop, and its grace counts from then.
func TestNestedInStoppedHasGrace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		err := scope.Run(t.Context(), func(ctx context.Context, s *scope.Scope) error {
			s.Stop(errBoom)
			return scope.Run(ctx, func(ctx context.Context, s *scope.Scope) error {
				<-ctx.Done()
				return nil
			}, scope.WithGrace(4*sec))
		})
		if took := time.Since(start); err != errBoom || took != 3*sec {
			t.Errorf("after %v: %v", took, err)
		}
	})
}

// TestBorrowedPastItsTime: a guard whose borrower outlives the drop's time is
// abandoned by name, and dropped when the borrower lets go.
func TestBorrowedPastItsTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var j journal
		var l logs
		free := make(chan struct{})
		err := scope.Run(t.Context(), func(ctx context.Context, s *scope.Scope) error {
			db := must(scope.Acquire(ctx, s, "db", opens("db"), func(context.Context, string) error { j.add("dropped"); return nil }))
			go func() {
				_ = db.Borrow(context.Background(), func(context.Context, string) error { <-free; return nil })
			}()
			synctest.Wait()
			return nil
		}, scope.WithDropTimeout(sec), l.with())
		wantIs(t, err, scope.ErrAbandoned)
		j.want(t)
		close(free)
		synctest.Wait()
		j.want(t, "dropped")
		if late := l.starting("late result"); len(late) != 1 {
			t.Errorf("log %q", late)
		}
	})
}

// TestChildSpansHaveItsPath: the spans of a second child of a name have the path
// that its errors have, and the name that is written in the code.
func TestChildSpansHaveItsPath(t *testing.T) {
	var p spans
	err := scope.Run(t.Context(), func(ctx context.Context, s *scope.Scope) error {
		_ = must(s.Child("c"))
		_ = must(s.Child("c"))
		return nil
	}, scope.WithName("x"), scope.WithTracerProvider(&p))
	if err != nil {
		t.Fatal(err)
	}
	paths := map[string]bool{}
	for _, s := range p.named("scope c") {
		paths[s.str("ebb.scope.path")] = true
	}
	if !paths["x/c"] || !paths["x/c#2"] {
		t.Errorf("paths %v; all: %s", paths, &p)
	}
}

// TestChildDeadlineNamesIt: tasks of a child whose time is up find whose it is, and how
// much that was.
func TestChildDeadlineNamesIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var cause error
		_ = scope.Run(t.Context(), func(ctx context.Context, s *scope.Scope) error {
			_ = must(s.Child("c"))
			c := must(s.Child("c"))
			_ = must(scope.Defer(c, "g", nothing))
			c.Go("t", func(ctx context.Context) error {
				<-ctx.Done()
				cause = context.Cause(ctx)
				return nil
			})
			ctx, cancel := context.WithTimeout(ctx, 8*sec)
			defer cancel()
			wantIs(t, c.Close(ctx), cause)
			return nil
		}, scope.WithName("x"))
		want := scope.DropTimeoutError{Scope: "x", Guard: "c#2", Limit: 8 * sec}
		var timeout *scope.DropTimeoutError
		if !errors.As(cause, &timeout) || *timeout != want {
			t.Errorf("cause %v", cause)
		}
	})
}

// TestDropAfterAbandonedIsNil: a drop that was abandoned is told to those who
// waited for it; later ones find it gone.
func TestDropAfterAbandonedIsNil(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hang := make(chan struct{})
		inScope(t, func(ctx context.Context, s *scope.Scope) {
			h := must(scope.Defer(s, "h", func(context.Context) error { <-hang; return nil }, scope.DropTimeout(sec)))
			wantIs(t, h.Drop(ctx), scope.ErrAbandoned)
			if err := h.Drop(ctx); err != nil {
				t.Errorf("later: %v", err)
			}
		})
		close(hang)
	})
}

// TestDropOfSkippedEnds: who waits for a guard that was skipped is told, also when
// the scope has closed.
func TestDropOfSkippedEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hang := make(chan struct{})
		var db *scope.Handle[struct{}]
		err := scope.Run(t.Context(), func(ctx context.Context, s *scope.Scope) error {
			db = must(scope.Defer(s, "db", nothing))
			_ = must(scope.Defer(s, "api", func(context.Context) error { <-hang; return nil }, scope.DependsOn(db), scope.Hold()))
			return nil
		}, scope.WithDropTimeout(sec))
		wantIs(t, err, scope.ErrAbandoned)
		if err := db.Drop(t.Context()); err != nil {
			t.Error(err)
		}
		close(hang)
	})
}

// TestMoveFromDropping: a guard does not leave a scope whose teardown has begun.
func TestMoveFromDropping(t *testing.T) {
	inScope(t, func(ctx context.Context, outer *scope.Scope) {
		_ = scope.Run(ctx, func(ctx context.Context, s *scope.Scope) error {
			db := must(scope.Defer(s, "db", nothing))
			_ = must(scope.Defer(s, "api", func(context.Context) error {
				_, err := db.MoveTo(outer)
				wantIs(t, err, scope.ErrClosed)
				return nil
			}))
			return nil
		}, scope.WithSchedule(scope.Sequential))
	})
}

// TestUseAfterTree: a guard that was dropped with what it depends on says so.
func TestUseAfterTree(t *testing.T) {
	inScope(t, func(ctx context.Context, s *scope.Scope) {
		db := must(scope.Acquire(ctx, s, "db", opens("db"), guard.Nothing))
		api := must(scope.Acquire(ctx, s, "api", opens("api"), guard.Nothing, scope.DependsOn(db)))
		if err := db.DropTree(ctx); err != nil {
			t.Fatal(err)
		}
		c := calls(func() error { api.Value(); return nil })
		if err, ok := c.panic.(error); !ok || !strings.Contains(err.Error(), "dropped with what it depends on") {
			t.Errorf("panic %v", c.panic)
		}
	})
}

// TestUnattendedEarlyError: the error of an early drop that nobody waits for any
// more is Run's, also when the teardown had to cancel that drop.
func TestUnattendedEarlyError(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for range 100 {
			err := scope.Run(t.Context(), func(ctx context.Context, s *scope.Scope) error {
				h := must(scope.Defer(s, "h", func(ctx context.Context) error { <-ctx.Done(); return errBoom }))
				gone, cancel := context.WithCancel(ctx)
				cancel()
				_ = h.Drop(gone)
				s.Cancel(nil)
				return nil
			}, scope.WithGrace(4*sec))
			wantIs(t, err, errBoom)
		}
	})
}

// TestDaemonsOwnDeadline: a deadline of an asked daemon's own is its error, as
// long as the scope is not canceled.
func TestDaemonsOwnDeadline(t *testing.T) {
	err := scope.Run(t.Context(), func(ctx context.Context, s *scope.Scope) error {
		_ = must(s.Daemon("flush", func(ctx context.Context) error {
			<-ctx.Done()
			return context.DeadlineExceeded // of a flush, say
		}))
		return nil
	})
	var d *scope.DropError
	if !errors.As(err, &d) || d.Guard != "flush" || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
}

// TestStoppingEndsWithIdle: who listens in an idle scope is told when it closes.
func TestStoppingEndsWithIdle(t *testing.T) {
	var stopping <-chan struct{}
	inScope(t, func(ctx context.Context, s *scope.Scope) { stopping = scope.Stopping(ctx) })
	<-stopping
}
