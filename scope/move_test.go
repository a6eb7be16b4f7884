package scope_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/ebb-go/ebb/guard"
	"github.com/ebb-go/ebb/scope"
	"github.com/ebb-go/ebb/trace"
)

// TestMoveTo: the other scope owns the guard, under a name that is unique there;
// the old handle is as after Release.
func TestMoveTo(t *testing.T) {
	var j journal
	inScope(t, func(ctx context.Context, outer *scope.Scope) {
		_ = must(scope.Defer(outer, "tx", j.adds("outer's own")))
		var moved *scope.Handle[string]
		_ = scope.Run(ctx, func(ctx context.Context, s *scope.Scope) error {
			h := must(scope.Acquire(ctx, s, "tx", opens("tx"), func(context.Context, string) error { j.add("moved"); return nil }))
			moved = must(h.MoveTo(outer))
			if moved.Name() != "tx#2" || moved.Value() != "tx" {
				t.Errorf("%s %s", moved.Name(), moved.Value())
			}
			_, err := h.Release()
			wantIs(t, err, scope.ErrReleased)
			_, err = h.MoveTo(outer)
			wantIs(t, err, scope.ErrReleased)
			if err := h.Drop(ctx); err != nil {
				t.Error(err)
			}
			if again := must(scope.Defer(s, "tx", nothing)); again.Name() != "tx" || again.Drop(ctx) != nil {
				t.Errorf("its name is not free: %s", again.Name())
			}
			if len(live(s)) != 0 || !slices.Equal(live(outer), []string{"tx", "tx#2"}) {
				t.Errorf("%q %q", live(s), live(outer))
			}
			return nil
		})
		j.add("nested has ended")
		if moved.Value() != "tx" {
			t.Error("dropped with the scope it came from")
		}
	}, scope.WithSchedule(scope.Sequential))
	j.want(t, "nested has ended", "moved", "outer's own")
}

// TestMoveToRefused: and then the guard stays where it was.
func TestMoveToRefused(t *testing.T) {
	inScope(t, func(ctx context.Context, outer *scope.Scope) {
		var ended *scope.Scope
		_ = scope.Run(ctx, func(ctx context.Context, s *scope.Scope) error { ended = s; return nil })
		c := must(outer.Child("c", scope.DependsOn()))
		db := must(scope.Defer(c, "db", func(context.Context) error { return nil }))
		h := must(scope.Acquire(ctx, c, "h", opens("h"), guard.Nothing, scope.DependsOn(db)))

		free := must(scope.Acquire(ctx, c, "free", opens("free"), guard.Nothing))
		_, err := free.MoveTo(ended)
		wantIs(t, err, scope.ErrClosed)
		_, err = h.MoveTo(outer) // which would outlive db
		wantIs(t, err, scope.ErrForeign)
		_, err = h.MoveTo(outer, scope.DropTimeout(-1))
		if err == nil {
			t.Error("an option that is not valid")
		}
		if _, err = h.MoveTo(c); err == nil {
			t.Error("to its own scope")
		}
		_, err = db.MoveTo(outer)
		var in *scope.InUseError
		if !errors.As(err, &in) || !slices.Equal(in.Dependents, []string{"h"}) {
			t.Error(err)
		}
		if got := live(c); !slices.Equal(got, []string{"db", "h", "free"}) || h.Value() != "h" || free.Value() != "free" {
			t.Errorf("%q", got)
		}
		// Its edges replaced, nothing is in the way.
		moved := must(h.MoveTo(outer, scope.DependsOn()))
		if moved.Value() != "h" {
			t.Error("value")
		}
		_ = must(db.MoveTo(outer))
		if got := live(c); !slices.Equal(got, []string{"free"}) {
			t.Errorf("%q", got)
		}
	})
}

// TestMoveToKeepsEdges: what both scopes know stays an edge.
func TestMoveToKeepsEdges(t *testing.T) {
	var j journal
	var report *trace.Report
	inScope(t, func(ctx context.Context, outer *scope.Scope) {
		db := must(scope.Defer(outer, "db", j.adds("db")))
		h := must(scope.Acquire(ctx, outer, "h", opens("h"), func(context.Context, string) error { j.add("h"); return nil }, scope.DependsOn(db)))
		c := must(outer.Child("c", scope.DependsOn()))
		_ = must(h.MoveTo(c)) // so now c depends on db
	}, reported(&report))
	j.want(t, "h", "db")
	if e := entry(t, report, "c"); !slices.Equal(e.DependsOn, []string{"db"}) {
		t.Errorf("%+v", e)
	}
}

// TestMoveToGraceful: an option of daemons is refused here too.
func TestMoveToGraceful(t *testing.T) {
	inScope(t, func(ctx context.Context, outer *scope.Scope) {
		c := must(outer.Child("c"))
		h := must(scope.Defer(c, "h", func(context.Context) error { return nil }))
		if _, err := h.MoveTo(outer, scope.Graceful()); err == nil {
			t.Error("Graceful is for daemons")
		}
	})
}

// TestMoveToIsAtomic: whatever ends meanwhile, exactly one scope owns the guard,
// and it is dropped once.
func TestMoveToIsAtomic(t *testing.T) {
	for range 300 {
		var drops atomic.Int32
		var outside sync.WaitGroup
		begin := make(chan struct{})
		inScope(t, func(ctx context.Context, s *scope.Scope) {
			a, b := must(s.Child("a")), must(s.Child("b"))
			h := must(scope.Acquire(ctx, a, "h", opens("h"), func(context.Context, string) error { drops.Add(1); return nil }))
			for _, f := range []func(){
				func() {
					if moved, err := h.MoveTo(b); err == nil {
						_, _ = moved.MoveTo(a)
					}
				},
				func() { _ = a.Close(ctx) },
				func() { _ = b.Close(ctx) },
				func() { _ = h.Drop(ctx) },
			} {
				outside.Go(func() { <-begin; f() })
			}
			close(begin)
			outside.Wait()
		})
		if n := drops.Load(); n != 1 {
			t.Fatalf("%d drops", n)
		}
	}
}
