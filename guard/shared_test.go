package guard_test

import (
	"context"
	"math/rand/v2"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ebb-go/ebb/guard"
)

// newRand returns a source whose seed is in the log.
func newRand(t *testing.T) *rand.Rand {
	seed := rand.Uint64()
	t.Logf("seed %#x", seed)
	return rand.New(rand.NewPCG(seed, 0))
}

// TestSharedStates checks what a handle does that is not live.
func TestSharedStates(t *testing.T) {
	ctx := t.Context()
	of := func(end func(g *guard.Guard[int])) *guard.Shared[int] {
		g := guard.New(7, guard.Nothing)
		end(g)
		return guard.Share(g)
	}
	released := guard.Share(guard.New(7, guard.Nothing))
	released.Unshare()
	dropped := guard.Share(guard.New(7, guard.Nothing))
	dropped.Drop(ctx)
	for name, s := range map[string]struct {
		h    *guard.Shared[int]
		want error
		drop error
	}{
		"nil":               {nil, guard.ErrDropped, nil},
		"zero":              {new(guard.Shared[int]), guard.ErrDropped, nil},
		"dropped":           {dropped, guard.ErrDropped, nil},
		"released":          {released, guard.ErrReleased, nil},
		"of nil":            {guard.Share[int](nil), guard.ErrDropped, nil},
		"of dropped guard":  {of(func(g *guard.Guard[int]) { g.Drop(ctx) }), guard.ErrDropped, nil},
		"of released guard": {of(func(g *guard.Guard[int]) { g.Release() }), guard.ErrReleased, nil},
		"of shared guard":   {of(func(g *guard.Guard[int]) { guard.Share(g) }), guard.ErrOwned, guard.ErrOwned},
	} {
		t.Run(name, func(t *testing.T) {
			wantErr(t, "Get", second(s.h.Get()), s.want)
			wantErr(t, "Borrow", s.h.Borrow(ctx, nil), s.want)
			wantErr(t, "Clone", second(s.h.Clone()), s.want)
			wantErr(t, "Unshare", second(s.h.Unshare()), s.want)
			err, _ := recovered(func() { s.h.Value() }).(error)
			wantErr(t, "Value", err, s.want)
			wantErr(t, "Drop", s.h.Drop(ctx), s.drop)
			if s.h.Refs() != 0 || s.h.Err() != nil {
				t.Errorf("%d refs, Err %v", s.h.Refs(), s.h.Err())
			}
			if _, ok := s.h.Downgrade().Upgrade(); ok {
				t.Error("resurrected")
			}
			if name != "released" && name != "of shared guard" { // their guards live on
				wantClosed(t, "Done", s.h.Done(), true)
			}
		})
	}
}

// The last of any number of handles drops; all former holders get its error.
func TestSharedLastDrops(t *testing.T) {
	drop, calls := counted(errDrop)
	g := guard.New(7, drop)
	a := guard.Share(g)
	b, _ := a.Clone()
	w := a.Downgrade()
	if a.Refs() != 2 || b.Value() != 7 {
		t.Errorf("%d refs", a.Refs())
	}
	for range 2 { // the second counts nothing
		if err := a.Drop(t.Context()); err != nil || b.Refs() != 1 || calls.Load() != 0 {
			t.Errorf("a.Drop: %v, %d refs", err, b.Refs())
		}
	}
	c, ok := w.Upgrade()
	if !ok || c.Refs() != 2 {
		t.Fatal("no upgrade")
	}
	wantErr(t, "c.Drop", c.Drop(t.Context()), nil)
	wantClosed(t, "Done", a.Done(), false)
	wantErr(t, "b.Drop", b.Drop(t.Context()), errDrop)
	wantErr(t, "second b.Drop", b.Drop(t.Context()), nil)
	for name, h := range map[string]interface {
		Done() <-chan struct{}
		Err() error
	}{"a": a, "b": b, "c": c, "g": g} {
		wantClosed(t, name+".Done", h.Done(), true)
		wantErr(t, name+".Err", h.Err(), errDrop)
	}
	if _, ok := w.Upgrade(); ok || calls.Load() != 1 {
		t.Errorf("%d drops", calls.Load())
	}
}

func TestUnshare(t *testing.T) {
	drop, calls := counted(nil)
	g := guard.New(7, drop)
	a := guard.Share(g)
	b, _ := a.Clone()
	wantErr(t, "Unshare", second(a.Unshare()), guard.ErrShared)
	wantErr(t, "Get after it", second(a.Get()), guard.ErrReleased)
	w := b.Downgrade()
	back, err := b.Unshare()
	if err != nil || back.Value() != 7 || calls.Load() != 0 {
		t.Fatal("Unshare", err)
	}
	if _, ok := w.Upgrade(); ok {
		t.Error("a weak reference got at an unshared value")
	}
	again := guard.Share(back) // and around again
	if again.Drop(t.Context()); calls.Load() != 1 {
		t.Errorf("%d drops", calls.Load())
	}
}

// A borrow holds up the drop, though its own handle is gone.
func TestSharedBorrow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		drop, calls := counted(errDrop)
		a := guard.Share(guard.New(7, drop))
		finish := make(chan struct{})
		go a.Borrow(t.Context(), func(context.Context, int) error { <-finish; return nil })
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		wantErr(t, "Drop", a.Drop(ctx), guard.ErrInUse)
		wantErr(t, "Borrow", a.Borrow(ctx, nil), guard.ErrDropped)
		if _, ok := a.Downgrade().Upgrade(); ok || calls.Load() != 0 {
			t.Error("a drop that had to give up")
		}
		close(finish)
		wantErr(t, "later Drop", a.Drop(t.Context()), errDrop)
	})
}

func TestSharedReentrant(t *testing.T) {
	drop, calls := counted(nil)
	a := guard.Share(guard.New(7, drop))
	wantErr(t, "Borrow", a.Borrow(t.Context(), func(ctx context.Context, _ int) error {
		return a.Drop(ctx)
	}), guard.ErrReentrant)
	if err := a.Drop(t.Context()); err != nil || calls.Load() != 1 {
		t.Errorf("Drop: %v, %d drops", err, calls.Load())
	}
}

// The handles of a value against a model: a count. Every step is checked.
func TestSharedModel(t *testing.T) {
	r := newRand(t)
	for range 50 {
		drop, calls := counted(errDrop)
		first := guard.Share(guard.New(7, drop))
		live, gone := []*guard.Shared[int]{first}, []*guard.Shared[int]{}
		weak := first.Downgrade()
		take := func(i int) *guard.Shared[int] {
			h := live[i]
			live = append(live[:i:i], live[i+1:]...)
			gone = append(gone, h)
			return h
		}
		for step := 0; step < 200 && len(live) > 0; step++ {
			i := r.IntN(len(live))
			switch r.IntN(6) {
			case 0:
				h, err := live[i].Clone()
				wantErr(t, "Clone", err, nil)
				live = append(live, h)
			case 1:
				h, ok := weak.Upgrade()
				if !ok {
					t.Fatal("no upgrade of a value that is held")
				}
				live = append(live, h)
			case 2, 3:
				last := len(live) == 1
				err := take(i).Drop(t.Context())
				if last != (err == errDrop) {
					t.Fatalf("Drop: %v, last: %t", err, last)
				}
			case 4:
				if len(live) > 1 {
					wantErr(t, "Unshare", second(take(i).Unshare()), guard.ErrShared)
				}
			case 5:
				if len(gone) > 0 {
					h := gone[r.IntN(len(gone))]
					wantErr(t, "Drop of a handle that is gone", h.Drop(t.Context()), nil)
					if second(h.Clone()) == nil {
						t.Fatal("a handle that is gone was cloned")
					}
				}
			}
			if n := first.Refs(); n != len(live) || (calls.Load() == 1) != (n == 0) {
				t.Fatalf("step %d: %d refs and %d drops, want %d refs", step, n, calls.Load(), len(live))
			}
		}
		for _, h := range live {
			h.Drop(t.Context())
		}
		if _, ok := weak.Upgrade(); ok || calls.Load() != 1 {
			t.Fatalf("%d drops", calls.Load())
		}
		for _, h := range gone {
			wantErr(t, "Err", h.Err(), errDrop)
		}
	}
}

// The same at once: many goroutines clone, upgrade and drop, each at random. While
// one of them holds a handle the value is not dropped; in the end it is, once.
func TestSharedConcurrently(t *testing.T) {
	r := newRand(t)
	for range 30 {
		var dropped atomic.Int32
		first := guard.Share(guard.New(7, func(context.Context, int) error { dropped.Add(1); return nil }))
		weak := first.Downgrade()
		var wg sync.WaitGroup
		for range 6 {
			h, _ := first.Clone()
			r := rand.New(rand.NewPCG(r.Uint64(), 0))
			wg.Go(func() {
				mine := []*guard.Shared[int]{h}
				for range 50 {
					switch r.IntN(4) {
					case 0:
						if c, err := mine[r.IntN(len(mine))].Clone(); err == nil {
							mine = append(mine, c)
						}
					case 1:
						if c, ok := weak.Upgrade(); ok {
							mine = append(mine, c)
						}
					case 2:
						mine[r.IntN(len(mine))].Drop(context.Background()) // again, maybe
					case 3:
						mine[r.IntN(len(mine))].Borrow(context.Background(), func(context.Context, int) error {
							runtime.Gosched()
							if dropped.Load() != 0 {
								t.Error("dropped under a borrower")
							}
							return nil
						})
					}
				}
				for _, h := range mine {
					h.Drop(context.Background())
				}
			})
		}
		wg.Go(func() { first.Drop(context.Background()) })
		wg.Wait()
		if dropped.Load() != 1 || first.Refs() != 0 {
			t.Fatalf("%d drops, %d refs", dropped.Load(), first.Refs())
		}
	}
}

// Clone of the same handle against its last Drop: either there is a handle, and the
// value lives, or there is an error.
func TestCloneAgainstLastDrop(t *testing.T) {
	for range 300 {
		drop, calls := counted(nil)
		a := guard.Share(guard.New(7, drop))
		var wg sync.WaitGroup
		wg.Go(func() { a.Drop(context.Background()) })
		wg.Go(func() {
			b, err := a.Clone()
			if err != nil {
				wantErr(t, "Clone", err, guard.ErrDropped)
				return
			}
			if b.Value() != 7 || calls.Load() != 0 {
				t.Error("a clone of a value that is dropped")
			}
			b.Drop(context.Background())
		})
		wg.Wait()
		if calls.Load() != 1 {
			t.Fatalf("%d drops", calls.Load())
		}
	}
}
