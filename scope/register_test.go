package scope_test

import (
	"context"
	"errors"
	"fmt"
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

// TestRelease hands the value out un-dropped: its name is free, the scope has
// forgotten it, and handle and guard say so.
func TestRelease(t *testing.T) {
	var j journal
	inScope(t, func(ctx context.Context, s *scope.Scope) {
		h := must(scope.Acquire(ctx, s, "db", opens("db"), func(context.Context, string) error { j.add("dropped"); return nil }))
		if v := must(h.Release()); v != "db" {
			t.Error(v)
		}
		_, err := h.Release()
		wantIs(t, err, scope.ErrReleased)
		wantIs(t, h.Borrow(ctx, func(context.Context, string) error { return nil }), scope.ErrReleased)
		if err := h.Drop(ctx); err != nil {
			t.Error(err)
		}
		c := calls(func() error { h.Value(); return nil })
		if !strings.Contains(fmt.Sprint(c.panic), `scope "x": guard "db" used after it was released at `) {
			t.Error(c.panic)
		}
		_, err = scope.Defer(s, "later", func(context.Context) error { return nil }, scope.DependsOn(h))
		wantIs(t, err, scope.ErrDropped)
		if len(live(s)) != 0 {
			t.Errorf("%q", live(s))
		}
	})
	j.want(t)
}

// TestBorrow: the drop waits for borrowers; the error and the panic of the function
// are the caller's.
func TestBorrow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var j journal
		inScope(t, func(ctx context.Context, s *scope.Scope) {
			h := must(scope.Acquire(ctx, s, "db", opens("db"), func(context.Context, string) error { j.add("dropped"); return nil }))
			err := h.Borrow(ctx, func(_ context.Context, v string) error { return errBoom })
			if err != errBoom {
				t.Error(err)
			}
			c := calls(func() error { return h.Borrow(ctx, func(context.Context, string) error { panic("borrower") }) })
			wantTold(t, c, "panics borrower")
			go func() {
				_ = h.Borrow(t.Context(), func(context.Context, string) error {
					time.Sleep(sec)
					j.add("borrowed")
					return nil
				})
			}()
			synctest.Wait()
		})
		j.want(t, "borrowed", "dropped")
	})
}

// TestRegister: a guard that exists becomes the scope's; one that is dropped,
// released or owned is refused and not touched.
func TestRegister(t *testing.T) {
	var j journal
	drop := func(_ context.Context, v string) error { j.add(v); return nil }
	inScope(t, func(ctx context.Context, s *scope.Scope) {
		g := guard.New("g", drop)
		h := must(scope.Register(s, "g", g))
		if h.Value() != "g" {
			t.Error("value")
		}
		_, err := scope.Register(s, "again", g)
		wantIs(t, err, guard.ErrOwned)

		dropped := guard.New("dropped", drop)
		_ = dropped.Drop(ctx)
		_, err = scope.Register(s, "dropped", dropped)
		wantIs(t, err, scope.ErrDropped)

		released := guard.New("released", drop)
		_, _ = released.Release()
		_, err = scope.Register(s, "released", released)
		wantIs(t, err, scope.ErrReleased)

		// A mistake in the call leaves the guard with the caller.
		mine := guard.New("mine", drop)
		_, err = scope.Register(s, "mine", mine, scope.DependsOn(s))
		wantIs(t, err, scope.ErrForeign)
		if mine.Dropped() || mine.Drop(ctx) != nil {
			t.Error("taken")
		}
		if got := live(s); !slices.Equal(got, []string{"g"}) {
			t.Errorf("%q", got)
		}
	})
	j.want(t, "dropped", "mine", "g")
}

// TestDroppedBehindTheBack: a registered guard that is dropped by its own method is
// not dropped again, and the handle tells what happened.
func TestDroppedBehindTheBack(t *testing.T) {
	var j journal
	inScope(t, func(ctx context.Context, s *scope.Scope) {
		g := guard.New("g", func(context.Context, string) error { j.add("dropped"); return nil })
		h := must(scope.Register(s, "g", g))
		if err := g.Drop(ctx); err != nil {
			t.Error(err)
		}
		c := calls(func() error { h.Value(); return nil })
		if !strings.Contains(fmt.Sprint(c.panic), "dropped behind the back of its scope") {
			t.Error(c.panic)
		}
	})
	j.want(t, "dropped")
}

// TestForeign: a handle of a scope that is not an ancestor is refused, and what was
// to be registered is left alone.
func TestForeign(t *testing.T) {
	inScope(t, func(ctx context.Context, s *scope.Scope) {
		sibling := must(s.Child("sibling"))
		foreign := must(scope.Defer(sibling, "foreign", func(context.Context) error { return nil }))
		other := must(s.Child("other"))
		_, acquire := scope.Acquire(ctx, other, "a", func(context.Context) (int, error) { t.Error("opened"); return 0, nil }, guard.Nothing, scope.DependsOn(foreign))
		_, deferred := scope.Defer(s, "d", func(context.Context) error { return nil }, scope.DependsOn(foreign)) // a descendant's is foreign too
		_, daemon := other.Daemon("d", func(context.Context) error { t.Error("run"); return nil }, scope.DependsOn(foreign))
		_, child := other.Child("c", scope.DependsOn(foreign))
		_, root := scope.Defer(other, "d", func(context.Context) error { return nil }, scope.DependsOn(s))
		own := must(scope.Defer(other, "own", func(context.Context) error { return nil }))
		for i, err := range []error{acquire, deferred, daemon, child, root, other.Depend(own, foreign), s.Depend(own, foreign)} {
			if !errors.Is(err, scope.ErrForeign) {
				t.Errorf("%d: %v", i, err)
			}
		}
		if got := live(other); !slices.Equal(got, []string{"own"}) {
			t.Errorf("%q", got)
		}
	})
}

// TestDependsOnDropped: a dropped handle is ErrDropped.
func TestDependsOnDropped(t *testing.T) {
	inScope(t, func(ctx context.Context, s *scope.Scope) {
		h := must(scope.Defer(s, "h", func(context.Context) error { return nil }))
		own := must(scope.Defer(s, "own", func(context.Context) error { return nil }))
		_ = h.Drop(ctx)
		_, deferred := scope.Defer(s, "d", func(context.Context) error { return nil }, scope.DependsOn(h))
		_, acquire := scope.Acquire(ctx, s, "a", opens("a"), guard.Nothing, scope.DependsOn(h))
		_, daemon := s.Daemon("d", func(context.Context) error { return nil }, scope.DependsOn(h))
		c := must(s.Child("c"))
		_, inChild := scope.Defer(c, "d", func(context.Context) error { return nil }, scope.DependsOn(h))
		for i, err := range []error{deferred, acquire, daemon, inChild, s.Depend(own, h), s.Depend(h, own)} {
			if !errors.Is(err, scope.ErrDropped) {
				t.Errorf("%d: %v", i, err)
			}
		}
	})
}

// TestUseAfterTextBesideADrop: what a use after the end says may be read while a
// drop of that guard begins.
func TestUseAfterTextBesideADrop(t *testing.T) {
	var report *trace.Report
	for range 50 {
		_ = scope.Run(t.Context(), func(ctx context.Context, s *scope.Scope) error {
			db := must(scope.Defer(s, "db", nothing))
			g := guard.New(1, guard.Nothing)
			h := must(scope.Register(s, "g", g, scope.DependsOn(db)))
			_ = g.Drop(ctx) // behind the back of the scope
			var err error
			func() {
				defer func() { err, _ = recover().(error) }()
				h.Use(ctx)
			}()
			var dropping sync.WaitGroup
			dropping.Go(func() { _ = db.DropTree(context.WithoutCancel(ctx)) })
			for range 100 {
				if !strings.Contains(err.Error(), `guard "g" used after it was`) {
					t.Fatal(err)
				}
			}
			dropping.Wait()
			return nil
		}, reported(&report))
	}
}
