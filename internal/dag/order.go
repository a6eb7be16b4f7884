package dag

import (
	"cmp"
	"slices"
)

// untangle orders the columns: sweeps to and fro that sort each by the average
// position of its neighbours in the one before, then swaps of neighbours as
// long as they help. The best order seen is kept, the first of equal ones.
func (d *Drawing) untangle() {
	const sweeps = 12
	best, fewest := cloneOrder(d.order), d.Crossings()
	for sweep := 0; sweep < sweeps && fewest > 0; sweep++ {
		d.sweep(sweep%2 == 0)
		d.swap()
		if n := d.Crossings(); n < fewest {
			best, fewest = cloneOrder(d.order), n
		}
	}
	d.order = best
}

// cloneOrder copies an order, which sweeps change in place.
func cloneOrder(order [][]int) [][]int {
	c := make([][]int, len(order))
	for i := range order {
		c[i] = slices.Clone(order[i])
	}
	return c
}

// sweep sorts each column by the average position of its neighbours in the column
// before, going rightward or leftward. A slot without neighbours keeps its position
// as its wish; the sort is stable, so that the result is the same each time.
func (d *Drawing) sweep(rightward bool) {
	at := d.positions()
	center := make([]float64, len(d.Slots))
	for k := range d.order {
		column := d.order[k]
		if !rightward {
			column = d.order[len(d.order)-1-k]
		}
		for _, s := range column {
			neighbours := d.Slots[s].Left
			if !rightward {
				neighbours = d.Slots[s].Right
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
func (d *Drawing) swap() {
	const passes = 4
	at := d.positions()
	for range passes {
		better := false
		for _, column := range d.order {
			for i := range len(column) - 1 {
				a, b := &d.Slots[column[i]], &d.Slots[column[i+1]]
				now := crossing(a.Left, b.Left, at) + crossing(a.Right, b.Right, at)
				then := crossing(b.Left, a.Left, at) + crossing(b.Right, a.Right, at)
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

// positions returns where each slot stands in its column.
func (d *Drawing) positions() []int {
	at := make([]int, len(d.Slots))
	for _, column := range d.order {
		for i, s := range column {
			at[s] = i
		}
	}
	return at
}

// Crossings counts all pairs of edges that cross: the inversions among the
// right ends when the edges of a column are taken in the order of their left
// ends, by a Fenwick tree.
func (d *Drawing) Crossings() int {
	at, total := d.positions(), 0
	for k := range len(d.order) - 1 {
		size := len(d.order[k+1])
		tree, seen := make([]int, size+1), 0
		for _, s := range d.order[k] {
			for _, r := range d.Slots[s].Right {
				notAbove := 0
				for i := at[r] + 1; i > 0; i -= i & -i {
					notAbove += tree[i]
				}
				total += seen - notAbove
			}
			for _, r := range d.Slots[s].Right {
				for i := at[r] + 1; i <= size; i += i & -i {
					tree[i]++
				}
				seen++
			}
		}
	}
	return total
}
