package scope_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ebb-go/ebb/guard"
	"github.com/ebb-go/ebb/scope"
	"github.com/ebb-go/ebb/trace"
)

// inScope runs f as the body of a scope named x and wants no error.
func inScope(t *testing.T, f func(ctx context.Context, s *scope.Scope), opts ...scope.Option) {
	t.Helper()
	err := scope.Run(t.Context(), func(ctx context.Context, s *scope.Scope) error { f(ctx, s); return nil },
		append(opts, scope.WithName("x"))...)
	if err != nil {
		t.Errorf("Run: %v", err)
	}
}

// TestEarlyDrop: Drop drops now; its error is the caller's and Run does not repeat
// it; later drops are no-ops that return nil; the teardown does not drop again.
func TestEarlyDrop(t *testing.T) {
	var j journal
	var report *trace.Report
	inScope(t, func(ctx context.Context, s *scope.Scope) {
		h := must(scope.Defer(s, "db", func(context.Context) error { j.add("drop"); return errBoom }))
		err := h.Drop(ctx)
		var d *scope.DropError
		if !errors.As(err, &d) || d.Guard != "db" || d.Scope != "x" || d.Outcome != "error" || !errors.Is(err, errBoom) {
			t.Errorf("%v", err)
		}
		j.add("dropped")
		if err := h.Drop(ctx); err != nil {
			t.Errorf("second drop: %v", err)
		}
		if err := h.DropTree(ctx); err != nil {
			t.Errorf("third drop: %v", err)
		}
	}, reported(&report))
	j.want(t, "drop", "dropped")
	if len(report.Entries) != 0 {
		t.Errorf("the teardown repeats it: %+v", report.Entries)
	}
}

// TestEarlyDropContext: an early drop runs on a context that is not canceled; the
// caller's bounds only how long the caller waits, and returns its cause. An error
// that then nobody waits for is Run's.
func TestEarlyDropContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var ended time.Duration
		start := time.Now()
		err := scope.Run(t.Context(), func(ctx context.Context, s *scope.Scope) error {
			h := must(scope.Defer(s, "db", func(ctx context.Context) error {
				time.Sleep(10 * sec)
				ended = time.Since(start)
				if ctx.Err() != nil {
					t.Error("the drop's context is canceled")
				}
				return errBoom
			}))
			own, cancel := context.WithCancelCause(t.Context())
			time.AfterFunc(sec, func() { cancel(errGone) })
			s.Cancel(nil)
			if err := h.Drop(own); err != errGone || time.Since(start) != sec {
				t.Errorf("got %v after %v, want the cause", err, time.Since(start))
			}
			return nil
		}, scope.WithName("x"))
		if ended != 10*sec {
			t.Errorf("ended after %v", ended)
		}
		wantTold(t, call{err: err}, "drop db: error")
	})
}

// TestOverlappingDrops wait for the one that runs and get its error, or the cause
// of their own ctx if that ends first.
func TestOverlappingDrops(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		runs := 0
		inScope(t, func(ctx context.Context, s *scope.Scope) {
			h := must(scope.Defer(s, "db", func(context.Context) error {
				runs++
				time.Sleep(10 * sec)
				return errBoom
			}))
			var wg sync.WaitGroup
			for i := range 8 {
				wg.Go(func() {
					time.Sleep(time.Duration(i) * sec)
					wantIs(t, h.Drop(ctx), errBoom)
				})
			}
			wg.Go(func() {
				own, cancel := context.WithTimeoutCause(ctx, 5*sec, errGone)
				defer cancel()
				if err := h.Drop(own); err != errGone {
					t.Error(err)
				}
			})
			wg.Wait()
			if err := h.Drop(ctx); err != nil {
				t.Errorf("after it: %v", err)
			}
		})
		if runs != 1 {
			t.Errorf("%d runs", runs)
		}
	})
}

// TestGoneFromTheBeginOfItsDrop: the value is gone for Borrow, Value and Release
// from the moment that its drop begins.
func TestGoneFromTheBeginOfItsDrop(t *testing.T) {
	inScope(t, func(ctx context.Context, s *scope.Scope) {
		var h *scope.Handle[string]
		check := func(when string) {
			err := h.Borrow(ctx, func(context.Context, string) error { t.Errorf("borrowed %s", when); return nil })
			wantIs(t, err, scope.ErrDropped)
			_, err = h.Release()
			wantIs(t, err, scope.ErrDropped)
			c := calls(func() error { h.Value(); return nil })
			if err, _ := c.panic.(error); !errors.Is(err, scope.ErrDropped) || !strings.Contains(err.Error(), `scope "x": guard "db" used after it was dropped at `) ||
				!strings.Contains(err.Error(), "own_test.go:") {
				t.Errorf("%s: Value panicked with %v", when, c.panic)
			}
		}
		h = must(scope.Acquire(ctx, s, "db", opens("db"), func(context.Context, string) error { check("in its drop"); return nil }))
		if err := h.Drop(ctx); err != nil {
			t.Error(err)
		}
		check("after its drop")
	})
}

// TestUseOfLostEdge: what uses a guard that the exit has dropped before it, since no
// edge was recorded, learns how to record it. A guard that was dropped by a call has
// another reason.
func TestUseOfLostEdge(t *testing.T) {
	var db *scope.Handle[string]
	err := scope.Run(t.Context(), func(ctx context.Context, s *scope.Scope) error {
		must(scope.Defer(s, "cache", func(context.Context) error { db.Value(); return nil }))
		db = must(scope.Acquire(ctx, s, "db", opens("db"), guard.Nothing))
		return nil
	}, scope.WithName("x"), scope.WithSchedule(scope.Sequential)) // the newest first
	const hint = "(was it read by Value in an open function? Use(ctx) there records the edge)"
	if err == nil || !strings.Contains(err.Error(), "used after it was dropped by the exit") || !strings.Contains(err.Error(), hint) {
		t.Errorf("%v", err)
	}
	inScope(t, func(ctx context.Context, s *scope.Scope) {
		h := must(scope.Acquire(ctx, s, "db", opens("db"), guard.Nothing))
		if err := h.Drop(ctx); err != nil {
			t.Error(err)
		}
		if c := calls(func() error { h.Value(); return nil }); strings.Contains(fmt.Sprint(c.panic), hint) {
			t.Error(c.panic)
		}
	})
}

// TestUseAfterExit: a handle that is used after its scope has dropped it says so,
// with the path.
func TestUseAfterExit(t *testing.T) {
	var h *scope.Handle[string]
	inScope(t, func(ctx context.Context, s *scope.Scope) {
		_ = scope.Run(ctx, func(ctx context.Context, s *scope.Scope) error {
			h = must(scope.Acquire(ctx, s, "tx", opens("tx"), guard.Nothing))
			return nil
		}, scope.WithName("req"))
	})
	c := calls(func() error { h.Use(t.Context()); return nil })
	if want := `scope "x/req": guard "tx" used after it was dropped by the exit of its scope: `; !strings.HasPrefix(fmt.Sprint(c.panic), want) {
		t.Errorf("panic %v", c.panic)
	}
	if err := h.Drop(t.Context()); err != nil {
		t.Error(err)
	}
}

// TestReentrantDrop: a drop that waits for itself, or for another of its scope
// whose order is decided, gets ErrReentrant instead of a deadlock.
func TestReentrantDrop(t *testing.T) {
	inScope(t, func(ctx context.Context, s *scope.Scope) {
		var a, b, self *scope.Handle[struct{}]
		a = must(scope.Defer(s, "a", func(context.Context) error { return nil }))
		b = must(scope.Defer(s, "b", func(ctx context.Context) error {
			wantIs(t, b.Drop(ctx), scope.ErrReentrant)
			wantIs(t, b.DropTree(ctx), scope.ErrReentrant)
			wantIs(t, a.Drop(ctx), scope.ErrReentrant) // its turn comes after this one
			return scope.Run(ctx, func(ctx context.Context, s *scope.Scope) error {
				wantIs(t, b.Drop(ctx), scope.ErrReentrant) // nested, it is the same
				return nil
			})
		}, scope.DependsOn(a)))
		self = must(scope.Defer(s, "self", func(ctx context.Context) error {
			wantIs(t, self.Drop(ctx), scope.ErrReentrant)
			return nil
		}))
		if err := self.Drop(ctx); err != nil {
			t.Error(err)
		}
	})
}

// TestInUse: with live dependents a guard is not dropped, released or moved; the
// error names them all, and nothing has happened.
func TestInUse(t *testing.T) {
	inScope(t, func(ctx context.Context, s *scope.Scope) {
		db := must(scope.Acquire(ctx, s, "db", opens("db"), guard.Nothing))
		_ = must(scope.Defer(s, "a", func(context.Context) error { return nil }, scope.DependsOn(db)))
		_ = must(s.Daemon("b", func(ctx context.Context) error { <-ctx.Done(); return nil }))
		_, release := db.Release()
		_, move := db.MoveTo(must(s.Child("other", scope.DependsOn())))
		for _, err := range []error{db.Drop(ctx), release, move} {
			var in *scope.InUseError
			if !errors.As(err, &in) || in.Guard != "db" || !slices.Equal(in.Dependents, []string{"a", "b"}) {
				t.Errorf("%v", err)
			}
		}
		if db.Value() != "db" {
			t.Error("value")
		}
	})
}

// TestDropTree drops a guard and what depends on it, directly or not, in waves,
// dependents first, and nothing else:
//
//	top -> mid -> base -> root, alone
func TestDropTree(t *testing.T) {
	var j journal
	inScope(t, func(ctx context.Context, s *scope.Scope) {
		root := must(scope.Defer(s, "root", j.adds("root")))
		base := must(scope.Defer(s, "base", j.adds("base"), scope.DependsOn(root)))
		mid := must(scope.Defer(s, "mid", func(context.Context) error { j.add("mid"); return errBoom }, scope.DependsOn(base)))
		_ = must(scope.Defer(s, "top", j.adds("top"), scope.DependsOn(mid)))
		_ = must(scope.Defer(s, "alone", j.adds("alone")))
		err := base.DropTree(ctx)
		wantTold(t, call{err: err}, "drop mid: error")
		j.add("body")
		if got := live(s); !slices.Equal(got, []string{"root", "alone"}) {
			t.Errorf("left: %q", got)
		}
		if err := base.DropTree(ctx); err != nil {
			t.Error(err)
		}
	}, scope.WithSchedule(scope.Sequential))
	j.want(t, "top", "mid", "base", "body", "alone", "root")
}

// TestDropTreeWithDaemonAndChild: they are asked and closed in their turn.
func TestDropTreeWithDaemonAndChild(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var j journal
		inScope(t, func(ctx context.Context, s *scope.Scope) {
			db := must(scope.Defer(s, "db", j.adds("db")))
			c := must(s.Child("child"))
			_ = must(scope.Defer(c, "in", j.adds("in child")))
			_ = must(s.Daemon("daemon", func(ctx context.Context) error { <-ctx.Done(); j.add("daemon"); return nil }, scope.DependsOn(c)))
			if err := db.DropTree(ctx); err != nil {
				t.Error(err)
			}
			j.add("body")
		})
		j.want(t, "daemon", "in child", "db", "body")
	})
}

// TestEarlyDropRacesWithTeardown: whoever comes first, the drop runs once, and the
// order is kept.
func TestEarlyDropRacesWithTeardown(t *testing.T) {
	for i := range 300 {
		var api, db atomic.Int32
		var outside sync.WaitGroup
		begin := make(chan struct{})
		err := scope.Run(t.Context(), func(ctx context.Context, s *scope.Scope) error {
			d := must(scope.Defer(s, "db", func(context.Context) error {
				if api.Load() != 1 {
					t.Error("db was dropped before api")
				}
				db.Add(1)
				return nil
			}))
			a := must(scope.Defer(s, "api", func(context.Context) error { api.Add(1); return nil }, scope.DependsOn(d)))
			for _, drop := range []func(context.Context) error{a.Drop, d.DropTree, d.Drop, a.DropTree} {
				outside.Go(func() {
					<-begin
					var in *scope.InUseError
					if err := drop(t.Context()); err != nil && !errors.As(err, &in) {
						t.Errorf("run %d: %v", i, err)
					}
				})
			}
			close(begin)
			return nil
		})
		outside.Wait()
		if err != nil || api.Load() != 1 || db.Load() != 1 {
			t.Fatalf("run %d: %v, drops %d %d", i, err, api.Load(), db.Load())
		}
	}
}

// TestExitWaitsForEarlyDrop: the teardown waits for an early drop that is running,
// keeps its place in the order, and leaves its error to its caller.
func TestExitWaitsForEarlyDrop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var j journal
		c := make(chan error, 1)
		inScope(t, func(ctx context.Context, s *scope.Scope) {
			db := must(scope.Defer(s, "db", j.adds("db")))
			api := must(scope.Defer(s, "api", func(context.Context) error {
				time.Sleep(sec)
				j.add("api")
				return errBoom
			}, scope.DependsOn(db)))
			go func() { c <- api.Drop(t.Context()) }()
			synctest.Wait()
		})
		j.want(t, "api", "db")
		wantIs(t, <-c, errBoom)
	})
}

// TestDropDuringTeardown: a Drop from outside while the teardown runs waits for
// its turn and gets its error.
func TestDropDuringTeardown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := make(chan error, 2)
		err := scope.Run(t.Context(), func(ctx context.Context, s *scope.Scope) error {
			db := must(scope.Defer(s, "db", func(context.Context) error { return errBoom }))
			_ = must(scope.Defer(s, "api", sleeps(10*sec), scope.DependsOn(db)))
			outside := t.Context()
			time.AfterFunc(sec, func() { c <- db.Drop(outside) })
			time.AfterFunc(sec, func() {
				own, cancel := context.WithTimeoutCause(outside, sec, errGone)
				defer cancel()
				if err := db.Drop(own); err != errGone {
					t.Error(err)
				}
				c <- nil
			})
			return nil
		}, new(logs).with())
		wantIs(t, err, errBoom)
		<-c
		wantIs(t, <-c, errBoom)
	})
}
