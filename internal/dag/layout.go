package dag

import (
	"math"
	"slices"
)

// The picture of a graph is a layered drawing in the manner of Sugiyama. The
// layers, here columns, are given. What is left is to order each column so that few
// edges cross, and to place its nodes so that edges are straight.
//
// An edge that passes over columns takes a slot of its own in each, so that it
// does not run under a node. All edges to one node share these slots: they run
// together as soon as they can, like the lines of a railway map. No edge becomes
// ambiguous by that, as all that join lead to the same node.

// Sizes, in the unit of the caller's.
const (
	nodeGap    = 10
	passHeight = 4 // of edges that pass
	passGap    = 6 // between edges that pass, which may run closer than nodes stand
)

// A Slot is a place in a column: of a node, or of the edges to one that pass.
type Slot struct {
	Node        int // that stands here, -1 for edges that pass
	Column      int
	Height      float64
	Y           float64 // its middle
	Left, Right []int   // slots in the columns beside that it is joined to
}

// A Drawing is a graph with a place for everything. The slot of a node has the node's
// number; those of edges that pass come after.
type Drawing struct {
	*Graph
	Slots         []Slot
	Pass          [][]int   // for each node, the slots that its incoming edges pass, from its column leftward
	X, W          []float64 // left side and width of each column
	Width, Height float64

	order [][]int // slots of each column from top to bottom
}

// Layout places the nodes of g. size returns the width and the height of a node, and
// head the width of what stands above a column. The result depends on nothing but g
// and these.
func (g *Graph) Layout(size func(node int) (w, h float64), head func(column int) float64) *Drawing {
	d := &Drawing{
		Graph: g, order: make([][]int, len(g.Columns)), Pass: make([][]int, len(g.Nodes)),
		X: make([]float64, len(g.Columns)), W: make([]float64, len(g.Columns)),
	}
	for k := range g.Columns {
		d.W[k] = head(k)
	}
	for i := range g.Nodes {
		k := g.Nodes[i].Column
		w, h := size(i)
		d.W[k] = max(d.W[k], w)
		d.addSlot(Slot{Node: i, Column: k, Height: h})
	}
	for i := range g.Nodes {
		for _, to := range g.Nodes[i].To {
			d.join(i, to)
		}
	}
	for i := range d.Slots {
		slices.Sort(d.Slots[i].Right)
		d.Slots[i].Right = slices.Compact(d.Slots[i].Right)
		for _, r := range d.Slots[i].Right {
			d.Slots[r].Left = append(d.Slots[r].Left, i)
		}
	}
	d.untangle()
	d.placeRows()
	d.placeColumns()
	return d
}

// addSlot puts a slot at the end of its column, and returns its number.
func (d *Drawing) addSlot(s Slot) int {
	d.Slots = append(d.Slots, s)
	d.order[s.Column] = append(d.order[s.Column], len(d.Slots)-1)
	return len(d.Slots) - 1
}

// join leads the edge from one node to another through the slots to the latter,
// adding those that are missing.
func (d *Drawing) join(from, to int) {
	next := to
	for i, column := 0, d.Nodes[to].Column-1; column > d.Nodes[from].Column; i, column = i+1, column-1 {
		if i == len(d.Pass[to]) {
			d.Pass[to] = append(d.Pass[to], d.addSlot(Slot{Node: -1, Column: column, Height: passHeight}))
		}
		s := d.Pass[to][i]
		d.Slots[s].Right = append(d.Slots[s].Right, next)
		next = s
	}
	d.Slots[from].Right = append(d.Slots[from].Right, next)
}

// placeColumns puts the columns side by side, each as wide as its widest node, with
// room for the edges between two.
func (d *Drawing) placeColumns() {
	x := 0.0
	for k := range d.Columns {
		segments := 0
		for _, s := range d.order[k] {
			segments += len(d.Slots[s].Right)
		}
		d.X[k], d.W[k] = x, math.Ceil(d.W[k])
		x += d.W[k]
		if k+1 < len(d.Columns) {
			x += min(64, 30+1.5*float64(segments))
		}
	}
	d.Width = x
}
