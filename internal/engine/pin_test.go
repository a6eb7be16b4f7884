package engine_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/ebb-go/ebb/internal/engine"
)

// A pinned node is in use, by the name of the pin, until that is removed; so is
// what it depends on, for a DropTree.
//
//	cache -> db
func TestPin(t *testing.T) {
	var g engine.Graph
	db := add(t, &g, "db", nothing)
	cache := add(t, &g, "cache", nothing, db)
	first, err := g.Pin(cache, "first")
	second, _ := g.Pin(cache, "second")
	if err != nil {
		t.Fatal(err)
	}
	_, drop := g.Drop(t.Context(), cache, engine.Options{})
	_, tree := g.DropTree(t.Context(), cache, engine.Options{})
	_, below := g.DropTree(t.Context(), db, engine.Options{})
	for k, err := range []error{drop, tree, below, g.Claim(cache), g.Remove(cache)} {
		var in *engine.InUseError
		if !errors.As(err, &in) || in.Guard != "cache" || !slices.Equal(in.Dependents, []string{"first", "second"}) {
			t.Errorf("%d: %v", k, err)
		}
	}
	var in *engine.InUseError
	if _, err := g.Drop(t.Context(), db, engine.Options{}); !errors.As(err, &in) || !slices.Equal(in.Dependents, []string{"cache"}) {
		t.Errorf("what it depends on: %v", err)
	}
	second.Remove()
	second.Remove()
	if _, err := g.Drop(t.Context(), cache, engine.Options{}); !errors.As(err, &in) || !slices.Equal(in.Dependents, []string{"first"}) {
		t.Errorf("one is left: %v", err)
	}
	first.Remove()
	if out, err := g.DropTree(t.Context(), db, engine.Options{}); err != nil || !slices.Equal(words(out), []string{"cache:ok", "db:ok"}) {
		t.Errorf("%v %v", words(out), err)
	}
	(*engine.Pin)(nil).Remove()
}

// A node that is claimed or gone is not pinned, and a teardown does not look at
// pins.
func TestPinRefused(t *testing.T) {
	var g, other engine.Graph
	a, b, c := add(t, &g, "a", nothing), add(t, &g, "b", nothing), add(t, &g, "c", nothing)
	_ = g.Claim(a)
	_ = g.Remove(b)
	for n, want := range map[*engine.Node]error{a: engine.ErrGone, b: engine.ErrGone, nil: engine.ErrForeign, add(t, &other, "x", nothing): engine.ErrForeign} {
		if _, err := g.Pin(n, "p"); err != want {
			t.Errorf("%v, want %v", err, want)
		}
	}
	if _, err := g.Pin(c, "p"); err != nil {
		t.Error(err)
	}
	if out := g.Teardown(t.Context(), engine.Options{}); !slices.Equal(words(out), []string{"a:ok", "c:ok"}) {
		t.Errorf("%v", words(out))
	}
	if _, err := g.Pin(c, "p"); err != engine.ErrClosed {
		t.Errorf("after Teardown: %v", err)
	}
}
