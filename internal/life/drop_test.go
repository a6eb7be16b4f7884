package life_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"

	"github.com/ebb-go/ebb/internal/fault"
	"github.com/ebb-go/ebb/internal/life"
)

var errDrop = errors.New("boom")

// isClosed reports whether c is closed, without waiting for it.
func isClosed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

// TestSteps: Begin, Call and End are one drop for all that look. Exactly one caller
// begins, after the borrowers have ended; the value is gone from the call on; others
// wait for the end and get the outcome.
func TestSteps(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, calls := t.Context(), 0
		var g life.Value[int]
		g.InitOwned(1, func(context.Context, int) error { calls++; return errDrop })
		hold, back := make(chan struct{}), make(chan struct{})
		go func() {
			defer close(back)
			_ = g.Use(ctx, life.Live, func(context.Context, int) error { <-hold; return nil })
		}()
		synctest.Wait()

		type result struct {
			inside context.Context
			begun  bool
			err    error
		}
		results := make(chan result, 2)
		for range 2 {
			go func() {
				inside, begun, err := g.Begin(ctx)
				results <- result{inside, begun, err}
			}()
		}
		synctest.Wait()
		if len(results) > 0 {
			t.Fatal("it begins while the value is borrowed")
		}
		if _, err := g.Get(); err != life.ErrDropped {
			t.Errorf("Get beside a Begin that waits: %v", err)
		}
		close(hold)
		<-back
		synctest.Wait()
		if len(results) != 1 {
			t.Fatalf("%d of two have come back", len(results))
		}
		first := <-results
		if !first.begun || first.err != nil || first.inside != ctx {
			t.Fatalf("the first got %+v", first)
		}
		joined := make(chan error, 1)
		go func() { joined <- g.Drop(ctx, life.Live, 0) }()
		synctest.Wait()
		if isClosed(g.Done()) || len(joined) > 0 {
			t.Error("it has ended before End")
		}
		g.End(g.Call(ctx), false)
		synctest.Wait()
		if second := <-results; second.begun || second.err != errDrop {
			t.Errorf("the second got %+v", second)
		}
		if err := <-joined; err != errDrop {
			t.Errorf("a Drop beside it: %v", err)
		}
		if !isClosed(g.Done()) || g.Err() != errDrop || g.Panicked() {
			t.Errorf("it ended with %v, a panic: %t", g.Err(), g.Panicked())
		}
		if _, begun, err := g.Begin(ctx); begun || err != nil {
			t.Errorf("a later Begin: %t, %v", begun, err)
		}
		if err := g.Drop(ctx, life.Live, 0); err != nil || calls != 1 {
			t.Errorf("a later Drop: %v, and %d calls", err, calls)
		}
	})
}

// TestBeginGivesUp: a Begin whose context ends first leaves the value to a later one,
// and does not drop it under its borrowers.
func TestBeginGivesUp(t *testing.T) {
	var g life.Value[int]
	g.InitOwned(1, func(context.Context, int) error { return nil })
	over, cancel := context.WithCancel(t.Context())
	cancel()
	err := g.Use(t.Context(), life.Live, func(context.Context, int) error {
		_, begun, err := g.Begin(over)
		if begun || !fault.Is(err, life.ErrInUse) || !fault.Is(err, context.Canceled) {
			t.Errorf("Begin: %t, %v", begun, err)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, begun, err := g.Begin(t.Context()); !begun || err != nil {
		t.Errorf("a later Begin: %t, %v", begun, err)
	}
}

// TestReentrant: the drop function that runs in the steps of a value with marks is
// refused when it drops the value itself; an owner that passes the context on as it is
// has to notice that.
func TestReentrant(t *testing.T) {
	var g life.Value[int]
	g.Init(1, func(ctx context.Context, _ int) error { return g.Drop(ctx, life.Live, 0) })
	inside, begun, err := g.Begin(t.Context())
	if !begun || err != nil {
		t.Fatal(err)
	}
	err = g.Call(inside)
	g.End(err, false)
	if err != life.ErrReentrant {
		t.Errorf("from inside: %v", err)
	}
}

// TestPanicked: only a drop function that has panicked has, whatever is in the error
// that it returns.
func TestPanicked(t *testing.T) {
	p := &fault.PanicError{Value: 1}
	for name, c := range map[string]struct {
		drop func(context.Context, int) error
		want bool
	}{
		"returned nil":        {func(context.Context, int) error { return nil }, false},
		"returned an error":   {func(context.Context, int) error { return errDrop }, false},
		"returned PanicError": {func(context.Context, int) error { return p }, false},
		"panicked":            {func(context.Context, int) error { panic(1) }, true},
		"panicked with one":   {func(context.Context, int) error { panic(p) }, true},
		"panicked with error": {func(context.Context, int) error { panic(errDrop) }, true},
	} {
		var g life.Value[int]
		g.Init(1, c.drop)
		if g.Panicked() {
			t.Errorf("%s: before its drop", name)
		}
		_ = g.Drop(t.Context(), life.Live, 0)
		if g.Panicked() != c.want {
			t.Errorf("%s: %v", name, g.Panicked())
		}
	}
}

// TestMove: exactly one of two values owes the drop, and the borrowers of the first
// keep it from beginning.
func TestMove(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, calls := t.Context(), 0
		var from, to life.Value[int]
		from.InitOwned(1, func(context.Context, int) error { calls++; return nil })
		hold := make(chan struct{})
		go from.Use(ctx, life.Live, func(context.Context, int) error { <-hold; return nil })
		synctest.Wait()
		from.Move(&to)
		if _, err := from.Get(); err != life.ErrReleased || !isClosed(from.Done()) {
			t.Errorf("the first: %v", err)
		}
		dropped := make(chan error, 1)
		go func() { dropped <- to.Drop(ctx, life.Live, 0) }()
		synctest.Wait()
		if len(dropped) > 0 {
			t.Error("dropped while the first is borrowed")
		}
		close(hold)
		if err := <-dropped; err != nil || calls != 1 {
			t.Errorf("%v, %d calls", err, calls)
		}
		var late life.Value[int]
		to.Move(&late)
		if _, err := late.Get(); err != life.ErrDropped || late.Drop(ctx, life.Live, 0) != nil || calls != 1 {
			t.Errorf("moved when it was gone: %v", err)
		}
	})
}
