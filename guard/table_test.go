package guard_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ebb-go/ebb/guard"
	"go.uber.org/multierr"
)

// A guard that is refused stays with the caller, armed.
func TestTableRefusals(t *testing.T) {
	drop, calls := counted(nil)
	table := guard.NewTable[string, int]()
	a, dup, late := guard.New(1, drop), guard.New(2, drop), guard.New(3, drop)
	wantErr(t, "TryInsert", table.TryInsert("a", a), nil)
	wantErr(t, "duplicate", table.TryInsert("a", dup), guard.ErrDuplicate)
	if v, ok := table.Get("a"); v != 1 || !ok || dup.Value() != 2 {
		t.Error("the duplicate is in the table")
	}
	wantErr(t, "use of an inserted guard", second(a.Get()), guard.ErrOwned)
	wantErr(t, "drop of an inserted guard", a.Drop(t.Context()), guard.ErrOwned)
	wantErr(t, "inserting it again", table.TryInsert("b", a), guard.ErrOwned)
	wantErr(t, "nil guard", table.TryInsert("nil", nil), guard.ErrDropped)
	wantErr(t, "Drop", table.Drop(t.Context()), nil)
	wantErr(t, "late", table.TryInsert("late", late), guard.ErrDropped)
	if calls.Load() != 1 || late.Value() != 3 || !a.Dropped() {
		t.Errorf("%d drops", calls.Load())
	}
	if _, ok := table.Get("a"); ok || table.Len() != 0 {
		t.Error("a table that was dropped is not empty")
	}
	if _, ok := table.Take("a"); ok {
		t.Error("took a guard from a table that was dropped")
	}
	wantErr(t, "second Drop", table.Drop(t.Context()), nil)
	dup.Drop(t.Context())
	late.Drop(t.Context())
}

func TestTableZeroAndNil(t *testing.T) {
	var zero guard.Table[int, int]
	if _, ok := zero.Get(1); ok || zero.Len() != 0 {
		t.Error("the zero table is not empty")
	}
	wantErr(t, "TryInsert", zero.TryInsert(1, guard.New(1, guard.Nothing)), nil)
	wantErr(t, "Drop", zero.Drop(t.Context()), nil)
	var unused guard.Table[int, int]
	wantErr(t, "Drop", unused.Drop(t.Context()), nil)
	wantErr(t, "TryInsert", unused.TryInsert(1, guard.New(1, guard.Nothing)), guard.ErrDropped)

	var none *guard.Table[int, int]
	wantErr(t, "TryInsert", none.TryInsert(1, guard.New(1, guard.Nothing)), guard.ErrDropped)
	wantErr(t, "Drop", none.Drop(t.Context()), nil)
	if _, ok := none.Take(1); ok || none.Len() != 0 {
		t.Error("a nil table is not empty")
	}
	for range none.All() {
		t.Error("a nil table is not empty")
	}
}

// All errors with their keys, in the order of insertion; panic and Goexit do not
// keep the others from being dropped, and all run at once.
func TestTableDropErrors(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		table := guard.NewTable[string, int]()
		add := func(k string, drop func(context.Context, int) error) {
			wantErr(t, "TryInsert", table.TryInsert(k, guard.New(0, drop)), nil)
		}
		slow := func(err error, d time.Duration) func(context.Context, int) error {
			return func(context.Context, int) error { time.Sleep(d); return err }
		}
		one, two := errors.New("one"), errors.New("two")
		add("z", slow(one, 3*time.Second))
		add("panics", func(context.Context, int) error { panic("boom") })
		add("fine", slow(nil, time.Second))
		add("exits", func(context.Context, int) error { runtime.Goexit(); return nil })
		add("a", slow(two, time.Second))
		start := time.Now()
		err := table.Drop(t.Context())
		if d := time.Since(start); d != 3*time.Second {
			t.Errorf("took %v", d)
		}
		var keys []any
		for _, err := range multierr.Errors(err) {
			var k *guard.KeyError
			if !errors.As(err, &k) {
				t.Fatalf("%T", err)
			}
			keys = append(keys, k.Key)
		}
		if !slices.Equal(keys, []any{"z", "panics", "exits", "a"}) {
			t.Errorf("keys %v", keys)
		}
		var p *guard.PanicError
		if !errors.Is(err, one) || !errors.Is(err, two) || !errors.Is(err, guard.ErrGoexit) || !errors.As(err, &p) {
			t.Errorf("errors are lost: %v", err)
		}
		if text := "key z: one; key panics: panic: boom; key exits: runtime.Goexit was called; key a: two"; err.Error() != text {
			t.Errorf("text %q", err)
		}
	})
}

func TestKeyErrorType(t *testing.T) {
	if s := (&guard.KeyError{Key: 1, Err: guard.ErrGoexit}).ErrorType(); s != "goexit" {
		t.Error(s)
	}
}

// A table whose guard is borrowed is not dropped under the borrower.
func TestTableDropWaitsForBorrowers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		drop, calls := counted(nil)
		table := guard.NewTable[string, int]()
		for _, k := range []string{"a", "b"} {
			g := guard.New(1, drop)
			go g.Borrow(t.Context(), func(ctx context.Context, _ int) error { time.Sleep(time.Minute); return nil })
			synctest.Wait()
			table.TryInsert(k, g)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		err := table.Drop(ctx)
		wantErr(t, "Drop", err, guard.ErrInUse)
		if n := strings.Count(err.Error(), "key"); n != 2 {
			t.Errorf("%d keys in %q", n, err)
		}
		wantErr(t, "later Drop", table.Drop(t.Context()), nil)
		if calls.Load() != 2 {
			t.Errorf("%d drops", calls.Load())
		}
	})
}

// All is in the order of insertion, and its body may change the table.
func TestTableAll(t *testing.T) {
	table := guard.NewTable[int, string]()
	for _, k := range []int{5, 3, 9, 1} {
		table.TryInsert(k, guard.New(fmt.Sprint(k), guard.Nothing))
	}
	var seen []int
	for k, v := range table.All() {
		if v != fmt.Sprint(k) {
			t.Errorf("%d has %q", k, v)
		}
		seen = append(seen, k)
		if k == 3 {
			table.Take(9)
			table.TryInsert(9, guard.New("9", guard.Nothing)) // another one, after the loop has begun
		}
	}
	if !slices.Equal(seen, []int{5, 3, 1}) {
		t.Errorf("saw %v", seen)
	}
	for range table.All() {
		break
	}
}

// The table against a model, a map with an order; every step is checked.
func TestTableModel(t *testing.T) {
	r := newRand(t)
	for range 30 {
		type value struct{ n, dropped int }
		drop := func(_ context.Context, v *value) error { v.dropped++; return fmt.Errorf("value %d", v.n) }
		table := guard.NewTable[int, *value]()
		var order []int // keys
		model := map[int]*value{}
		for step := range 200 {
			k := r.IntN(20)
			switch r.IntN(4) {
			case 0, 1:
				g := guard.New(&value{n: step}, drop)
				err := table.TryInsert(k, g)
				if model[k] != nil {
					wantErr(t, "TryInsert", err, guard.ErrDuplicate)
					wantErr(t, "Drop of the refused", g.Drop(t.Context()), g.Err())
					break
				}
				wantErr(t, "TryInsert", err, nil)
				model[k], _ = table.Get(k)
				order = append(order, k)
			case 2:
				g, ok := table.Take(k)
				if ok != (model[k] != nil) || ok && g.Value() != model[k] {
					t.Fatalf("step %d: Take(%d)", step, k)
				}
				if !ok {
					break
				}
				if g.Release(); r.IntN(2) == 0 {
					guard.New(model[k], guard.Nothing).Drop(t.Context())
				}
				delete(model, k)
				order = slices.DeleteFunc(order, func(other int) bool { return other == k })
			case 3:
				v, ok := table.Get(k)
				if v != model[k] || ok != (model[k] != nil) {
					t.Fatalf("step %d: Get(%d) = %v, want %v", step, k, v, model[k])
				}
			}
			var keys []int
			for k, v := range table.All() {
				keys = append(keys, k)
				if v != model[k] || v.dropped != 0 {
					t.Fatalf("step %d: All gives %v for %d", step, v, k)
				}
			}
			if !slices.Equal(keys, order) || table.Len() != len(order) {
				t.Fatalf("step %d: keys %v, want %v", step, keys, order)
			}
		}
		errs := multierr.Errors(table.Drop(t.Context()))
		for i, k := range order {
			want := fmt.Sprintf("key %d: value %d", k, model[k].n)
			if model[k].dropped != 1 || i >= len(errs) || errs[i].Error() != want {
				t.Fatalf("Drop: %v, want %s at %d", errs, want, i)
			}
		}
		if len(errs) != len(order) {
			t.Fatalf("%d errors, want %d", len(errs), len(order))
		}
	}
}

// Insert, take and drop at once: every guard ends once, in the table or with its
// caller.
func TestTableConcurrently(t *testing.T) {
	r := newRand(t)
	for range 30 {
		var made, dropped atomic.Int32
		table := guard.NewTable[int, int]()
		var wg sync.WaitGroup
		for range 4 {
			r := rand.New(rand.NewPCG(r.Uint64(), 0))
			wg.Go(func() {
				for range 50 {
					k := r.IntN(8)
					g := guard.New(k, func(context.Context, int) error { dropped.Add(1); return nil })
					made.Add(1)
					if table.TryInsert(k, g) != nil {
						g.Drop(context.Background())
					}
					if g, ok := table.Take(r.IntN(8)); ok {
						g.Drop(context.Background())
					}
					table.Get(k)
					for range table.All() {
						table.Len()
					}
				}
			})
		}
		for range 2 {
			wg.Go(func() {
				runtime.Gosched()
				table.Drop(context.Background())
			})
		}
		wg.Wait()
		if made.Load() != dropped.Load() {
			t.Fatalf("%d made, %d dropped", made.Load(), dropped.Load())
		}
	}
}
