package guard_test

import (
	"context"
	"errors"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ebb-go/ebb/guard"
	"go.uber.org/multierr"
)

// One test for each behaviour of the AsyncDrop family that guards answer to, by the
// names it has there. They show what is better here; the details are in the tests of
// the types.

// AsyncDrop: any func(ctx, T) error, the shapes, or a Drop method. No type has to
// implement anything.
func TestAsyncDropTrait(t *testing.T) {
	drop, calls := counted(errDrop)
	for name, d := range map[string]guard.Dropper{
		"func":    guard.New(1, drop),
		"shape":   guard.New(closer{errDrop}, guard.Close),
		"Dropper": guard.Of(dropperFunc(func(context.Context) error { return errDrop })),
	} {
		wantErr(t, name, d.Drop(t.Context()), errDrop)
		wantErr(t, name+" again", d.Drop(t.Context()), nil)
	}
	if calls.Load() != 1 {
		t.Errorf("%d drops", calls.Load())
	}
}

// AsyncDropGuard: dropped once, by any number of callers; forgetting is reported
// with the site.
func TestAsyncDropGuard(t *testing.T) {
	drop, calls := counted(nil)
	g := guard.New(1, drop)
	var wg sync.WaitGroup
	for range 10 {
		wg.Go(func() { wantErr(t, "Drop", g.Drop(t.Context()), nil) })
	}
	wg.Wait()
	if calls.Load() != 1 || !g.Dropped() {
		t.Errorf("%d drops", calls.Load())
	}
	stop := guard.Track()
	forgotten := guard.New(2, guard.Nothing)
	site := here(-1)
	if leaks := stop(); len(leaks) != 1 || leaks[0].Site != site {
		t.Errorf("forgotten: %v, want the site %s", leaks, site)
	}
	forgotten.Drop(t.Context())
}

// unsafe_into_inner_dont_drop: Release, which is no leak.
func TestUnsafeIntoInnerDontDrop(t *testing.T) {
	stop := guard.Track()
	drop, calls := counted(nil)
	v, err := guard.New(7, drop).Release()
	if v != 7 || err != nil || calls.Load() != 0 || len(stop()) != 0 {
		t.Errorf("Release: %d, %v, %d drops", v, err, calls.Load())
	}
}

// map_unsafe, into_box: the type changes, the clean-up stays.
func TestMapUnsafe(t *testing.T) {
	drop, calls := counted(errDrop)
	g := guard.Map(guard.New(7, drop), func(v int) any { return v })
	if g.Value() != any(7) {
		t.Error(g.Value())
	}
	wantErr(t, "Drop", g.Drop(t.Context()), errDrop)
	if calls.Load() != 1 {
		t.Errorf("%d drops", calls.Load())
	}
}

// Composite types: every member is attempted, though an early one fails, panics or
// exits; all errors are kept.
func TestCompositeTypes(t *testing.T) {
	first, last := errors.New("first"), errors.New("last")
	drop, calls := counted(last)
	composite := guard.Of(dropperFunc(func(ctx context.Context) error {
		return guard.DropAll(ctx,
			guard.New(1, func(context.Context, int) error { return first }),
			guard.New(2, func(context.Context, int) error { panic(errDrop) }),
			guard.New(3, func(context.Context, int) error { runtime.Goexit(); return nil }),
			guard.New(4, drop))
	}))
	err := composite.Drop(t.Context())
	for _, want := range []error{first, errDrop, guard.ErrGoexit, last} {
		wantErr(t, "Drop", err, want)
	}
	if len(multierr.Errors(err)) != 4 || calls.Load() != 1 {
		t.Errorf("errors: %v", multierr.Errors(err))
	}
}

// join! of drops: at once, all errors, in a fixed order, with a limit.
func TestJoinOfDrops(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		one, two := errors.New("one"), errors.New("two")
		start := time.Now()
		err := guard.DropLimit(t.Context(), 2, lasting(2*time.Second, one), lasting(time.Second, two), lasting(time.Second, nil))
		if errs := multierr.Errors(err); len(errs) != 2 || errs[0] != one || errs[1] != two || time.Since(start) != 2*time.Second {
			t.Errorf("%v after %v", errs, time.Since(start))
		}
	})
}

// with_async_drop: the body's error first, the drop's beside it; also on panic,
// Goexit and under cancellation.
func TestWithAsyncDrop(t *testing.T) {
	ctx := overCtx(t)
	calls := 0
	_, err := guard.With(ctx, guard.New(7, liveDrop(t, &calls)), func(context.Context, int) (int, error) { return 0, errBody })
	if errs := multierr.Errors(err); len(errs) != 2 || errs[0] != errBody || errs[1] != errDrop {
		t.Errorf("errors: %v", errs)
	}
	recovered(func() {
		guard.With(ctx, guard.New(7, liveDrop(t, &calls)), func(context.Context, int) (int, error) { panic("boom") })
	})
	exits(func() {
		guard.With(ctx, guard.New(7, liveDrop(t, &calls)), func(context.Context, int) (int, error) { runtime.Goexit(); return 0, nil })
	})
	if calls != 3 {
		t.Errorf("%d drops", calls)
	}
}

// Clean-up on each exit path: one line for all of them.
func TestCleanUpOnEachExitPath(t *testing.T) {
	for path := range 4 {
		drop, calls := counted(nil)
		open := func() (_ *guard.Guard[int], err error) {
			g := guard.New(7, drop)
			defer guard.KeepOnSuccess(t.Context(), g, &err)
			switch path {
			case 1:
				return nil, errBody
			case 2:
				return nil, context.Canceled
			case 3:
				panic("boom")
			}
			return g, nil
		}
		recovered(func() { open() })
		if want := min(path, 1); int(calls.Load()) != want {
			t.Errorf("path %d: %d drops, want %d", path, calls.Load(), want)
		}
	}
}

// flatten_async_drop: both errors are kept, and the survivor is dropped, also when
// its sibling panics.
func TestFlattenAsyncDrop(t *testing.T) {
	one, two := errors.New("one"), errors.New("two")
	_, _, err := guard.Join2(t.Context(), opens(1, one), opens(2, two))
	wantErr(t, "both", err, one)
	wantErr(t, "both", err, two)
	drop, calls := counted(nil)
	survivor := func(context.Context) (*guard.Guard[int], error) { return guard.New(1, drop), nil }
	guard.Join2(t.Context(), survivor, opens(2, two))
	recovered(func() {
		guard.Join2(t.Context(), survivor, func(context.Context) (*guard.Guard[int], error) { panic("boom") })
	})
	if calls.Load() != 2 {
		t.Errorf("%d drops", calls.Load())
	}
}

// AsyncDropArc: every former holder gets the error; a handle counts once.
func TestAsyncDropArc(t *testing.T) {
	drop, _ := counted(errDrop)
	a := guard.Share(guard.New(7, drop))
	b, _ := a.Clone()
	a.Drop(t.Context())
	a.Drop(t.Context())
	wantClosed(t, "Done", a.Done(), false)
	wantErr(t, "last Drop", b.Drop(t.Context()), errDrop)
	<-a.Done()
	wantErr(t, "a former holder's Err", a.Err(), errDrop)
}

// AsyncDropWeak: upgrade or nothing, no resurrection, also while the drop runs.
func TestAsyncDropWeak(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		finish := make(chan struct{})
		a := guard.Share(guard.New(7, func(context.Context, int) error { <-finish; return nil }))
		w := a.Downgrade()
		b, ok := w.Upgrade()
		if !ok || b.Value() != 7 {
			t.Fatal("no upgrade")
		}
		a.Drop(t.Context())
		go b.Drop(t.Context())
		synctest.Wait()
		if _, ok := w.Upgrade(); ok {
			t.Error("resurrected while it is dropped")
		}
		close(finish)
		<-a.Done()
		if _, ok := w.Upgrade(); ok {
			t.Error("resurrected")
		}
		if _, ok := new(guard.Weak[int]).Upgrade(); ok {
			t.Error("the zero Weak refers to something")
		}
	})
}

// AsyncDropTokioMutex: a lock that can be canceled; Drop waits for the holder.
func TestAsyncDropTokioMutex(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		drop, calls := counted(errDrop)
		m := guard.NewMutex(guard.New(7, drop))
		_, unlock, _ := m.Lock(t.Context())
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, _, err := m.Lock(ctx)
		wantErr(t, "Lock", err, context.DeadlineExceeded)
		time.AfterFunc(time.Minute, unlock)
		start := time.Now()
		wantErr(t, "Drop", m.Drop(t.Context()), errDrop)
		if time.Since(start) != time.Minute || calls.Load() != 1 {
			t.Errorf("after %v, %d drops", time.Since(start), calls.Load())
		}
	})
}

// AsyncDropHashMap: the rejected guard stays with the caller, armed; all are
// dropped, all errors have their keys, one panic does not abandon the rest.
func TestAsyncDropHashMap(t *testing.T) {
	table := guard.NewTable[string, int]()
	drop, calls := counted(errDrop)
	table.TryInsert("a", guard.New(1, func(context.Context, int) error { panic("boom") }))
	table.TryInsert("b", guard.New(2, drop))
	rejected := guard.New(3, drop)
	wantErr(t, "TryInsert", table.TryInsert("b", rejected), guard.ErrDuplicate)
	err := table.Drop(t.Context())
	if text := err.Error(); text != "key a: panic: boom; key b: drop failed" {
		t.Errorf("errors %q", text)
	}
	wantErr(t, "TryInsert after Drop", table.TryInsert("c", rejected), guard.ErrDropped)
	wantErr(t, "Drop of the rejected", rejected.Drop(t.Context()), errDrop)
	if calls.Load() != 2 {
		t.Errorf("%d drops", calls.Load())
	}
}

// AsyncDropResult: only ok is dropped.
func TestAsyncDropResult(t *testing.T) {
	wantErr(t, "ok", guard.Try(guard.New(closer{errDrop}, guard.Close), nil).Drop(t.Context()), errDrop)
	failed := guard.Try(opens(1, errBody)(t.Context()))
	wantErr(t, "Get", second(failed.Get()), errBody)
	wantErr(t, "error", failed.Drop(t.Context()), nil)
}

// AsyncDropShared: one creation for all who wait; one who gives up does not stop
// it; all get a failure, and the next call tries again; what no call asked for
// is not created to be destroyed.
func TestAsyncDropShared(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, openings := newLazy(true)
		impatient, giveUp := context.WithCancel(t.Context())
		a, b, c := get(t.Context(), l), get(impatient, l), get(t.Context(), l)
		giveUp()
		wantErr(t, "gave up", (<-b).err, context.Canceled)
		(<-openings).fail(errBody)
		wantErr(t, "Get", (<-a).err, errBody)
		wantErr(t, "Get", (<-c).err, errBody)
		d := get(t.Context(), l)
		drop, calls := counted(nil)
		(<-openings).succeed(guard.New(7, drop))
		h := (<-d).h
		wantErr(t, "Drop of the Lazy", l.Drop(t.Context()), nil)
		wantErr(t, "Drop of the last", h.Drop(t.Context()), nil)
		if calls.Load() != 1 || len(openings) != 0 {
			t.Errorf("%d drops, %d further opens", calls.Load(), len(openings))
		}
		never, openings := newLazy(true)
		if err := never.Drop(t.Context()); err != nil || len(openings) != 0 {
			t.Error("created to be destroyed")
		}
	})
}

// MaybeInitialized: a factory and its value behind one type.
func TestMaybeInitialized(t *testing.T) {
	initialized := 0
	l := guard.NewLazy(func(context.Context) (*guard.Guard[int], error) {
		initialized++
		return guard.New(7, guard.Nothing), nil
	})
	if initialized != 0 {
		t.Error("initialized for nobody")
	}
	for range 3 {
		h, err := l.Get(t.Context())
		if err != nil || h.Value() != 7 || initialized != 1 {
			t.Errorf("%v, initialized %d times", err, initialized)
		}
		h.Drop(t.Context())
	}
	l.Drop(t.Context())
}

// "Panics skip clean-up": not here. The panic's value and stack survive.
func TestPanicsDoNotSkipCleanUp(t *testing.T) {
	drop, calls := counted(nil)
	outer := guard.New(1, func(ctx context.Context, _ int) error {
		_, err := guard.With(ctx, guard.New(2, drop), func(context.Context, int) (int, error) { panicsHere(); return 0, nil })
		return err
	})
	var p *guard.PanicError
	err := outer.Drop(t.Context())
	if !errors.As(err, &p) || p.Value != "boom" || !containsFrame(p.Stack, "panicsHere") || calls.Load() != 1 {
		t.Errorf("%+v, %d drops", err, calls.Load())
	}
}

// Cancellation in the middle of a clean-up: the one who waits leaves, the clean-up
// goes on, and its error can be asked for.
func TestCancellationInTheMiddle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := lasting(time.Minute, errDrop)
		go g.Drop(context.WithoutCancel(t.Context()))
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		wantErr(t, "impatient Drop", g.Drop(ctx), context.DeadlineExceeded)
		<-g.Done()
		wantErr(t, "Err", g.Err(), errDrop)
	})
}

// Misuse says what to do: no error of this package is empty or shouts, and each has
// a name of its own in error.type.
func TestErrorTexts(t *testing.T) {
	for kind, err := range map[string]error{"dropped": guard.ErrDropped, "released": guard.ErrReleased, "owned": guard.ErrOwned,
		"in_use": guard.ErrInUse, "reentrant": guard.ErrReentrant, "shared": guard.ErrShared, "duplicate": guard.ErrDuplicate} {
		if typed, ok := err.(interface{ ErrorType() string }); !ok || typed.ErrorType() != kind {
			t.Errorf("%v: the error.type is not %s", err, kind)
		}
		text, ok := strings.CutPrefix(err.Error(), "guard: ")
		if !ok || text[:1] != strings.ToLower(text[:1]) || strings.HasSuffix(text, ".") {
			t.Errorf("%q", err)
		}
	}
}
