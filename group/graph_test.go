package group_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ebb-go/ebb/group"
	"github.com/ebb-go/ebb/internal/schedule"
)

// What cannot be depended on, dropped or removed is refused with the same error by
// every method, and nothing of the refused call stays behind.
func TestRefusals(t *testing.T) {
	var g, other group.Graph
	alien := add(t, &other, "alien", nothing)
	db := add(t, &g, "db", nothing)
	removed := add(t, &g, "removed", nothing)
	if err := g.Remove(removed); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		rule string
		node *group.Node
		want error
	}{
		{"a node of another graph", alien, group.ErrForeign},
		{"no node", nil, group.ErrForeign},
		{"a removed node", removed, group.ErrGone},
	} {
		_, add := g.Add("api", nothing, db, c.node)
		_, drop := g.Drop(t.Context(), c.node)
		_, tree := g.DropTree(t.Context(), c.node)
		for call, err := range map[string]error{
			"Add": add, "Drop": drop, "DropTree": tree, "Remove": g.Remove(c.node),
			"Depend on": g.Depend(db, c.node), "Depend of": g.Depend(c.node, db),
		} {
			if !errors.Is(err, c.want) {
				t.Errorf("%s %s: got %v, want %v", call, c.rule, err, c.want)
			}
		}
	}
	if err := g.Remove(db); err != nil {
		t.Errorf("db is in use: %v", err)
	}
}

// A closed graph takes nothing, and still shows what was in it.
func TestClosedGraph(t *testing.T) {
	var g group.Graph
	db := add(t, &g, "db", nothing)
	api := add(t, &g, "api", nothing, db)
	g.Teardown(t.Context())
	if _, err := g.Add("late", nothing); !errors.Is(err, group.ErrClosed) {
		t.Errorf("Add: %v", err)
	}
	if err := g.Depend(db, api); !errors.Is(err, group.ErrClosed) {
		t.Errorf("Depend: %v", err)
	}
	if err := g.Remove(api); !errors.Is(err, group.ErrGone) {
		t.Errorf("Remove: %v", err)
	}
	if out := g.Teardown(t.Context()); out != nil {
		t.Errorf("a second Teardown has outcomes %v", words(out))
	}
	if !slices.Equal(g.Nodes(), []*group.Node{db, api}) || len(g.Waves()) != 2 || g.Waves()[1][0] != db {
		t.Errorf("a closed graph shows %v and %v", g.Nodes(), g.Waves())
	}
}

func TestNilDropPanics(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("no panic")
		}
	}()
	new(group.Graph).Add("db", nil)
}

// api -> cache -> db: the errors of every method that refuses are the types of this
// package.
func TestErrorTypes(t *testing.T) {
	var g group.Graph
	db := add(t, &g, "db", nothing)
	cache := add(t, &g, "cache", nothing, db)
	api := add(t, &g, "api", nothing, cache)
	var cycle *group.CycleError
	if err := g.Depend(db, api); !errors.As(err, &cycle) || !slices.Equal(cycle.Path, []string{"db", "api", "cache", "db"}) {
		t.Errorf("Depend: %v", err)
	}
	if got := cycle.Error(); got != "dependency cycle: db -> api -> cache -> db" || cycle.ErrorType() != "cycle" {
		t.Errorf("a cycle is %q of type %q", got, cycle.ErrorType())
	}
	_, drop := g.Drop(t.Context(), db)
	for call, err := range map[string]error{"Remove": g.Remove(db), "Drop": drop} {
		var inUse *group.InUseError
		if !errors.As(err, &inUse) || inUse.Guard != "db" || !slices.Equal(inUse.Dependents, []string{"cache"}) {
			t.Errorf("%s: %v", call, err)
			continue
		}
		if got := inUse.Error(); got != `"db" is in use by "cache"` || inUse.ErrorType() != "in_use" {
			t.Errorf("%s: %q of type %q", call, got, inUse.ErrorType())
		}
	}
}

// The schedules have the names and the order of those that reports know.
func TestSchedules(t *testing.T) {
	known := schedule.All()
	for i, s := range []group.Schedule{group.Waves, group.Eager, group.Sequential} {
		if i >= len(known) || s.String() != known[i].String() {
			t.Errorf("schedule %d is called %v, and %v in reports", i, s, known)
		}
	}
	if got := group.Schedule(len(known)).String(); got != "unknown" {
		t.Errorf("no schedule is called %q", got)
	}
}

// Two chains, a -> b and c -> d. Under every option the drops end when they should,
// in seconds.
func TestOptions(t *testing.T) {
	drops := []struct {
		name string
		took time.Duration
	}{{"b", time.Second / 2}, {"a", time.Second}, {"d", time.Second}, {"c", 2 * time.Second}}
	for _, c := range []struct {
		rule string
		opts []group.Option
		want string
	}{
		{"no option", nil, "a:ok@1 c:ok@2 b:ok@2.5 d:ok@3"},
		{"Waves", []group.Option{group.Order(group.Waves)}, "a:ok@1 c:ok@2 b:ok@2.5 d:ok@3"},
		{"Eager", []group.Option{group.Order(group.Eager)}, "a:ok@1 c:ok@2 b:ok@1.5 d:ok@3"},
		{"Sequential", []group.Option{group.Order(group.Sequential)}, "a:ok@4 c:ok@2 b:ok@4.5 d:ok@3"},
		{"no such schedule", []group.Option{group.Order(99)}, "a:ok@1 c:ok@2 b:ok@2.5 d:ok@3"},
		{"one at a time", []group.Option{group.Limit(1)}, "a:ok@1 c:ok@3 b:ok@3.5 d:ok@4.5"},
		{"the later of two limits", []group.Option{group.Limit(1), group.Limit(-1)}, "a:ok@1 c:ok@2 b:ok@2.5 d:ok@3"},
		{"a timeout", []group.Option{group.Timeout(1500 * time.Millisecond)}, "a:ok@1 c:abandoned@1.65 b:ok@2.15 d:ok@2.65"},
		{"no timeout", []group.Option{group.Timeout(time.Millisecond), group.Timeout(-1)}, "a:ok@1 c:ok@2 b:ok@2.5 d:ok@3"},
		{"no observer", []group.Option{group.Observe(nil)}, "a:ok@1 c:ok@2 b:ok@2.5 d:ok@3"},
	} {
		synctest.Test(t, func(t *testing.T) {
			var g group.Graph
			var last *group.Node
			for i, d := range drops {
				var deps []*group.Node
				if i%2 == 1 {
					deps = append(deps, last)
				}
				last = add(t, &g, d.name, sleeps(d.took), deps...)
			}
			start := time.Now()
			var ends []string
			for _, o := range g.Teardown(t.Context(), c.opts...) {
				ends = append(ends, fmt.Sprintf("%s:%s@%v", o.Node.Name(), o.Outcome, o.Ended.Sub(start).Seconds()))
			}
			if got := strings.Join(ends, " "); got != c.want {
				t.Errorf("%s:\n got %s\nwant %s", c.rule, got, c.want)
			}
		})
	}
}

// Every drop has a start and an end for the observer, an abandoned one a late end
// too, and each has its node.
func TestEvents(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var g group.Graph
		db := add(t, &g, "db", func(context.Context) error { return errDrop })
		add(t, &g, "api", sleeps(2*time.Second), db)
		start := time.Now()
		var mu sync.Mutex
		var events []string
		g.Teardown(t.Context(), group.Timeout(time.Second), group.Observe(func(e group.Event) {
			mu.Lock()
			defer mu.Unlock()
			events = append(events, fmt.Sprintf("%v %s in wave %d at %v: %q %v",
				e.Kind, e.Node.Name(), e.Wave, e.At.Sub(start), e.Outcome, e.Err))
		}))
		synctest.Wait()
		time.Sleep(time.Second) // api returns
		synctest.Wait()
		want := []string{
			`drop start api in wave 0 at 0s: "" <nil>`,
			`drop end api in wave 0 at 1.1s: "abandoned" drop was abandoned`,
			`drop start db in wave 1 at 1.1s: "" <nil>`,
			`drop end db in wave 1 at 1.1s: "error" drop failed`,
			`drop late api in wave 0 at 2s: "ok" <nil>`,
		}
		if !slices.Equal(events, want) {
			t.Errorf("got %s", strings.Join(events, "\n"))
		}
	})
}

// An observer that panics ends no drop; the method that began the run panics.
func TestObserverThatPanics(t *testing.T) {
	var g group.Graph
	dropped := 0
	for range 3 {
		add(t, &g, "db", func(context.Context) error { dropped++; return nil })
	}
	defer func() {
		p, ok := recover().(*group.PanicError)
		if !ok || p.Value != "observer" || len(p.Stack) == 0 || dropped != 3 {
			t.Errorf("panic %v after %d drops", p, dropped)
		}
	}()
	g.Teardown(t.Context(), group.Limit(1), group.Observe(func(group.Event) { panic("observer") }))
}

// A drop before the teardown takes the node out of the graph, and a tree all that
// depends on it too.
func TestEarlyDrops(t *testing.T) {
	var g group.Graph
	log := add(t, &g, "log", nothing)
	db := add(t, &g, "db", nothing, log)
	add(t, &g, "cache", func(context.Context) error { return errDrop }, db)
	api := add(t, &g, "api", nothing, db)
	out, err := g.Drop(t.Context(), api)
	if err != nil || words(out) != "api:ok" {
		t.Errorf("Drop: %s, %v", words(out), err)
	}
	out, err = g.DropTree(t.Context(), db)
	if err != nil || words(out) != "cache:error db:ok" || out[0].Err != errDrop {
		t.Errorf("DropTree: %s, %v", words(out), err)
	}
	if out := g.Teardown(t.Context()); words(out) != "log:ok" {
		t.Errorf("Teardown: %s", words(out))
	}
}

// What an abandoned node with Hold depends on is skipped.
func TestHold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var g group.Graph
		db := add(t, &g, "db", nothing)
		api := add(t, &g, "api", sleeps(time.Hour), db)
		api.Hold()
		out := g.Teardown(t.Context(), group.Timeout(time.Second))
		if words(out) != "api:abandoned db:skipped" || !errors.Is(out[1].Err, group.ErrAbandoned) {
			t.Errorf("%s: %v", words(out), out[1].Err)
		}
		time.Sleep(time.Hour)
	})
}
