package guard_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"

	"github.com/ebb-go/ebb/guard"
)

func TestMapPanics(t *testing.T) {
	drop, calls := counted(nil)
	g := guard.New(1, drop)
	if p := recovered(func() { guard.Map(g, func(int) int { panic("boom") }) }); p != "boom" {
		t.Errorf("recovered %v", p)
	}
	if v := g.Value(); v != 1 || g.Drop(t.Context()) != nil || calls.Load() != 1 {
		t.Error("the guard has changed")
	}
}

// A guard has one owner at a time, who uses it by the ordinary methods; he alone
// may give it away.
func TestOwn(t *testing.T) {
	drop, calls := counted(nil)
	g := guard.New(1, drop)
	if err := g.Own(); err != nil {
		t.Fatal(err)
	}
	wantErr(t, "second Own", g.Own(), guard.ErrOwned)
	wantErr(t, "Share", second(guard.Share(g).Get()), guard.ErrOwned)
	wantErr(t, "Map", second(guard.Map(g, func(int) int { return 0 }).Get()), guard.ErrOwned)
	if g.Value() != 1 || g.Drop(t.Context()) != nil || calls.Load() != 1 {
		t.Error("an owned guard is not usable")
	}
	wantErr(t, "Own after Drop", g.Own(), guard.ErrDropped)
	owned := guard.New(1, guard.Nothing)
	owned.Own()
	wantClosed(t, "Done of a handle that never was", guard.Share(owned).Done(), true)
	wantClosed(t, "Done of a guard that never was", guard.Map(owned, func(v int) int { return v }).Done(), true)

	wantErr(t, "Own of Owned", guard.Owned(1, guard.Nothing).Own(), guard.ErrOwned)
	if v, err := guard.Share(guard.Owned(1, guard.Nothing)).Get(); v != 1 || err != nil {
		t.Errorf("Share of Owned: %v", err)
	}
}

func TestOwnedAllocatesOnce(t *testing.T) {
	if n := testing.AllocsPerRun(100, func() { sink = guard.Owned(1, guard.Nothing) }); n != 1 {
		t.Errorf("%v allocations", n)
	}
}

var sink any

// TestDropInSteps: the three steps are one Drop, for everybody who looks: exactly
// one begins, the value is gone from then on, others wait for the end and hear the
// outcome, and steps that were not asked for do nothing.
func TestDropInSteps(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		errDrop := errors.New("boom")
		drop, calls := counted(errDrop)
		var g guard.Guard[int]
		guard.InitOwned(&g, 1, drop)
		g.EndDrop(nil)
		if v, err := g.Get(); v != 1 || err != nil {
			t.Errorf("EndDrop alone has ended it: %v", err)
		}
		hold, back := make(chan struct{}), make(chan struct{})
		go func() {
			defer close(back)
			_ = g.Borrow(t.Context(), func(context.Context, int) error { <-hold; return nil })
		}()
		synctest.Wait()
		if g.BeginDrop() {
			t.Fatal("it begins while the value is borrowed")
		}
		close(hold)
		<-back

		if !g.BeginDrop() || g.BeginDrop() {
			t.Fatal("not one of two begins")
		}
		wantErr(t, "Get", second(g.Get()), guard.ErrDropped)
		joined := make(chan error, 1)
		go func() { joined <- g.Drop(t.Context()) }()
		synctest.Wait()
		wantClosed(t, "Done of a drop that runs", g.Done(), false)
		g.EndDrop(g.CallDrop(t.Context()))
		wantErr(t, "a Drop beside it", <-joined, errDrop)
		wantErr(t, "Err", g.Err(), errDrop)
		wantClosed(t, "Done", g.Done(), true)
		g.EndDrop(nil)
		wantErr(t, "Err after a second EndDrop", g.Err(), errDrop)
		if err := g.Drop(t.Context()); err != nil || calls.Load() != 1 {
			t.Errorf("dropped %d times, %v", calls.Load(), err)
		}

		var other guard.Guard[int]
		end := make(chan struct{})
		guard.InitOwned(&other, 1, func(context.Context, int) error { <-end; return errDrop })
		whole := make(chan error, 1)
		go func() { whole <- other.Drop(t.Context()) }()
		synctest.Wait()
		other.EndDrop(nil)
		wantClosed(t, "Done of a whole Drop, after EndDrop", other.Done(), false)
		close(end)
		wantErr(t, "a whole Drop", <-whole, errDrop)

		if guard.New(1, guard.Nothing).BeginDrop() || (*guard.Guard[int])(nil).BeginDrop() {
			t.Error("it begins for who is not the owner")
		}
	})
}

// TestPanicked: only a drop function that has panicked has, whatever is in the error
// that it returns.
func TestPanicked(t *testing.T) {
	p := &guard.PanicError{Value: 1}
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
		g := guard.New(1, c.drop)
		if g.Panicked() {
			t.Errorf("%s: before its drop", name)
		}
		_ = g.Drop(t.Context())
		if g.Panicked() != c.want {
			t.Errorf("%s: %v", name, g.Panicked())
		}
		l := guard.NewLazy(func(context.Context) (*guard.Guard[int], error) { return guard.New(1, c.drop), nil })
		if s, err := l.Get(t.Context()); err != nil || s.Drop(t.Context()) != nil || l.Panicked() {
			t.Errorf("%s: a lazy before its drop: %v", name, err)
		}
		_ = l.Drop(t.Context())
		if l.Panicked() != c.want {
			t.Errorf("%s: a lazy: %v", name, l.Panicked())
		}
	}
	if (*guard.Guard[int])(nil).Panicked() || (*guard.Lazy[int])(nil).Panicked() || new(guard.Lazy[int]).Panicked() {
		t.Error("of nothing")
	}
}
