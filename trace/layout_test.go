package trace_test

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"testing"
	"time"

	"github.com/ebb-go/ebb/trace"
)

func checkLayout(t *testing.T, what string, boxes []trace.Box, columns, rows int) {
	t.Helper()
	perColumn := make(map[int][]trace.Box)
	for _, b := range boxes {
		for _, other := range perColumn[b.Column] {
			if b.Y < other.Y+other.H && other.Y < b.Y+b.H {
				t.Errorf("%s: %q and %q overlap", what, b.Name, other.Name)
			}
		}
		perColumn[b.Column] = append(perColumn[b.Column], b)
		if b.X < 0 || b.Y < 0 || b.W <= 0 {
			t.Errorf("%s: %q is outside: %+v", what, b.Name, b)
		}
		for _, to := range b.To {
			if d := boxes[to]; d.Column <= b.Column || d.X < b.X+b.W+20 {
				t.Errorf("%s: no room for the arrow from %q to %q", what, b.Name, d.Name)
			}
		}
	}
	if len(perColumn) > columns {
		t.Errorf("%s: %d columns", what, len(perColumn))
	}
	for c, in := range perColumn {
		if len(in) > rows {
			t.Errorf("%s: %d nodes in column %d", what, len(in), c)
		}
	}
}

func TestLayout(t *testing.T) {
	for name, r := range samples() {
		boxes, _, _ := trace.Layout(r, 16, 24)
		checkLayout(t, name, boxes, 16, 24)
		n := 0
		for _, b := range boxes {
			n += max(1, b.Folded)
		}
		if n != len(r.Entries) {
			t.Errorf("%s: the picture stands for %d of %d entries", name, n, len(r.Entries))
		}
		again, _, _ := trace.Layout(r, 16, 24)
		if !reflect.DeepEqual(boxes, again) {
			t.Errorf("%s: another picture at the second time", name)
		}
	}
}

func TestLayoutOfRandomGraphs(t *testing.T) {
	for seed := range uint64(100) {
		drops := randomDrops(rand.New(rand.NewPCG(seed, 4)))
		boxes, _, _ := trace.Layout(simulate("waves", drops...), 8, 6)
		checkLayout(t, fmt.Sprint("seed ", seed), boxes, 8, 6)
	}
}

// A tree and a ladder can be drawn without a crossing, and are, whatever the
// order in which their nodes were registered.
//
//	r ─> a ─> d     a0 ──> b0 ──> c0
//	│    └──> e     a1 ──> b1 ──> c1
//	└──> b ─> f     ...
func TestLayoutUntangles(t *testing.T) {
	tree := simulate("waves",
		simDrop{name: "r", deps: []string{"b", "a"}},
		simDrop{name: "a", deps: []string{"d", "e"}}, simDrop{name: "b", deps: []string{"f"}},
		simDrop{name: "d"}, simDrop{name: "f"}, simDrop{name: "e"})
	var ladder []simDrop
	const n = 9
	for i := range n {
		ladder = append(ladder, simDrop{name: fmt.Sprint("a", i), deps: []string{fmt.Sprint("b", i)}})
	}
	for i := range n {
		k := i * 4 % n // another order than the a's
		ladder = append(ladder, simDrop{name: fmt.Sprint("b", k), deps: []string{fmt.Sprint("c", k)}})
	}
	for i := range n {
		ladder = append(ladder, simDrop{name: fmt.Sprint("c", i*2%n)})
	}
	for name, r := range map[string]*trace.Report{"tree": tree, "ladder": simulate("waves", ladder...)} {
		if _, crossings, _ := trace.Layout(r, 16, 24); crossings != 0 {
			t.Errorf("%s: %d crossings", name, crossings)
		}
	}
	boxes, _, _ := trace.Layout(simulate("waves", ladder...), 16, 24)
	for _, b := range boxes {
		for _, to := range b.To {
			if b.Y != boxes[to].Y {
				t.Errorf("the rung from %s to %s is not straight", b.Name, boxes[to].Name)
			}
		}
	}
}

// http depends on all three, as a daemon does; the arrow to cache says the rest.
//
//	http ─> cache ─> postgres ─> dns
func TestLayoutLeavesOutImpliedEdges(t *testing.T) {
	r := simulate("waves",
		simDrop{name: "http", deps: []string{"dns", "postgres", "cache"}},
		simDrop{name: "cache", deps: []string{"postgres", "dns"}},
		simDrop{name: "postgres", deps: []string{"dns"}},
		simDrop{name: "dns"})
	boxes, _, implied := trace.Layout(r, 16, 24)
	for i, b := range boxes[:3] {
		if len(b.To) != 1 || b.To[0] != i+1 {
			t.Errorf("%s: arrows to %v, want one to %s", b.Name, b.To, boxes[i+1].Name)
		}
	}
	if implied != 3 {
		t.Errorf("%d edges left out, want 3", implied)
	}
}

// In the fold of many waves only what went wrong has a node of its own.
func TestLayoutFoldsWaves(t *testing.T) {
	r := chain(1_000)
	r.Entries[500].Outcome = "panic"
	boxes, _, _ := trace.Layout(r, 16, 24)
	if len(boxes) != 17 {
		t.Fatalf("%d nodes, want 15 of their own waves, the panic and the fold", len(boxes))
	}
	if boxes[7].Name != "link-00500" || boxes[8].Folded != 984 {
		t.Errorf("got %+v and %+v", boxes[7], boxes[8])
	}
}

func TestNiceStep(t *testing.T) {
	for want, total := range map[time.Duration]time.Duration{
		100 * milli: 400 * milli, 200 * milli: 942 * milli, time.Second: 4350 * milli, 5 * time.Second: 20 * time.Second,
		20 * time.Microsecond: 100 * time.Microsecond, time.Minute: 4 * time.Minute, 10 * time.Minute: time.Hour, 3 * time.Hour: 14 * time.Hour, 1: 0,
	} {
		if got := trace.NiceStep(total, 500); got != want {
			t.Errorf("NiceStep(%v) = %v, want %v", total, got, want)
		}
	}
}
