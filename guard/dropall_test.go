package guard_test

import (
	"bytes"
	"context"
	"errors"
	"runtime"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ebb-go/ebb/guard"
	"go.uber.org/multierr"
)

func containsFrame(stack []byte, fn string) bool {
	return bytes.Contains(stack, []byte("guard_test."+fn))
}

// lasting returns a guard whose drop lasts d and returns err.
func lasting(d time.Duration, err error) *guard.Guard[int] {
	return guard.New(0, func(context.Context, int) error { time.Sleep(d); return err })
}

// Concurrently; nil skipped; errors in the order of the arguments, whichever ended
// first; a panic and a Goexit contained.
func TestDropAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		one, two := errors.New("one"), errors.New("two")
		var none *guard.Guard[int]
		start := time.Now()
		err := guard.DropAll(t.Context(),
			lasting(3*time.Second, one), nil, lasting(time.Second, nil), none,
			guard.New(0, func(context.Context, int) error { panic(errDrop) }),
			guard.New(0, func(context.Context, int) error { runtime.Goexit(); return nil }),
			dropperFunc(func(context.Context) error { panic("no guard contains this") }),
			lasting(time.Second, multierr.Append(two, errBody)))
		if d := time.Since(start); d != 3*time.Second {
			t.Errorf("took %v", d)
		}
		errs := multierr.Errors(err)
		if len(errs) != 6 || errs[0] != one || !errors.Is(errs[1], errDrop) || errs[2] != guard.ErrGoexit ||
			errs[3].Error() != "panic: no guard contains this" || errs[4] != two || errs[5] != errBody {
			t.Errorf("DropAll: %v", errs)
		}
	})
	if err := guard.DropAll(t.Context()); err != nil {
		t.Error(err)
	}
}

type dropperFunc func(context.Context) error

func (f dropperFunc) Drop(ctx context.Context) error { return f(ctx) }

func TestDropLimit(t *testing.T) {
	for limit, want := range map[int]time.Duration{-1: 1, 0: 1, 1: 5, 2: 3, 5: 1, 9: 1} {
		synctest.Test(t, func(t *testing.T) {
			var ds []guard.Dropper
			for range 5 {
				ds = append(ds, lasting(time.Second, errDrop))
			}
			start := time.Now()
			err := guard.DropLimit(t.Context(), limit, ds...)
			if d := time.Since(start); d != want*time.Second || len(multierr.Errors(err)) != 5 {
				t.Errorf("limit %d: took %v, %v", limit, d, err)
			}
		})
	}
}

func TestJoin(t *testing.T) {
	a, b, err := guard.Join2(t.Context(), opens(1, nil), opens("two", nil))
	if err != nil || a.Value() != 1 || b.Value() != "two" {
		t.Fatal(err)
	}
	x, y, z, err := guard.Join3(t.Context(), opens(1, nil), opens("two", nil), opens(3.0, nil))
	if err != nil || x.Value() != 1 || y.Value() != "two" || z.Value() != 3.0 {
		t.Fatal(err)
	}
	if err := guard.DropAll(t.Context(), a, b, x, y, z); err != nil {
		t.Fatal(err)
	}
}

// opens returns an open function of v, or of err.
func opens[T any](v T, err error) func(context.Context) (*guard.Guard[T], error) {
	return func(context.Context) (*guard.Guard[T], error) {
		if err != nil {
			return nil, err
		}
		return guard.New(v, guard.Nothing), nil
	}
}

// At once, not one after the other; on success the context lives on.
func TestJoinIsConcurrent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var inner context.Context
		slow := func(ctx context.Context) (*guard.Guard[int], error) {
			time.Sleep(time.Second)
			inner = ctx
			return guard.New(1, guard.Nothing), nil
		}
		start := time.Now()
		a, b, err := guard.Join2(t.Context(), slow, opens(2, nil))
		if err != nil || time.Since(start) != time.Second {
			t.Errorf("%v, took %v", err, time.Since(start))
		}
		if inner.Err() != nil {
			t.Error("the context ended with Join2")
		}
		guard.DropAll(t.Context(), a, b)
	})
}

// What becomes of the guards and errors when a part fails.
func TestJoinFails(t *testing.T) {
	errA, errB := errors.New("a failed"), errors.New("b failed")
	// Those that go on when canceled are named for what they end with.
	fails := func(err error) func(context.Context) (*guard.Guard[int], error) { return opens(0, err) }
	later := func(end func(ctx context.Context) (*guard.Guard[int], error)) func(context.Context) (*guard.Guard[int], error) {
		return func(ctx context.Context) (*guard.Guard[int], error) { <-ctx.Done(); return end(ctx) }
	}
	echoes := later(func(ctx context.Context) (*guard.Guard[int], error) { return nil, ctx.Err() })
	echoesCause := later(func(ctx context.Context) (*guard.Guard[int], error) { return nil, context.Cause(ctx) })
	failsToo := later(func(context.Context) (*guard.Guard[int], error) { return nil, errB })
	for name, c := range map[string]struct {
		a, b  func(context.Context) (*guard.Guard[int], error)
		want  []error
		drops int
	}{
		"b only, sibling stops":             {echoes, fails(errB), []error{errB}, 0},
		"b only, sibling returns the cause": {echoesCause, fails(errB), []error{errB}, 0},
		"b first, then a":                   {later(fails(errA)), fails(errB), []error{errA, errB}, 0},
		"a first, then b":                   {fails(errA), failsToo, []error{errA, errB}, 0},
		"exits": {func(context.Context) (*guard.Guard[int], error) { runtime.Goexit(); return nil, nil },
			echoes, []error{guard.ErrGoexit}, 0},
		"a returns a PanicError": {fails(&guard.PanicError{Value: 1}), echoes, nil, 0},
	} {
		t.Run(name, func(t *testing.T) {
			a, b, err := guard.Join2(t.Context(), c.a, c.b)
			if a != nil || b != nil || err == nil {
				t.Errorf("guards %v and %v, error %v", a, b, err)
			}
			if c.want != nil && !slices.Equal(multierr.Errors(err), c.want) {
				t.Errorf("errors %v, want %v", multierr.Errors(err), c.want)
			}
		})
	}
}

// A survivor is dropped on a live context with ctx's values, its error kept; also
// one that comes beside an error.
func TestJoinDropsSurvivors(t *testing.T) {
	errB := errors.New("b failed")
	calls := 0
	_, _, _, err := guard.Join3(context.WithValue(t.Context(), valueKey{}, "value"),
		func(ctx context.Context) (*guard.Guard[int], error) {
			<-ctx.Done()
			return guard.New(1, liveDrop(t, &calls)), nil
		},
		func(context.Context) (*guard.Guard[int], error) {
			return guard.New(1, func(context.Context, int) error { return errDrop }), errB
		},
		opens(3, nil))
	if !slices.Equal(multierr.Errors(err), []error{errB, errDrop, errDrop}) || calls != 1 {
		t.Errorf("errors %v, %d drops", multierr.Errors(err), calls)
	}
}

// A panic joins the sibling, drops the survivor, and goes on in the caller with
// the other errors beside it.
func TestJoinPanics(t *testing.T) {
	drop, calls := counted(errDrop)
	p, _ := recovered(func() {
		guard.Join2(t.Context(),
			func(ctx context.Context) (*guard.Guard[int], error) {
				<-ctx.Done()
				return guard.New(1, drop), nil
			},
			func(context.Context) (*guard.Guard[int], error) { panicsHere(); return nil, nil })
	}).(*guard.PanicError)
	if p == nil || p.Value != "boom" || !containsFrame(p.Stack, "panicsHere") || !errors.Is(p, errDrop) || calls.Load() != 1 {
		t.Errorf("recovered %+v, %d drops", p, calls.Load())
	}
}

// Errors that cannot be compared are no echo, and no reason to panic.
func TestJoinUncomparableErrors(t *testing.T) {
	_, _, err := guard.Join2(t.Context(), opens(1, error(uncomparable{"a"})), opens(2, error(uncomparable{"b"})))
	if n := len(multierr.Errors(err)); n != 2 {
		t.Errorf("%d errors: %v", n, err)
	}
}

type uncomparable []string

func (u uncomparable) Error() string { return u[0] }

func TestResult(t *testing.T) {
	drop, calls := counted(errDrop)
	ok := guard.Try(guard.New(7, drop), nil)
	if v, err := ok.Get(); v != 7 || err != nil {
		t.Error(v, err)
	}
	wantErr(t, "Drop", ok.Drop(t.Context()), errDrop)
	wantErr(t, "Get after Drop", second(ok.Get()), guard.ErrDropped)
	failed := guard.Try[int](nil, errBody)
	wantErr(t, "Get", second(failed.Get()), errBody)
	wantErr(t, "Drop", failed.Drop(t.Context()), nil)
	var none *guard.Result[int]
	for _, r := range []*guard.Result[int]{none, new(guard.Result[int])} {
		wantErr(t, "Get", second(r.Get()), guard.ErrDropped)
		wantErr(t, "Drop", r.Drop(t.Context()), nil)
	}
	if calls.Load() != 1 {
		t.Errorf("%d drops", calls.Load())
	}
}
