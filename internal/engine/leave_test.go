package engine_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ebb-go/ebb/internal/engine"
)

// A node that has left depends on nothing, and is gone when nothing depends on it.
//
//	api -> worker -> db, and all that there was when worker came
func TestLeave(t *testing.T) {
	for _, keep := range []bool{false, true} {
		var g engine.Graph
		db := add(t, &g, "db", nothing)
		other := add(t, &g, "other", nothing)
		older := insert(t, &g, engine.Spec{Name: "older", User: true, All: true, Dropper: dropper(nothing)})
		worker := insert(t, &g, engine.Spec{Name: "worker", User: true, All: true, Deps: []*engine.Node{db, older}, Dropper: dropper(nothing)})
		api := add(t, &g, "api", nothing, worker)
		if !g.Leave(worker, keep) {
			t.Fatal("it is in no run")
		}
		var in *engine.InUseError
		if _, err := g.Drop(t.Context(), db, engine.Options{}); !errors.As(err, &in) || !slices.Equal(in.Dependents, []string{"older"}) {
			t.Errorf("the older one still depends on all: %v", err)
		}
		if _, err := g.Drop(t.Context(), older, engine.Options{}); err != nil {
			t.Error(err)
		}
		if _, err := g.Drop(t.Context(), db, engine.Options{}); err != nil {
			t.Error(err)
		}
		if g.Len() != 3 {
			t.Errorf("%d nodes: api depends on the one that has left", g.Len())
		}
		if _, err := g.Drop(t.Context(), api, engine.Options{}); err != nil {
			t.Error(err)
		}
		want := []string{"other"}
		if keep {
			want = []string{"other", "worker"}
		}
		if got := names(g.Nodes()); !slices.Equal(got, want) {
			t.Errorf("keep %v: left %q", keep, got)
		}
		if _, err := g.Drop(t.Context(), other, engine.Options{}); err != nil {
			t.Error(err)
		}
		if _, err := g.Drop(t.Context(), worker, engine.Options{}); keep != (err == nil) {
			t.Errorf("keep %v: %v", keep, err)
		}
	}
}

// A node in a run, and one whose graph is closed, does not leave.
func TestLeaveInRun(t *testing.T) {
	var g engine.Graph
	n := add(t, &g, "n", func(context.Context) error { return nil })
	m := add(t, &g, "m", nothing)
	_ = g.Claim(n)
	if g.Leave(n, false) {
		t.Error("a claimed node has left")
	}
	g.Teardown(t.Context(), engine.Options{})
	if g.Leave(m, false) {
		t.Error("a node has left a closed graph")
	}
}

// An edge that is taken back is none.
func TestUndepend(t *testing.T) {
	var g engine.Graph
	db := add(t, &g, "db", nothing)
	api := add(t, &g, "api", nothing, db)
	g.Undepend(api, db)
	g.Undepend(api, db)
	g.Undepend(db, api)
	if g.Reaches(api, db) {
		t.Error("api depends on db")
	}
	if _, err := g.Drop(t.Context(), db, engine.Options{}); err != nil {
		t.Error(err)
	}
}

// What an early run has not come to when the teardown begins, the teardown takes
// over, in its own time: the early run does not drop it behind its back. What the
// early drop was at, the teardown waits for, and gives up.
//
//	api -> cache -> db
func TestTakenOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var g engine.Graph
		release := make(chan struct{})
		db := add(t, &g, "db", nothing)
		cache := add(t, &g, "cache", nothing, db)
		_ = add(t, &g, "api", hangs(release), cache)
		early := make(chan []engine.Outcome, 1)
		go func() {
			out, _ := g.DropTree(t.Context(), db, engine.Options{})
			early <- out
		}()
		synctest.Wait()
		start := time.Now()
		out := g.Teardown(t.Context(), with(withTimeout(10*time.Second)))
		if got := words(out); !slices.Equal(got, []string{"api:abandoned", "cache:ok", "db:ok"}) || time.Since(start) != 11*time.Second {
			t.Errorf("%v after %v", got, time.Since(start))
		}
		close(release)
		if got := words(<-early); !slices.Equal(got, []string{"api:ok"}) {
			t.Errorf("the early run: %v", got)
		}
	})
}

// A node whose own early drop runs can come to depend on another, which is then in
// use.
func TestDependWhileDropped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var g engine.Graph
		release := make(chan struct{})
		worker := add(t, &g, "worker", hangs(release))
		db := add(t, &g, "db", nothing)
		go func() { _, _ = g.Drop(t.Context(), worker, engine.Options{}) }()
		synctest.Wait()
		if err := g.Depend(worker, db); err != nil {
			t.Error(err)
		}
		var in *engine.InUseError
		if _, err := g.Drop(t.Context(), db, engine.Options{}); !errors.As(err, &in) {
			t.Error(err)
		}
		close(release)
		synctest.Wait()
		if _, err := g.Drop(t.Context(), db, engine.Options{}); err != nil {
			t.Error(err)
		}
	})
}
