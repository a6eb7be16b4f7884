package guard_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ebb-go/ebb/guard"
)

// guardStates are the states in which a guard can be, each with a way into it. The
// way is inside a synctest bubble and may leave goroutines that end with ctx.
var guardStates = []struct {
	name string
	make func(ctx context.Context, drop func(context.Context, int) error) *guard.Guard[int]
	want error // of Get, Borrow, Release, Own
	// what Drop returns, whether that called the drop function, and what was there before
	drop    error
	drops   int32
	before  int32
	dropped bool // Dropped before the operation
	done    bool // Done closed before the operation
}{
	{name: "nil", make: func(context.Context, func(context.Context, int) error) *guard.Guard[int] { return nil },
		want: guard.ErrDropped, dropped: true, done: true},
	{name: "zero", make: func(context.Context, func(context.Context, int) error) *guard.Guard[int] {
		return new(guard.Guard[int])
	}, want: guard.ErrDropped, dropped: true, done: true},
	{name: "live", make: func(_ context.Context, drop func(context.Context, int) error) *guard.Guard[int] {
		return guard.New(7, drop)
	}, drops: 1},
	{name: "given", make: func(_ context.Context, drop func(context.Context, int) error) *guard.Guard[int] {
		g := guard.New(7, drop)
		guard.NewMutex(g)
		return g
	}, want: guard.ErrOwned, drop: guard.ErrOwned},
	{name: "draining", make: func(ctx context.Context, drop func(context.Context, int) error) *guard.Guard[int] {
		g := guard.New(7, drop)
		go g.Borrow(ctx, func(ctx context.Context, _ int) error { <-ctx.Done(); return nil })
		synctest.Wait()
		go g.Drop(ctx)
		synctest.Wait()
		return g
	}, want: guard.ErrDropped, drop: context.DeadlineExceeded, dropped: true},
	{name: "dropping", make: func(ctx context.Context, drop func(context.Context, int) error) *guard.Guard[int] {
		g := guard.New(7, func(ctx context.Context, v int) error { drop(ctx, v); <-ctx.Done(); return nil })
		go g.Drop(ctx)
		synctest.Wait()
		return g
	}, want: guard.ErrDropped, drop: context.DeadlineExceeded, before: 1, dropped: true},
	{name: "dropped", make: func(ctx context.Context, drop func(context.Context, int) error) *guard.Guard[int] {
		g := guard.New(7, drop)
		g.Drop(ctx)
		return g
	}, want: guard.ErrDropped, before: 1, dropped: true, done: true},
	{name: "released", make: func(_ context.Context, drop func(context.Context, int) error) *guard.Guard[int] {
		g := guard.New(7, drop)
		g.Release()
		return g
	}, want: guard.ErrReleased, done: true},
	{name: "mapped", make: func(ctx context.Context, drop func(context.Context, int) error) *guard.Guard[int] {
		g := guard.New(7, drop)
		guard.Map(g, func(v int) int { return v }).Release()
		return g
	}, want: guard.ErrReleased, done: true},
}

// TestGuardStates is the table of states and operations: every operation in every
// state, each in a bubble of its own.
func TestGuardStates(t *testing.T) {
	for _, s := range guardStates {
		ops := map[string]func(t *testing.T, ctx context.Context, g *guard.Guard[int], calls *atomic.Int32){
			"Value": func(t *testing.T, _ context.Context, g *guard.Guard[int], _ *atomic.Int32) {
				p := recovered(func() {
					if v := g.Value(); v != 7 {
						t.Errorf("Value is %d", v)
					}
				})
				err, _ := p.(error)
				wantErr(t, "Value panics", err, s.want)
			},
			"Get": func(t *testing.T, _ context.Context, g *guard.Guard[int], _ *atomic.Int32) {
				v, err := g.Get()
				wantErr(t, "Get", err, s.want)
				if (v == 7) != (err == nil) {
					t.Errorf("Get is %d, %v", v, err)
				}
			},
			"Borrow": func(t *testing.T, ctx context.Context, g *guard.Guard[int], _ *atomic.Int32) {
				called := false
				err := g.Borrow(ctx, func(_ context.Context, v int) error { called = v == 7; return nil })
				wantErr(t, "Borrow", err, s.want)
				if called != (err == nil) {
					t.Errorf("Borrow called its function: %t", called)
				}
			},
			"Drop": func(t *testing.T, ctx context.Context, g *guard.Guard[int], calls *atomic.Int32) {
				ctx, cancel := context.WithTimeout(ctx, time.Second)
				defer cancel()
				wantErr(t, "Drop", g.Drop(ctx), s.drop)
				if n := calls.Load() - s.before; n != s.drops {
					t.Errorf("Drop called the drop function %d times, want %d", n, s.drops)
				}
			},
			"Release": func(t *testing.T, ctx context.Context, g *guard.Guard[int], calls *atomic.Int32) {
				v, err := g.Release()
				wantErr(t, "Release", err, s.want)
				if err != nil {
					return
				}
				if v != 7 || g.Drop(ctx) != nil || calls.Load() != 0 || g.Dropped() {
					t.Errorf("Release gave %d, and %d drops", v, calls.Load())
				}
			},
			"Own": func(t *testing.T, _ context.Context, g *guard.Guard[int], _ *atomic.Int32) {
				wantErr(t, "Own", own(g), s.want)
				want := s.want
				if want == nil {
					want = guard.ErrOwned
				}
				wantErr(t, "second Own", own(g), want)
				disown(g)
				wantErr(t, "Own after Disown", own(g), s.want)
			},
			"Map": func(t *testing.T, ctx context.Context, g *guard.Guard[int], calls *atomic.Int32) {
				called := false
				h := guard.Map(g, func(v int) string { called = true; return fmt.Sprint(v) })
				v, err := h.Get()
				wantErr(t, "Get of the mapped", err, s.want)
				if called != (s.want == nil) || called && v != "7" {
					t.Errorf("Map called its function: %t; made %q", called, v)
				}
				if s.want == nil {
					wantErr(t, "Get after Map", second(g.Get()), guard.ErrReleased)
					if h.Drop(ctx); calls.Load() != 1 {
						t.Errorf("the mapped guard's Drop made %d drops", calls.Load())
					}
				}
			},
			"observers": func(t *testing.T, _ context.Context, g *guard.Guard[int], _ *atomic.Int32) {
				if g.Dropped() != s.dropped {
					t.Errorf("Dropped is %t", g.Dropped())
				}
				wantClosed(t, "Done", g.Done(), s.done)
				if g.Err() != nil {
					t.Errorf("Err is %v", g.Err())
				}
			},
		}
		for op, check := range ops {
			t.Run(s.name+"/"+op, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					ctx, cancel := context.WithCancel(t.Context())
					defer cancel()
					drop, calls := counted(nil)
					check(t, ctx, s.make(ctx, drop), calls)
				})
			})
		}
	}
}

// A second Drop is nil, also after a failed one; Err keeps the error.
func TestDropTwice(t *testing.T) {
	drop, calls := counted(errDrop)
	g := guard.New(1, drop)
	if err := g.Err(); err != nil {
		t.Errorf("Err before: %v", err)
	}
	wantErr(t, "first Drop", g.Drop(t.Context()), errDrop)
	if err := g.Drop(t.Context()); err != nil {
		t.Errorf("second Drop: %v", err)
	}
	wantErr(t, "Err", g.Err(), errDrop)
	if calls.Load() != 1 {
		t.Errorf("%d drops", calls.Load())
	}
}

// Overlapping Drops wait for one run and all get its error; one whose ctx ends
// first gets its cause.
func TestDropOverlapping(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		finish := make(chan struct{})
		g := guard.New(1, func(context.Context, int) error { <-finish; return errDrop })
		var wg sync.WaitGroup
		for range 5 {
			wg.Go(func() { wantErr(t, "Drop", g.Drop(t.Context()), errDrop) })
			synctest.Wait() // the first one runs the drop
		}
		impatient, giveUp := context.WithCancelCause(t.Context())
		cause := errors.New("gave up")
		wg.Go(func() { wantErr(t, "impatient Drop", g.Drop(impatient), cause) })
		synctest.Wait()
		wantClosed(t, "Done", g.Done(), false)
		giveUp(cause)
		synctest.Wait()
		close(finish)
		wg.Wait()
		wantClosed(t, "Done", g.Done(), true)
	})
}

// The drop function gets the caller's ctx, over or not.
func TestDropContext(t *testing.T) {
	type key struct{}
	ctx, cancel := context.WithTimeout(context.WithValue(t.Context(), key{}, "value"), time.Hour)
	cancel()
	want, _ := ctx.Deadline()
	g := guard.New(1, func(ctx context.Context, _ int) error {
		if got, ok := ctx.Deadline(); !ok || got != want {
			t.Errorf("deadline %v, want %v", got, want)
		}
		if ctx.Value(key{}) != "value" {
			t.Error("the value is lost")
		}
		return ctx.Err()
	})
	wantErr(t, "Drop", g.Drop(ctx), context.Canceled)
}

// A panic of the drop function is the outcome for all, with value and stack.
func TestDropPanics(t *testing.T) {
	g := guard.New(1, func(context.Context, int) error { panic(errDrop) })
	err := g.Drop(t.Context())
	var p *guard.PanicError
	if !errors.As(err, &p) || p.Value != errDrop || !strings.Contains(string(p.Stack), "TestDropPanics") {
		t.Errorf("Drop: %+v", err)
	}
	wantErr(t, "Drop", err, errDrop)
	if g.Err() != err {
		t.Errorf("Err: %v", g.Err())
	}
	wantClosed(t, "Done", g.Done(), true)
}

// A Goexit goes on, and the others get ErrGoexit.
func TestDropGoexit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		proceed := make(chan struct{})
		g := guard.New(1, func(context.Context, int) error { <-proceed; runtime.Goexit(); return nil })
		var wg sync.WaitGroup
		wg.Go(func() {
			if !exits(func() { g.Drop(t.Context()) }) {
				t.Error("the Goexit was swallowed")
			}
		})
		synctest.Wait()
		wg.Go(func() { wantErr(t, "overlapping Drop", g.Drop(t.Context()), guard.ErrGoexit) })
		synctest.Wait()
		close(proceed)
		wg.Wait()
		wantErr(t, "Err", g.Err(), guard.ErrGoexit)
		wantClosed(t, "Done", g.Done(), true)
	})
}

// Value's panic names the guard, and where it was dropped.
func TestValuePanicNamesTheGuard(t *testing.T) {
	g := guard.New(1, guard.Nothing, guard.Name("db"))
	g.Drop(t.Context())
	_, _, line, _ := runtime.Caller(0)
	err, _ := recovered(func() { g.Value() }).(error)
	want := fmt.Sprintf("guard_test.go:%d", line-1)
	if err == nil || !strings.HasSuffix(err.Error(), want) || !strings.HasPrefix(err.Error(), `guard: Value of "db" (int): `) {
		t.Errorf("Value panicked with %q, want the site %s", err, want)
	}
}

func TestNilFunctionsPanic(t *testing.T) {
	for name, fn := range map[string]func(){
		"New":     func() { guard.New[int](1, nil) },
		"Func":    func() { guard.Func[int](nil) },
		"NewLazy": func() { guard.NewLazy[int](nil) },
		"OnLeak":  func() { guard.OnLeak(nil) },
	} {
		if recovered(fn) == nil {
			t.Errorf("%s accepts a nil function", name)
		}
	}
}

// Whatever is called at once, there is one end: one drop, or one Release.
func TestGuardConcurrently(t *testing.T) {
	for range 200 {
		drop, calls := counted(nil)
		g := guard.New(1, drop)
		var released atomic.Int32
		var wg sync.WaitGroup
		for _, op := range []func(){
			func() { g.Drop(context.Background()) },
			func() { g.Drop(context.Background()) },
			func() { _ = recovered(func() { g.Value() }) },
			func() { g.Borrow(context.Background(), func(context.Context, int) error { return nil }) },
			func() {
				if own(g) == nil {
					disown(g)
				}
			},
			func() {
				if _, err := g.Release(); err == nil {
					released.Add(1)
				}
			},
			func() { guard.Map(g, func(v int) int { return v }).Drop(context.Background()) },
			func() { g.Dropped(); g.Err() },
		} {
			wg.Go(op)
		}
		wg.Wait()
		g.Drop(context.Background())
		<-g.Done()
		if n := calls.Load() + released.Load(); n != 1 {
			t.Fatalf("%d ends", n)
		}
	}
}
