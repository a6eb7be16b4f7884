package trace

// Daemons and children depend on all that their scope held when they were
// started: n of them on m guards have n times m edges. They are kept apart
// nowhere. Package scope gives such entries a DependsOn that is the beginning of
// one list of names, in the order of registration, so all of them together are as
// long as that list; and what goes through edges here goes through each list
// once. That two slices begin in the same place is seen by their first element.

// leastShared is how long the beginning of a list must be to be worth a list.
const leastShared = 16

// edges are the dependencies of some nodes, by name.
type edges struct {
	lists [][]string // each the longest of its beginnings
	of    []edge
	total int // how many edges there are
}

// edge is what one node depends on: names of its own, or the first names of a
// list.
type edge struct {
	own         []string
	list, first int // list is -1 without
}

// edgesOf finds the lists among the dependencies of n nodes.
func edgesOf(n int, deps func(i int) []string) edges {
	type seen struct {
		longest []string
		count   int
		list    int
	}
	begin := make(map[*string]*seen)
	for i := range n {
		d := deps(i)
		if len(d) < leastShared {
			continue
		}
		s := begin[&d[0]]
		if s == nil {
			s = &seen{list: -1}
			begin[&d[0]] = s
		}
		if s.count++; len(d) > len(s.longest) {
			s.longest = d
		}
	}
	e := edges{of: make([]edge, n)}
	for i := range n {
		d := deps(i)
		e.total += len(d)
		e.of[i] = edge{own: d, list: -1}
		if len(d) < leastShared {
			continue
		}
		s := begin[&d[0]]
		if s.count == 1 {
			continue
		}
		if s.list < 0 {
			s.list = len(e.lists)
			e.lists = append(e.lists, s.longest)
		}
		e.of[i] = edge{list: s.list, first: len(d)}
	}
	return e
}

// fenwick is a tree over positions 0 to n-1 that knows the best of the values at
// the positions before one, in logarithmic time. Values are numbers of something,
// -1 for none.
type fenwick struct {
	tree   []int
	better func(a, b int) bool
}

func newFenwick(n int, better func(a, b int) bool) *fenwick {
	f := &fenwick{make([]int, n+1), better}
	for i := range f.tree {
		f.tree[i] = -1
	}
	return f
}

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
