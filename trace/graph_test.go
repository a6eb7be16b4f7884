package trace_test

import (
	"reflect"
	"testing"

	"github.com/ebb-go/ebb/trace"
)

// The picture of a graph is no bigger than a page has room for, and stands for every
// entry. How it is laid out is tested in package dag.
func TestGraphStandsForAll(t *testing.T) {
	for name, r := range samples() {
		boxes, _, _ := trace.Layout(r, 16, 24)
		columns, inColumn := 0, make(map[int]int)
		for _, b := range boxes {
			inColumn[b.Column]++
			columns = max(columns, b.Column+1)
			if inColumn[b.Column] > 24 || columns > 16 {
				t.Fatalf("%s: %d columns, and %d nodes in column %d", name, columns, inColumn[b.Column], b.Column)
			}
		}
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

// In the fold of many waves only what went wrong has a node of its own.
func TestGraphFoldsWaves(t *testing.T) {
	r := chain(1_000)
	r.Entries[500].Outcome = "panic"
	boxes, _, _ := trace.Layout(r, 16, 24)
	if len(boxes) != 17 {
		t.Fatalf("%d nodes, want 15 of their own waves, the panic and the fold", len(boxes))
	}
	if boxes[7].Name != "link-00500" || boxes[8].Folded != 984 || boxes[8].Name != "+ 984 more" {
		t.Errorf("got %+v and %+v", boxes[7], boxes[8])
	}
}
