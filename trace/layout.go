package trace

import (
	"cmp"
	"slices"
)

// The picture of a graph is a layered drawing in the manner of Sugiyama. The
// layers, here columns, are given by the waves. What is left is to order each
// column so that few edges cross, and to place its nodes so that edges are
// straight.
//
// An edge that passes over columns takes a slot of its own in each, so that it
// does not run under a node. All edges to one node share these slots: they run
// together as soon as they can, like the lines of a railway map. No edge is
// ambiguous by that, as all that join lead to the same node.

// Sizes in pixels.
const (
	nodeHeight = 24
	tallNode   = 38 // with an outcome below its name
	nodeGap    = 10
	passHeight = 4    // of an edge that passes
	cellWidth  = 7.25 // of a letter in a font of 12
	smallCell  = 6.65 // and of 11
)

// slot is a place in a column: of a node, or of the edges to one that pass.
type slot struct {
	node        int // that stands here, -1 for edges that pass
	target      int // where the edges lead, for those that pass
	column      int
	height      float64
	y           float64 // its middle
	left, right []int   // slots in the columns beside that it is joined to
}

// drawing is a dag with a place for everything.
type drawing struct {
	*dag
	slots         []slot
	order         [][]int   // slots of each column from top to bottom
	pass          [][]int   // for each node, the slots its incoming edges pass, from its column leftward
	x, w          []float64 // left side and width of each column
	width, height float64
}

// layout places the nodes of g. Its result depends on nothing but g.
func (g *dag) layout() *drawing {
	d := &drawing{dag: g, order: make([][]int, len(g.columns)), pass: make([][]int, len(g.nodes))}
	for i := range g.nodes {
		height := float64(nodeHeight)
		if g.nodes[i].subtitle() != "" {
			height = tallNode
		}
		d.addSlot(slot{node: i, column: g.nodes[i].column, height: height})
	}
	for i := range g.nodes {
		for _, to := range g.nodes[i].to {
			d.join(i, to)
		}
	}
	for i := range d.slots {
		slices.Sort(d.slots[i].right)
		d.slots[i].right = slices.Compact(d.slots[i].right)
		for _, r := range d.slots[i].right {
			d.slots[r].left = append(d.slots[r].left, i)
		}
	}
	d.untangle()
	d.placeRows()
	d.placeColumns()
	return d
}

func (d *drawing) addSlot(s slot) int {
	d.slots = append(d.slots, s)
	d.order[s.column] = append(d.order[s.column], len(d.slots)-1)
	return len(d.slots) - 1
}

// join leads the edge from one node to another through the slots to the latter,
// adding those that are missing. The slot of a node has the node's number.
func (d *drawing) join(from, to int) {
	next := to
	for i, column := 0, d.nodes[to].column-1; column > d.nodes[from].column; i, column = i+1, column-1 {
		if i == len(d.pass[to]) {
			d.pass[to] = append(d.pass[to], d.addSlot(slot{node: -1, target: to, column: column, height: passHeight}))
		}
		s := d.pass[to][i]
		d.slots[s].right = append(d.slots[s].right, next)
		next = s
	}
	d.slots[from].right = append(d.slots[from].right, next)
}

// untangle orders the columns: sweeps to and fro that sort each by the average
// position of its neighbours in the one before, then swaps of neighbours as
// long as they help. The best order seen is kept, the first of equal ones.
func (d *drawing) untangle() {
	const sweeps = 12
	best, fewest := cloneOrder(d.order), d.crossings()
	for sweep := 0; sweep < sweeps && fewest > 0; sweep++ {
		d.sweep(sweep%2 == 0)
		d.swap()
		if n := d.crossings(); n < fewest {
			best, fewest = cloneOrder(d.order), n
		}
	}
	d.order = best
}

func cloneOrder(order [][]int) [][]int {
	c := make([][]int, len(order))
	for i := range order {
		c[i] = slices.Clone(order[i])
	}
	return c
}

func (d *drawing) sweep(rightward bool) {
	at := d.positions()
	center := make([]float64, len(d.slots))
	for k := range d.order {
		column := d.order[k]
		if !rightward {
			column = d.order[len(d.order)-1-k]
		}
		for _, s := range column {
			neighbours := d.slots[s].left
			if !rightward {
				neighbours = d.slots[s].right
			}
			center[s] = float64(at[s])
			if len(neighbours) > 0 {
				sum := 0
				for _, n := range neighbours {
					sum += at[n]
				}
				center[s] = float64(sum) / float64(len(neighbours))
			}
		}
		slices.SortStableFunc(column, func(a, b int) int { return cmp.Compare(center[a], center[b]) })
		for i, s := range column {
			at[s] = i
		}
	}
}

// swap exchanges neighbours in a column where that takes crossings away.
func (d *drawing) swap() {
	const passes = 4
	at := d.positions()
	for range passes {
		better := false
		for _, column := range d.order {
			for i := range len(column) - 1 {
				a, b := &d.slots[column[i]], &d.slots[column[i+1]]
				now := crossing(a.left, b.left, at) + crossing(a.right, b.right, at)
				then := crossing(b.left, a.left, at) + crossing(b.right, a.right, at)
				if then < now {
					column[i], column[i+1] = column[i+1], column[i]
					at[column[i]], at[column[i+1]] = i, i+1
					better = true
				}
			}
		}
		if !better {
			return
		}
	}
}

// crossing counts the pairs of edges that cross when a's stand above b's.
func crossing(a, b []int, at []int) int {
	n := 0
	for _, x := range a {
		for _, y := range b {
			if at[x] > at[y] {
				n++
			}
		}
	}
	return n
}

func (d *drawing) positions() []int {
	at := make([]int, len(d.slots))
	for _, column := range d.order {
		for i, s := range column {
			at[s] = i
		}
	}
	return at
}

// crossings counts all pairs of edges that cross: the inversions among the
// right ends when the edges of a column are taken in the order of their left
// ends, by a Fenwick tree.
func (d *drawing) crossings() int {
	at, total := d.positions(), 0
	for k := range len(d.order) - 1 {
		size := len(d.order[k+1])
		tree, seen := make([]int, size+1), 0
		for _, s := range d.order[k] {
			for _, r := range d.slots[s].right {
				notAbove := 0
				for i := at[r] + 1; i > 0; i -= i & -i {
					notAbove += tree[i]
				}
				total += seen - notAbove
			}
			for _, r := range d.slots[s].right {
				for i := at[r] + 1; i <= size; i += i & -i {
					tree[i]++
				}
				seen++
			}
		}
	}
	return total
}
