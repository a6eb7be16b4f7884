package guard_test

import (
	"context"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ebb-go/ebb/guard"
)

// A Drop that would wait for the function it is called from is refused; one with a
// context that outlived its borrow is not.
func TestReentrant(t *testing.T) {
	t.Run("from the drop", func(t *testing.T) {
		var g *guard.Guard[int]
		g = guard.New(1, func(ctx context.Context, _ int) error {
			ctx, cancel := context.WithCancel(ctx) // derived contexts are recognised
			defer cancel()
			return g.Drop(ctx)
		})
		wantErr(t, "Drop", g.Drop(t.Context()), guard.ErrReentrant)
	})
	t.Run("from a borrow", func(t *testing.T) {
		drop, calls := counted(nil)
		g := guard.New(1, drop)
		wantErr(t, "Borrow", g.Borrow(t.Context(), func(ctx context.Context, _ int) error {
			return g.Drop(ctx)
		}), guard.ErrReentrant)
		if g.Dropped() || g.Drop(t.Context()) != nil || calls.Load() != 1 {
			t.Error("the refused Drop changed something")
		}
	})
	t.Run("from a drop of another guard that is dropped in it", func(t *testing.T) {
		var outer *guard.Guard[int]
		inner := guard.New(1, func(ctx context.Context, _ int) error { return outer.Drop(ctx) })
		outer = guard.New(1, func(ctx context.Context, _ int) error { return inner.Drop(ctx) })
		wantErr(t, "Drop", outer.Drop(t.Context()), guard.ErrReentrant)
	})
	t.Run("from after a borrow", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			g := guard.New(1, guard.Nothing)
			var stale context.Context
			g.Borrow(t.Context(), func(ctx context.Context, _ int) error { stale = ctx; return nil })
			finish := make(chan struct{})
			go g.Borrow(t.Context(), func(context.Context, int) error { <-finish; return nil })
			synctest.Wait()
			dropped := make(chan error)
			go func() { dropped <- g.Drop(stale) }()
			synctest.Wait() // it waits for the other borrower
			close(finish)
			if err := <-dropped; err != nil {
				t.Error(err)
			}
		})
	})
}

// Drop waits for borrowers, and refuses new ones meanwhile.
func TestDropWaitsForBorrowers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		drop, calls := counted(errDrop)
		g := guard.New(1, drop)
		finish := make(chan struct{})
		for range 3 {
			go g.Borrow(t.Context(), func(context.Context, int) error { <-finish; return nil })
		}
		synctest.Wait()
		dropped := make(chan error, 1)
		go func() { dropped <- g.Drop(t.Context()) }()
		synctest.Wait()
		if calls.Load() != 0 || !g.Dropped() {
			t.Error("dropped under its borrowers")
		}
		wantErr(t, "Borrow", g.Borrow(t.Context(), nil), guard.ErrDropped)
		close(finish)
		wantErr(t, "Drop", <-dropped, errDrop)
	})
}

// A Drop whose ctx ends before the borrowers have returned does not drop under
// them. A later one does, and an overlapping one takes over.
func TestDropGivesUpOnBorrowers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		drop, calls := counted(errDrop)
		g := guard.New(1, drop)
		finish := make(chan struct{})
		go g.Borrow(t.Context(), func(context.Context, int) error { <-finish; return nil })
		synctest.Wait()
		patient := make(chan error, 1)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		go func() { patient <- g.Drop(t.Context()) }()
		err := g.Drop(ctx)
		wantErr(t, "Drop", err, guard.ErrInUse)
		wantErr(t, "Drop", err, context.DeadlineExceeded)
		wantErr(t, "Get", second(g.Get()), guard.ErrDropped)
		wantErr(t, "Release", second(g.Release()), guard.ErrDropped)
		wantClosed(t, "Done", g.Done(), false)
		close(finish)
		wantErr(t, "patient Drop", <-patient, errDrop)
		if calls.Load() != 1 {
			t.Errorf("%d drops", calls.Load())
		}
	})
}

// A borrow ends when its function does, however.
func TestBorrowUnwinds(t *testing.T) {
	g := guard.New(1, guard.Nothing)
	wantErr(t, "Borrow", g.Borrow(t.Context(), func(context.Context, int) error { return errDrop }), errDrop)
	if p := recovered(func() {
		g.Borrow(t.Context(), func(context.Context, int) error { panic("boom") })
	}); p != "boom" {
		t.Errorf("recovered %v", p)
	}
	if !exits(func() {
		g.Borrow(t.Context(), func(context.Context, int) error { runtime.Goexit(); return nil })
	}) {
		t.Error("the Goexit was swallowed")
	}
	if err := g.Drop(t.Context()); err != nil { // would wait for ever if a borrow were counted still
		t.Error(err)
	}
}

func TestReleaseWhileBorrowed(t *testing.T) {
	g := guard.New(1, guard.Nothing)
	g.Borrow(t.Context(), func(context.Context, int) error {
		wantErr(t, "Release", second(g.Release()), guard.ErrInUse)
		return nil
	})
	if v, err := g.Release(); v != 1 || err != nil {
		t.Error(v, err)
	}
}

// The mapped guard's Drop waits for those who borrowed the old one.
func TestMapWhileBorrowed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		drop, calls := counted(nil)
		g := guard.New(1, drop)
		finish := make(chan struct{})
		go g.Borrow(t.Context(), func(context.Context, int) error { <-finish; return nil })
		synctest.Wait()
		again := guard.Map(guard.Map(g, func(v int) int64 { return int64(v) }), func(v int64) string { return "" })
		go again.Drop(t.Context())
		synctest.Wait()
		if calls.Load() != 0 {
			t.Error("dropped under a borrower")
		}
		close(finish)
		synctest.Wait()
		if calls.Load() != 1 {
			t.Error("not dropped")
		}
	})
}

// A mapped guard is borrowed as long as the one it was made of is: from inside that
// borrow its Drop is refused, as is its Release.
func TestMapFromInsideABorrow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		drop, calls := counted(nil)
		g := guard.New(1, drop)
		var mapped *guard.Guard[string]
		g.Borrow(t.Context(), func(ctx context.Context, _ int) error {
			twice := guard.Map(g, func(v int) int64 { return int64(v) })
			mapped = guard.Map(twice, func(int64) string { return "" })
			ctx, cancel := context.WithTimeout(ctx, time.Second) // else the Drop would wait for ever
			defer cancel()
			wantErr(t, "Drop", mapped.Drop(ctx), guard.ErrReentrant)
			wantErr(t, "Release", second(mapped.Release()), guard.ErrInUse)
			return nil
		})
		if mapped.Dropped() || mapped.Drop(t.Context()) != nil || calls.Load() != 1 {
			t.Error("the refused Drop changed something")
		}
	})
}

// Nor does a container's Drop wait for the borrower that calls it, who had the
// value before the container did. It may be called again after the borrow.
func TestContainersFromInsideABorrow(t *testing.T) {
	for name, give := range map[string]func(g *guard.Guard[int]) guard.Dropper{
		"Shared": func(g *guard.Guard[int]) guard.Dropper { return guard.Share(g) },
		"Mutex":  func(g *guard.Guard[int]) guard.Dropper { return guard.NewMutex(g) },
		"Table": func(g *guard.Guard[int]) guard.Dropper {
			table := guard.NewTable[int, int]()
			table.TryInsert(1, g)
			return table
		},
		"Lazy": func(g *guard.Guard[int]) guard.Dropper {
			l := guard.NewLazy(func(context.Context) (*guard.Guard[int], error) { return g, nil })
			h, _ := l.Get(context.Background())
			h.Drop(context.Background())
			return l
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				drop, calls := counted(errDrop)
				g := guard.New(1, drop)
				var d guard.Dropper
				g.Borrow(t.Context(), func(ctx context.Context, _ int) error {
					d = give(g)
					ctx, cancel := context.WithTimeout(ctx, time.Second)
					defer cancel()
					wantErr(t, "Drop", d.Drop(ctx), guard.ErrReentrant)
					return nil
				})
				wantErr(t, "later Drop", d.Drop(t.Context()), errDrop)
				if calls.Load() != 1 {
					t.Errorf("%d drops", calls.Load())
				}
			})
		})
	}
}
