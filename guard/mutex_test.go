package guard_test

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ebb-go/ebb/guard"
)

// TestMutexStates is the table of states and operations of a Mutex. An operation
// that has to wait gives up after a second of the bubble's time.
func TestMutexStates(t *testing.T) {
	type setup = func(t *testing.T, ctx context.Context, g *guard.Guard[int]) *guard.Mutex[int]
	locked := func(t *testing.T, ctx context.Context, g *guard.Guard[int]) *guard.Mutex[int] {
		m := guard.NewMutex(g)
		if _, _, err := m.Lock(ctx); err != nil {
			t.Fatal(err)
		}
		return m
	}
	states := []struct {
		name               string
		make               setup
		lock, unwrap, drop error
	}{
		{"nil", func(*testing.T, context.Context, *guard.Guard[int]) *guard.Mutex[int] { return nil },
			guard.ErrDropped, guard.ErrDropped, nil},
		{"zero", func(*testing.T, context.Context, *guard.Guard[int]) *guard.Mutex[int] { return new(guard.Mutex[int]) },
			guard.ErrDropped, guard.ErrDropped, nil},
		{"free", func(_ *testing.T, _ context.Context, g *guard.Guard[int]) *guard.Mutex[int] { return guard.NewMutex(g) },
			nil, nil, nil},
		{"locked", locked, context.DeadlineExceeded, guard.ErrInUse, guard.ErrInUse},
		{"draining", func(t *testing.T, ctx context.Context, g *guard.Guard[int]) *guard.Mutex[int] {
			m := locked(t, ctx, g)
			go m.Drop(ctx)
			synctest.Wait()
			return m
		}, guard.ErrDropped, guard.ErrDropped, guard.ErrInUse},
		{"dropped", func(t *testing.T, ctx context.Context, g *guard.Guard[int]) *guard.Mutex[int] {
			m := guard.NewMutex(g)
			m.Drop(ctx)
			return m
		}, guard.ErrDropped, guard.ErrDropped, nil},
		{"unwrapped", func(t *testing.T, _ context.Context, g *guard.Guard[int]) *guard.Mutex[int] {
			m := guard.NewMutex(g)
			m.Unwrap()
			return m
		}, guard.ErrReleased, guard.ErrReleased, nil},
		{"of a guard that is dropped", func(t *testing.T, ctx context.Context, g *guard.Guard[int]) *guard.Mutex[int] {
			g.Drop(ctx)
			return guard.NewMutex(g)
		}, guard.ErrDropped, guard.ErrDropped, nil},
		{"of a guard that is released", func(t *testing.T, _ context.Context, g *guard.Guard[int]) *guard.Mutex[int] {
			g.Release()
			return guard.NewMutex(g)
		}, guard.ErrReleased, guard.ErrReleased, nil},
		{"of a guard that is owned", func(t *testing.T, _ context.Context, g *guard.Guard[int]) *guard.Mutex[int] {
			own(g)
			return guard.NewMutex(g)
		}, guard.ErrOwned, guard.ErrOwned, guard.ErrOwned},
	}
	for _, s := range states {
		ops := map[string]func(t *testing.T, ctx context.Context, m *guard.Mutex[int]){
			"Lock": func(t *testing.T, ctx context.Context, m *guard.Mutex[int]) {
				v, unlock, err := m.Lock(ctx)
				wantErr(t, "Lock", err, s.lock)
				unlock()
				if (v == 7) != (err == nil) {
					t.Errorf("Lock gave %d", v)
				}
			},
			"With": func(t *testing.T, ctx context.Context, m *guard.Mutex[int]) {
				called := false
				err := m.With(ctx, func(context.Context, int) error { called = true; return nil })
				wantErr(t, "With", err, s.lock)
				if called != (err == nil) {
					t.Errorf("With called its function: %t", called)
				}
			},
			"Unwrap": func(t *testing.T, ctx context.Context, m *guard.Mutex[int]) {
				g, err := m.Unwrap()
				wantErr(t, "Unwrap", err, s.unwrap)
				if (g != nil) != (err == nil) || err == nil && g.Value() != 7 {
					t.Errorf("Unwrap gave %v", g)
				}
			},
			"Drop": func(t *testing.T, ctx context.Context, m *guard.Mutex[int]) {
				wantErr(t, "Drop", m.Drop(ctx), s.drop)
				_, _, err := m.Lock(ctx)
				want := s.lock
				if want == nil || want == context.DeadlineExceeded {
					want = guard.ErrDropped
				}
				wantErr(t, "Lock after Drop", err, want)
			},
		}
		for op, check := range ops {
			t.Run(s.name+"/"+op, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					background, cancel := context.WithCancel(t.Context())
					defer cancel()
					ctx, cancel := context.WithTimeout(background, time.Second)
					defer cancel()
					check(t, ctx, s.make(t, background, guard.New(7, guard.Nothing)))
				})
			})
		}
	}
}

// One at a time, in the order of asking.
func TestMutexExcludes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := guard.NewMutex(guard.New(new(int), guard.Nothing))
		_, unlock, _ := m.Lock(t.Context())
		var order []int
		for i := range 5 {
			go m.With(t.Context(), func(_ context.Context, v *int) error {
				order = append(order, i)
				*v++
				return nil
			})
			synctest.Wait()
		}
		unlock()
		synctest.Wait()
		v, unlock, _ := m.Lock(t.Context())
		defer unlock()
		for i := range order {
			if order[i] != i || *v != 5 {
				t.Fatalf("order %v", order)
			}
		}
	})
}

// A second unlock does not take the lock from its present holder.
func TestMutexUnlockTwice(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := guard.NewMutex(guard.New(1, guard.Nothing))
		_, unlock, _ := m.Lock(t.Context())
		unlock()
		_, mine, err := m.Lock(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer mine()
		unlock()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, _, err = m.Lock(ctx)
		wantErr(t, "Lock", err, context.DeadlineExceeded)
	})
}

// Waiting lockers return at once when Drop is called; the Drop itself waits for the holder.
func TestMutexDrop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		drop, calls := counted(errDrop)
		g := guard.New(1, drop)
		m := guard.NewMutex(g)
		_, unlock, _ := m.Lock(t.Context())
		var wg, drops sync.WaitGroup
		for range 3 {
			wg.Go(func() {
				_, _, err := m.Lock(t.Context())
				wantErr(t, "waiting Lock", err, guard.ErrDropped)
			})
		}
		synctest.Wait()
		for range 3 {
			drops.Go(func() { wantErr(t, "Drop", m.Drop(t.Context()), errDrop) })
		}
		wg.Wait() // before the holder has unlocked
		synctest.Wait()
		if calls.Load() != 0 {
			t.Error("dropped under the holder")
		}
		unlock()
		drops.Wait()
		if calls.Load() != 1 || g.Err() != errDrop {
			t.Errorf("%d drops, %v", calls.Load(), g.Err())
		}
	})
}

// A Drop that gave up on the holder is taken up by a later one.
func TestMutexDropGivesUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		drop, calls := counted(nil)
		m := guard.NewMutex(guard.New(1, drop))
		_, unlock, _ := m.Lock(t.Context())
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		wantErr(t, "Drop", m.Drop(ctx), guard.ErrInUse)
		unlock()
		if err := m.Drop(t.Context()); err != nil || calls.Load() != 1 {
			t.Errorf("later Drop: %v, %d drops", err, calls.Load())
		}
	})
}

// Who borrowed the value before it was given to the mutex holds up the Drop too.
func TestMutexOfBorrowed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		drop, calls := counted(nil)
		g := guard.New(1, drop)
		finish := make(chan struct{})
		go g.Borrow(t.Context(), func(context.Context, int) error { <-finish; return nil })
		synctest.Wait()
		m := guard.NewMutex(g)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		wantErr(t, "Drop", m.Drop(ctx), guard.ErrInUse)
		close(finish)
		if err := m.Drop(t.Context()); err != nil || calls.Load() != 1 {
			t.Errorf("later Drop: %v, %d drops", err, calls.Load())
		}
	})
}

func TestMutexWithUnwinds(t *testing.T) {
	m := guard.NewMutex(guard.New(1, guard.Nothing))
	wantErr(t, "With", m.With(t.Context(), func(context.Context, int) error { return errDrop }), errDrop)
	if p := recovered(func() {
		m.With(t.Context(), func(context.Context, int) error { panic("boom") })
	}); p != "boom" {
		t.Errorf("recovered %v", p)
	}
	if !exits(func() {
		m.With(t.Context(), func(context.Context, int) error { runtime.Goexit(); return nil })
	}) {
		t.Error("the Goexit was swallowed")
	}
	if err := m.Drop(t.Context()); err != nil { // would wait for ever for a lock that was not given back
		t.Error(err)
	}
}

func TestMutexReentrant(t *testing.T) {
	m := guard.NewMutex(guard.New(1, guard.Nothing))
	err := m.With(t.Context(), func(ctx context.Context, _ int) error {
		_, _, err := m.Lock(ctx)
		wantErr(t, "Lock", err, guard.ErrReentrant)
		wantErr(t, "Drop", m.Drop(ctx), guard.ErrReentrant)
		return m.With(ctx, nil)
	})
	wantErr(t, "With", err, guard.ErrReentrant)
	if _, unlock, err := m.Lock(t.Context()); err != nil {
		t.Error("a refused Drop has ended the mutex")
	} else {
		unlock()
	}
}

// A lock with a ctx that is over fails even when the mutex is free, with the cause.
func TestMutexLockContextOver(t *testing.T) {
	m := guard.NewMutex(guard.New(1, guard.Nothing))
	ctx, cancel := context.WithCancelCause(t.Context())
	cause := errors.New("enough")
	cancel(cause)
	_, _, err := m.Lock(ctx)
	wantErr(t, "Lock", err, cause)
}

// Lock against Drop against Unwrap: never two inside, never one inside after the
// end, one end.
func TestMutexConcurrently(t *testing.T) {
	for range 100 {
		var inside, ends atomic.Int32
		m := guard.NewMutex(guard.New(1, func(context.Context, int) error {
			if inside.Load() != 0 {
				t.Error("dropped under the holder")
			}
			ends.Add(1)
			return nil
		}))
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() {
				_, unlock, err := m.Lock(context.Background())
				if err != nil {
					return
				}
				if inside.Add(1) != 1 {
					t.Error("two have the lock")
				}
				runtime.Gosched()
				inside.Add(-1)
				unlock()
			})
			wg.Go(func() {
				m.With(context.Background(), func(context.Context, int) error {
					if inside.Add(1) != 1 {
						t.Error("two have the lock")
					}
					inside.Add(-1)
					return nil
				})
			})
		}
		wg.Go(func() { m.Drop(context.Background()) })
		wg.Go(func() {
			if g, err := m.Unwrap(); err == nil {
				g.Drop(context.Background())
			}
		})
		wg.Wait()
		m.Drop(context.Background())
		if ends.Load() != 1 {
			t.Fatalf("%d drops", ends.Load())
		}
	}
}
