package scope_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/ebb-go/ebb/guard"
	"github.com/ebb-go/ebb/scope"
	"github.com/ebb-go/ebb/trace"
)

// TestNames: a taken name gets #2, #3 in handles, errors and reports, and is
// free again once its guard is gone. Tasks are not numbered.
func TestNames(t *testing.T) {
	var report *trace.Report
	var p spans
	err := scope.Run(t.Context(), func(ctx context.Context, s *scope.Scope) error {
		var all []*scope.Handle[string]
		for range 3 {
			all = append(all, must(scope.Acquire(ctx, s, "conn", opens("c"), func(context.Context, string) error { return errBoom })))
		}
		for i, want := range []string{"conn", "conn#2", "conn#3"} {
			if got := all[i].Name(); got != want {
				t.Errorf("%d is called %q", i, got)
			}
		}
		_, _ = all[1].Release()
		if h := must(scope.Acquire(ctx, s, "conn", opens("c"), guard.Nothing)); h.Name() != "conn#2" {
			t.Errorf("the lowest that is free: %q", h.Name())
		}
		_ = all[0].Drop(ctx)
		if d := must(s.Daemon("conn", func(ctx context.Context) error { <-ctx.Done(); return nil })); d.Name() != "conn" {
			t.Errorf("a name that is free again: %q", d.Name())
		}
		if c := must(s.Child("conn")); c.Name() != "conn#4" || c.Path() != "x/conn#4" {
			t.Errorf("guards, daemons and children share names: %q %q", c.Name(), c.Path())
		}
		for range 2 {
			s.Go("conn", func(context.Context) error { return nil }) // tasks are not numbered
		}
		return nil
	}, scope.WithName("x"), reported(&report), scope.WithTracerProvider(&p), scope.WithTaskSpans())
	var d *scope.DropError
	if !errors.As(err, &d) || d.Guard != "conn#3" {
		t.Errorf("%v", err)
	}
	var names []string
	for _, e := range report.Entries {
		names = append(names, e.Name)
	}
	slices.Sort(names)
	if want := []string{"conn", "conn#2", "conn#3", "conn#4"}; !slices.Equal(names, want) {
		t.Errorf("entries %q", names)
	}
	if n := len(p.named("task conn")); n != 2 {
		t.Errorf("%d task spans", n)
	}
	var attrs []string
	for _, s := range p.named("drop conn") {
		attrs = append(attrs, s.str("ebb.guard.name"))
	}
	slices.Sort(attrs)
	if want := []string{"conn", "conn", "conn#2", "conn#3", "conn#4"}; !slices.Equal(attrs, want) {
		t.Errorf("drop spans of %q, want %q; all: %s", attrs, want, &p)
	}
}

// TestNamesOfMany: a thousand of one name stay unique, and a name that somebody
// took with a number of its own is passed over.
func TestNamesOfMany(t *testing.T) {
	inScope(t, func(ctx context.Context, s *scope.Scope) {
		_ = must(scope.Defer(s, "g#3", nothing))
		seen := map[string]bool{"g#3": true}
		for range 1000 {
			name := must(scope.Defer(s, "g", nothing)).Name()
			if seen[name] {
				t.Fatalf("%s twice", name)
			}
			seen[name] = true
		}
		if !seen["g#1001"] || seen["g#1002"] {
			t.Error("numbers are not dense")
		}
	})
}

// TestScopeNames: Name and Path, with and without WithName.
func TestScopeNames(t *testing.T) {
	_ = scope.Run(t.Context(), func(ctx context.Context, s *scope.Scope) error {
		if s.Name() != "orders" || s.Path() != "orders" {
			t.Error(s.Name(), s.Path())
		}
		c := must(s.Child("session"))
		c.Go("t", func(ctx context.Context) error {
			return scope.Run(ctx, func(ctx context.Context, s *scope.Scope) error {
				if s.Name() != "scope" || s.Path() != "orders/session/scope" {
					t.Error(s.Name(), s.Path())
				}
				return nil
			})
		})
		return nil
	}, scope.WithName("orders"))
}

// TestNamesAgainstModel: whatever was taken and given back before, a new name is
// itself if that is free, else the one with the smallest number that is.
func TestNamesAgainstModel(t *testing.T) {
	bases := []string{"a", "b", "a#2", "a#2#2", "a#", "a#02", "a#+2", "a#1", "c", "d", "a#70", "#3"}
	for seed := range uint64(20) {
		r := rand.New(rand.NewPCG(seed, 3))
		inScope(t, func(ctx context.Context, s *scope.Scope) {
			live := make(map[string]*scope.Handle[struct{}])
			grows := r.IntN(3) > 0 // beyond 64 of a name, or back to none
			for range 400 {
				if r.IntN(3) > 0 == grows {
					name := bases[r.IntN(len(bases))]
					if r.IntN(2) == 0 {
						name = "a"
					}
					want := name
					for k := 2; live[want] != nil; k++ {
						want = fmt.Sprint(name, "#", k)
					}
					h := must(scope.Defer(s, name, nothing))
					if h.Name() != want {
						t.Fatalf("seed %d: %q is called %q, want %q", seed, name, h.Name(), want)
					}
					live[want] = h
					continue
				}
				for name, h := range live { // any one
					if err := h.Drop(ctx); err != nil {
						t.Fatal(err)
					}
					delete(live, name)
					break
				}
			}
		})
	}
}
