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
	"go.uber.org/multierr"
)

// An opening is one call of the open function of the tests; each lasts until the
// test says how it ends, or, if it honours that, its context ends.
type opening struct {
	ctx    context.Context
	finish chan func() (*guard.Guard[int], error)
}

func (o *opening) succeed(g *guard.Guard[int]) {
	o.finish <- func() (*guard.Guard[int], error) { return g, nil }
}

func (o *opening) fail(err error) {
	o.finish <- func() (*guard.Guard[int], error) { return nil, err }
}

// newLazy returns a Lazy and the calls of its open function. An open with
// honours ends with its context.
func newLazy(honours bool) (*guard.Lazy[int], <-chan *opening) {
	openings := make(chan *opening, 10)
	return guard.NewLazy(func(ctx context.Context) (*guard.Guard[int], error) {
		o := &opening{ctx, make(chan func() (*guard.Guard[int], error), 1)}
		openings <- o
		over := ctx.Done()
		if !honours {
			over = nil
		}
		select {
		case end := <-o.finish:
			return end()
		case <-over:
			return nil, context.Cause(ctx)
		}
	}), openings
}

// A got is the outcome of a Get.
type got struct {
	h   *guard.Shared[int]
	err error
}

// get calls l.Get on a goroutine that has begun to wait when it returns.
func get(ctx context.Context, l *guard.Lazy[int]) <-chan got {
	c := make(chan got, 1)
	go func() {
		h, err := l.Get(ctx)
		c <- got{h, err}
	}()
	synctest.Wait()
	return c
}

// TestLazyStates is the table of states and operations of a Lazy. An operation
// that has to wait gives up after a second of the bubble's time.
func TestLazyStates(t *testing.T) {
	type setup = func(ctx context.Context) *guard.Lazy[int]
	states := []struct {
		name      string
		make      setup
		get, drop error
	}{
		{"nil", func(context.Context) *guard.Lazy[int] { return nil }, guard.ErrDropped, nil},
		{"zero", func(context.Context) *guard.Lazy[int] { return new(guard.Lazy[int]) }, guard.ErrDropped, nil},
		{"never opened", func(context.Context) *guard.Lazy[int] {
			return guard.NewLazy(func(context.Context) (*guard.Guard[int], error) { return guard.New(7, guard.Nothing), nil })
		}, nil, nil},
		{"opening", func(ctx context.Context) *guard.Lazy[int] {
			l, _ := newLazy(true)
			get(ctx, l)
			return l
		}, context.DeadlineExceeded, nil},
		{"opening, deaf", func(ctx context.Context) *guard.Lazy[int] {
			l, openings := newLazy(false)
			get(ctx, l)
			context.AfterFunc(ctx, func() { (<-openings).fail(nil) })
			return l
		}, context.DeadlineExceeded, guard.ErrInUse},
		{"open", func(ctx context.Context) *guard.Lazy[int] {
			l, openings := newLazy(true)
			c := get(ctx, l)
			(<-openings).succeed(guard.New(7, guard.Nothing))
			(<-c).h.Drop(ctx)
			return l
		}, nil, nil},
		{"open and borrowed", func(ctx context.Context) *guard.Lazy[int] {
			l, openings := newLazy(true)
			c := get(ctx, l)
			(<-openings).succeed(guard.New(7, guard.Nothing))
			h := (<-c).h
			go h.Borrow(ctx, func(context.Context, int) error { <-ctx.Done(); return nil })
			synctest.Wait()
			h.Drop(ctx)
			return l
		}, nil, guard.ErrInUse},
		{"dropped", func(ctx context.Context) *guard.Lazy[int] {
			l, _ := newLazy(true)
			l.Drop(ctx)
			return l
		}, guard.ErrDropped, nil},
	}
	for _, s := range states {
		ops := map[string]func(t *testing.T, ctx context.Context, l *guard.Lazy[int]){
			"Get": func(t *testing.T, ctx context.Context, l *guard.Lazy[int]) {
				h, err := l.Get(ctx)
				wantErr(t, "Get", err, s.get)
				if err == nil && h.Value() != 7 {
					t.Errorf("Get gave %d", h.Value())
				}
				h.Drop(ctx)
			},
			"Drop": func(t *testing.T, ctx context.Context, l *guard.Lazy[int]) {
				wantErr(t, "Drop", l.Drop(ctx), s.drop)
				wantErr(t, "Get after Drop", second(l.Get(ctx)), guard.ErrDropped)
			},
		}
		for op, check := range ops {
			t.Run(s.name+"/"+op, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					background, cancel := context.WithCancel(t.Context())
					defer cancel()
					ctx, cancel := context.WithTimeout(background, time.Second)
					defer cancel()
					check(t, ctx, s.make(background))
				})
			})
		}
	}
}

// Any number of callers, one open; each has a handle, and the Lazy its own.
func TestLazyOpensOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, openings := newLazy(true)
		var gets []<-chan got
		for range 5 {
			gets = append(gets, get(t.Context(), l))
		}
		drop, calls := counted(errDrop)
		(<-openings).succeed(guard.New(7, drop))
		var handles []*guard.Shared[int]
		for _, c := range gets {
			g := <-c
			wantErr(t, "Get", g.err, nil)
			handles = append(handles, g.h)
		}
		h, err := l.Get(t.Context())
		if err != nil || h.Refs() != 7 || len(openings) != 0 {
			t.Fatalf("%v, %d refs, %d further opens", err, h.Refs(), len(openings))
		}
		wantErr(t, "Lazy.Drop", l.Drop(t.Context()), nil) // not the last
		h.Drop(t.Context())
		for i, h := range handles {
			if calls.Load() != 0 {
				t.Error("dropped under a holder")
			}
			var want error
			if i == len(handles)-1 {
				want = errDrop
			}
			wantErr(t, "Drop", h.Drop(t.Context()), want)
		}
	})
}

// The Lazy's own handle may be the last one: then its Drop has the drop's error.
func TestLazyDropIsTheLast(t *testing.T) {
	drop, calls := counted(errDrop)
	l := guard.NewLazy(func(context.Context) (*guard.Guard[int], error) { return guard.New(7, drop), nil })
	h, _ := l.Get(t.Context())
	h.Drop(t.Context())
	if calls.Load() != 0 {
		t.Error("dropped while the Lazy has it")
	}
	wantErr(t, "Drop", l.Drop(t.Context()), errDrop)
	wantErr(t, "second Drop", l.Drop(t.Context()), nil)
	wantErr(t, "Err", h.Err(), errDrop)
}

// open has the first caller's values, but not its end; and its context lives on
// with the value.
func TestLazyContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		type key struct{}
		l, openings := newLazy(true)
		first, cancel := context.WithCancelCause(context.WithValue(t.Context(), key{}, "first"))
		a := get(first, l)
		b := get(t.Context(), l)
		cause := errors.New("gave up")
		cancel(cause)
		wantErr(t, "first Get", (<-a).err, cause)
		o := <-openings
		if o.ctx.Err() != nil || o.ctx.Value(key{}) != "first" {
			t.Errorf("open's context: %v, value %v", o.ctx.Err(), o.ctx.Value(key{}))
		}
		o.succeed(guard.New(7, guard.Nothing))
		h := (<-b).h
		if h.Value() != 7 || o.ctx.Err() != nil {
			t.Error("open's context ended with open")
		}
		h.Drop(t.Context())
		l.Drop(t.Context())
	})
}

// When all have given up, open is canceled with the last one's cause; the next Get
// waits for its end and tries again.
func TestLazyForsaken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, openings := newLazy(false)
		ctx, cancel := context.WithCancelCause(t.Context())
		cause := errors.New("gave up")
		a, b := get(ctx, l), get(ctx, l)
		cancel(cause)
		wantErr(t, "Get", (<-a).err, cause)
		wantErr(t, "Get", (<-b).err, cause)
		synctest.Wait()
		old := <-openings
		wantErr(t, "open's cause", context.Cause(old.ctx), cause)

		again := get(t.Context(), l)
		impatient, cancel2 := context.WithTimeout(t.Context(), time.Second)
		defer cancel2()
		wantErr(t, "impatient Get", second(l.Get(impatient)), context.DeadlineExceeded)
		if len(openings) != 0 {
			t.Fatal("two opens at once")
		}
		drop, calls := counted(errDrop)
		old.succeed(guard.New(6, drop)) // no call wants it
		synctest.Wait()
		if calls.Load() != 1 {
			t.Error("an unwanted value was not dropped")
		}
		(<-openings).succeed(guard.New(7, guard.Nothing))
		g := <-again
		if g.err != nil || g.h.Value() != 7 {
			t.Fatal(g.err)
		}
		g.h.Drop(t.Context())
		wantErr(t, "Lazy.Drop tells of the unwanted value", l.Drop(t.Context()), errDrop)
	})
}

// All calls that wait get the error of a failed open, and the next Get tries again.
func TestLazyFails(t *testing.T) {
	failures := map[string]struct {
		end  func() (*guard.Guard[int], error)
		want error
	}{
		"error":  {func() (*guard.Guard[int], error) { return nil, errDrop }, errDrop},
		"panic":  {func() (*guard.Guard[int], error) { panic(errDrop) }, errDrop},
		"Goexit": {func() (*guard.Guard[int], error) { runtime.Goexit(); return nil, nil }, guard.ErrGoexit},
		"nil":    {func() (*guard.Guard[int], error) { return nil, nil }, guard.ErrDropped},
	}
	for name, f := range failures {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l, openings := newLazy(true)
				a, b := get(t.Context(), l), get(t.Context(), l)
				(<-openings).finish <- f.end
				for _, c := range []<-chan got{a, b} {
					err := (<-c).err
					wantErr(t, "Get", err, f.want)
					var p *guard.PanicError
					if errors.As(err, &p) != (name == "panic") {
						t.Errorf("Get: %T", err)
					}
				}
				c := get(t.Context(), l)
				(<-openings).succeed(guard.New(7, guard.Nothing))
				g := <-c
				wantErr(t, "next Get", g.err, nil)
				g.h.Drop(t.Context())
				wantErr(t, "Drop", l.Drop(t.Context()), nil)
			})
		})
	}
}

// A guard that belongs to another owner is refused, and left to that owner.
func TestLazyGuardOfAnOwner(t *testing.T) {
	drop, calls := counted(nil)
	g := guard.New(7, drop)
	own(g)
	l := guard.NewLazy(func(context.Context) (*guard.Guard[int], error) { return g, nil })
	wantErr(t, "Get", second(l.Get(t.Context())), guard.ErrOwned)
	wantErr(t, "Drop", l.Drop(t.Context()), nil)
	if calls.Load() != 0 || g.Drop(t.Context()) != nil || calls.Load() != 1 {
		t.Errorf("%d drops", calls.Load())
	}
}

// A guard that comes beside an error is dropped.
func TestLazyGuardAndError(t *testing.T) {
	failed := errors.New("failed halfway")
	drop, calls := counted(errDrop)
	l := guard.NewLazy(func(context.Context) (*guard.Guard[int], error) { return guard.New(7, drop), failed })
	_, err := l.Get(t.Context())
	if errs := multierr.Errors(err); len(errs) != 2 || errs[0] != failed || errs[1] != errDrop || calls.Load() != 1 {
		t.Errorf("Get: %v, %d drops", errs, calls.Load())
	}
}

// What waits for open from inside of open is refused.
func TestLazyReentrant(t *testing.T) {
	var l *guard.Lazy[int]
	l = guard.NewLazy(func(ctx context.Context) (*guard.Guard[int], error) {
		wantErr(t, "Drop", l.Drop(ctx), guard.ErrReentrant)
		_, err := l.Get(ctx)
		return nil, err
	})
	wantErr(t, "Get", second(l.Get(t.Context())), guard.ErrReentrant)
}

// Get, give up and Drop at once: whatever was opened is dropped once, and no call
// has a handle of what is dropped.
func TestLazyConcurrently(t *testing.T) {
	r := newRand(t)
	for range 100 {
		var opened, dropped, running atomic.Int32
		l := guard.NewLazy(func(context.Context) (*guard.Guard[*atomic.Bool], error) {
			if running.Add(1) != 1 {
				t.Error("two opens at once")
			}
			defer running.Add(-1)
			runtime.Gosched()
			opened.Add(1)
			return guard.New(new(atomic.Bool), func(_ context.Context, gone *atomic.Bool) error {
				gone.Store(true)
				dropped.Add(1)
				return nil
			}), nil
		})
		var wg sync.WaitGroup
		for range 4 {
			impatient := r.IntN(2) == 0
			wg.Go(func() {
				ctx, cancel := context.WithCancel(context.Background())
				defer cancel()
				if impatient {
					go cancel()
				}
				h, err := l.Get(ctx)
				if err != nil {
					return
				}
				if h.Value().Load() {
					t.Error("a handle of what is dropped")
				}
				h.Drop(context.Background())
			})
		}
		if r.IntN(2) == 0 {
			wg.Go(func() { l.Drop(context.Background()) })
		}
		wg.Wait()
		l.Drop(context.Background())
		if opened.Load() != dropped.Load() {
			t.Fatalf("%d opened, %d dropped", opened.Load(), dropped.Load())
		}
	}
}
