package trace

// fenwick is a tree over positions 0 to n-1 that knows the best of the values at
// the positions before one, in logarithmic time. Values are numbers of something,
// -1 for none.
type fenwick struct {
	tree   []int
	better func(a, b int) bool
}

// newFenwick returns a tree over n positions that have no value yet. better must be
// an order, and must not change for values that are in the tree.
func newFenwick(n int, better func(a, b int) bool) *fenwick {
	f := &fenwick{make([]int, n+1), better}
	for i := range f.tree {
		f.tree[i] = -1
	}
	return f
}

// put gives a position a value; the better of two stays. Positions count from 0, and
// the tree, as is usual, from 1.
func (f *fenwick) put(at, value int) {
	for at++; at < len(f.tree); at += at & -at {
		if f.tree[at] < 0 || f.better(value, f.tree[at]) {
			f.tree[at] = value
		}
	}
}

// best returns the best value before a position, -1 for none.
func (f *fenwick) best(before int) int {
	best := -1
	for ; before > 0; before -= before & -before {
		if v := f.tree[before]; v >= 0 && (best < 0 || f.better(v, best)) {
			best = v
		}
	}
	return best
}
