package engine_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ebb-go/ebb/internal/engine"
)

// An early Drop is refused while the node is in use, and takes it out of the
// graph once it has ended.
func TestDrop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var g engine.Graph
		db := add(t, &g, "db", nothing)
		api := add(t, &g, "api", sleeps(time.Second), db)
		var inUse *engine.InUseError
		if _, err := g.Drop(t.Context(), db, engine.Options{}); !errors.As(err, &inUse) {
			t.Errorf("Drop in use: %v", err)
		}
		dropped := make(chan []engine.Outcome)
		go func() {
			out, err := g.Drop(t.Context(), api, engine.Options{})
			if err != nil {
				t.Error(err)
			}
			dropped <- out
		}()
		synctest.Wait()
		if _, err := g.Drop(t.Context(), api, engine.Options{}); err != engine.ErrGone {
			t.Errorf("a second Drop: %v", err)
		}
		if err := g.Remove(api); err != engine.ErrGone {
			t.Errorf("Remove while it is dropped: %v", err)
		}
		if _, err := g.Drop(t.Context(), db, engine.Options{}); !errors.As(err, &inUse) {
			t.Errorf("Drop of what a running drop depends on: %v", err)
		}
		if got := words(<-dropped); !slices.Equal(got, []string{"api:ok"}) {
			t.Errorf("outcomes %v", got)
		}
		if out, err := g.Drop(t.Context(), db, engine.Options{}); err != nil || len(out) != 1 || g.Len() != 0 {
			t.Errorf("Drop of what is free: %v, %v", out, err)
		}
	})
}

// An abandoned node leaves the graph as well.
func TestDropAbandoned(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		defer close(release)
		var g engine.Graph
		db := add(t, &g, "db", nothing)
		api := add(t, &g, "api", hangs(release), db)
		out, err := g.Drop(t.Context(), api, with(withTimeout(time.Second)))
		if err != nil || out[0].Outcome.String() != "abandoned" {
			t.Fatalf("%v, %v", words(out), err)
		}
		if err := g.Remove(db); err != nil {
			t.Errorf("what it depended on: %v", err)
		}
	})
}

// DropTree drops a node's dependents first, and nothing else. On random graphs
// it is what the model reaches.
func TestDropTree(t *testing.T) {
	for seed := range uint64(150) {
		m := newModel(t, seed, 40)
		root := m.random.IntN(len(m.nodes))
		var want []string
		for i := range m.nodes {
			if m.reaches(i, root) {
				want = append(want, fmt.Sprint(i))
			}
		}
		out, err := m.graph.DropTree(t.Context(), m.nodes[root], engine.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if last := out[len(out)-1]; last.Node != m.nodes[root] {
			t.Fatalf("the last outcome is that of %s, not of the root %d", last.Node.Name(), root)
		}
		var got []int
		for _, o := range out {
			got = append(got, m.index[o.Node])
		}
		slices.Sort(got)
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Fatalf("tree of %d: got %v, want %v", root, got, want)
		}
		if len(m.broken) > 0 {
			t.Fatal(m.broken)
		}
		rest := m.graph.Teardown(t.Context(), engine.Options{})
		if len(rest)+len(out) != len(m.nodes) || len(m.order) != len(m.nodes) || len(m.broken) > 0 {
			t.Fatalf("%d of the tree, %d of the rest, of %d; %v", len(out), len(rest), len(m.nodes), m.broken)
		}
	}
}

// A Teardown or DropTree that comes to a node that is being dropped waits for
// it, and does not drop it again.
//
//	api -> cache -> db
func TestOverlappingRuns(t *testing.T) {
	for _, early := range []string{"drop", "tree"} {
		t.Run(early, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var g engine.Graph
				calls := 0
				slow := func(context.Context) error {
					calls++
					time.Sleep(3 * time.Second)
					return errDrop
				}
				db := add(t, &g, "db", nothing)
				cache := add(t, &g, "cache", nothing, db)
				api := add(t, &g, "api", slow, cache)
				first, second := make(chan []engine.Outcome, 1), make(chan []engine.Outcome, 1)
				go func() {
					out, _ := g.DropTree(t.Context(), api, engine.Options{})
					first <- out
				}()
				synctest.Wait()
				if early == "tree" {
					go func() {
						out, _ := g.DropTree(t.Context(), cache, engine.Options{})
						second <- out
					}()
					synctest.Wait()
				}
				start := time.Now()
				out := g.Teardown(t.Context(), engine.Options{})
				if got := time.Since(start); got != 3*time.Second {
					t.Errorf("Teardown took %v", got)
				}
				if got := words(out); !slices.Equal(got, []string{"api:ok", "cache:ok", "db:ok"}) {
					t.Errorf("outcomes %v", got)
				}
				if got := words(<-first); !slices.Equal(got, []string{"api:error"}) {
					t.Errorf("the early drop: %v", got)
				}
				if early == "tree" { // cache had not begun: the teardown took it over
					if got := words(<-second); !slices.Equal(got, []string{"api:ok"}) {
						t.Errorf("the early tree: %v", got)
					}
				}
				if calls != 1 {
					t.Errorf("api was dropped %d times", calls)
				}
			})
		})
	}
}

// canceled is a drop that hangs and notes with what it was canceled.
type canceled struct {
	release <-chan struct{}
	cause   chan error // room for one
}

func (c *canceled) Drop(context.Context) error { <-c.release; return nil }
func (c *canceled) CancelDrop(cause error)     { c.cause <- cause }

// A second run gives up on a node with its own budget: it cancels the drop that
// still runs, and abandons it.
func TestOverlappingRunIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		var g engine.Graph
		api, drop := new(engine.Node), &canceled{release: release, cause: make(chan error, 1)}
		if err := g.Insert(api, engine.Spec{Name: "api", Dropper: drop}); err != nil {
			t.Fatal(err)
		}
		go g.Drop(context.Background(), api, engine.Options{})
		synctest.Wait()
		start := time.Now()
		out := g.Teardown(t.Context(), with(withTimeout(time.Second)))
		if out[0].Outcome.String() != "abandoned" || time.Since(start) != 1100*time.Millisecond {
			t.Errorf("%s after %v", out[0].Outcome, time.Since(start))
		}
		var timeout *engine.TimeoutError
		if cause := <-drop.cause; !errors.As(cause, &timeout) {
			t.Errorf("canceled with %v", cause)
		}
		close(release)
	})
}

// A second run that gives up on a node does not end it: the first one still has
// it, and a third still waits.
func TestThirdRunWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var g engine.Graph
		db := add(t, &g, "db", nothing)
		api := add(t, &g, "api", sleeps(time.Minute), db)
		go g.Drop(context.Background(), api, engine.Options{})
		synctest.Wait()
		start := time.Now()
		if out, err := g.DropTree(t.Context(), db, with(withTimeout(time.Second))); err != nil || out[1].Outcome.String() != "ok" {
			t.Errorf("the tree: %v, %v", words(out), err)
		}
		out := g.Teardown(t.Context(), engine.Options{})
		if got := time.Since(start); got != time.Minute || len(out) != 1 {
			t.Errorf("Teardown ended after %v with %v", got, words(out))
		}
	})
}

// A claimed node is dropped by the run that comes to it.
func TestTreeOfClaimed(t *testing.T) {
	var g engine.Graph
	db := add(t, &g, "db", nothing)
	api := add(t, &g, "api", nothing, db)
	if err := g.Claim(api); err != nil {
		t.Fatal(err)
	}
	out, err := g.DropTree(t.Context(), db, engine.Options{})
	if got := words(out); err != nil || !slices.Equal(got, []string{"api:ok", "db:ok"}) {
		t.Errorf("got %v, %v", got, err)
	}
	if err := g.Remove(api); err != engine.ErrGone {
		t.Errorf("the claimant's Remove: %v", err)
	}
}
