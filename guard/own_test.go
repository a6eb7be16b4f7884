package guard_test

import (
	"testing"

	"github.com/ebb-go/ebb/guard"
	"github.com/ebb-go/ebb/internal/life"
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

// A guard has one owner at a time, which uses it by the ordinary methods; it alone
// may give it away.
func TestOwn(t *testing.T) {
	drop, calls := counted(nil)
	g := guard.New(1, drop)
	if err := own(g); err != nil {
		t.Fatal(err)
	}
	wantErr(t, "second Own", own(g), guard.ErrOwned)
	wantErr(t, "Share", second(guard.Share(g).Get()), guard.ErrOwned)
	wantErr(t, "Map", second(guard.Map(g, func(int) int { return 0 }).Get()), guard.ErrOwned)
	if g.Value() != 1 || g.Drop(t.Context()) != nil || calls.Load() != 1 {
		t.Error("an owned guard is not usable")
	}
	wantErr(t, "Own after Drop", own(g), guard.ErrDropped)
	owned := guard.New(1, guard.Nothing)
	own(owned)
	wantClosed(t, "Done of a handle that never was", guard.Share(owned).Done(), true)
	wantClosed(t, "Done of a guard that never was", guard.Map(owned, func(v int) int { return v }).Done(), true)

	untracked := guard.New(1, guard.Nothing, life.Untracked)
	if err := own(untracked); err != nil {
		t.Errorf("Own of an untracked guard: %v", err)
	}
	wantErr(t, "Share of it", second(guard.Share(untracked).Get()), guard.ErrOwned)
}

func TestUntrackedAllocatesOnce(t *testing.T) {
	if n := testing.AllocsPerRun(100, func() { sink = guard.New(1, guard.Nothing, life.Untracked) }); n != 1 {
		t.Errorf("%v allocations", n)
	}
}

var sink any
