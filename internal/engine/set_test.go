package engine_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/ebb-go/ebb/internal/engine"
)

// A set is dropped in waves, without what others depend on, or a pin, and what that
// depends on.
//
//	top -> mid -> base,  user -> used -> below,  pinned
func TestBeginSet(t *testing.T) {
	var g engine.Graph
	base, below := add(t, &g, "base", nothing), add(t, &g, "below", nothing)
	mid := add(t, &g, "mid", nothing, base)
	top := add(t, &g, "top", nothing, mid)
	used := add(t, &g, "used", nothing, below)
	_ = add(t, &g, "user", nothing, used)
	pinned := add(t, &g, "pinned", nothing)
	if _, err := g.Pin(pinned, "p"); err != nil {
		t.Fatal(err)
	}
	e := g.BeginSet([]*engine.Node{top, used, below, base, pinned, mid})
	if out := e.Do(t.Context(), engine.Options{}); !slices.Equal(words(out), []string{"top:ok", "mid:ok", "base:ok"}) {
		t.Errorf("%v", words(out))
	}
	if e := g.BeginSet([]*engine.Node{top, used, below}); e != nil {
		t.Errorf("%q", names(e.Nodes()))
	}
	if got := names(g.Nodes()); !slices.Equal(got, []string{"below", "used", "user", "pinned"}) {
		t.Errorf("left %q", got)
	}
}

// Users come to depend on a new node in the same step: what depends on them is no part
// of its All, and a cycle refuses it.
func TestInsertUsers(t *testing.T) {
	var g engine.Graph
	db := add(t, &g, "db", nothing)
	server := insert(t, &g, engine.Spec{Name: "server", User: true, Dropper: dropper(nothing)})
	api := add(t, &g, "api", nothing, server)
	helper := insert(t, &g, engine.Spec{Name: "helper", User: true, All: true, Users: []*engine.Node{server}, Dropper: dropper(nothing)})
	if !g.Reaches(server, helper) || !g.Reaches(helper, db) || g.Reaches(helper, api) || !g.Reaches(api, helper) {
		t.Errorf("waves %v", g.Waves())
	}
	var n engine.Node
	var cycle *engine.CycleError
	err := g.Insert(&n, engine.Spec{Name: "n", Deps: []*engine.Node{api}, Users: []*engine.Node{server}, Dropper: dropper(nothing)})
	if !errors.As(err, &cycle) || !slices.Equal(cycle.Path, []string{"server", "n", "api", "server"}) || g.Len() != 4 {
		t.Errorf("%v, %d nodes", err, g.Len())
	}
	if err := g.Insert(&n, engine.Spec{Name: "n", Dropper: dropper(nothing)}); err != nil {
		t.Errorf("after it was refused: %v", err)
	}
}
