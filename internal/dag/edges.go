package dag

// Daemons and children of a scope depend on all that it held when they were
// started: n of them on m guards have n times m edges. Nothing keeps these one by
// one. Package scope gives all such nodes the beginnings of one list of names, in
// the order of registration, so that together they are as long as that list, and
// what visits edges visits each list once. Two slices that begin in the same place
// have the same first element: that is how the lists are found again.

// leastShared is how long the beginning of a list must be to be worth a list.
const leastShared = 16

// Edges are the edges of some nodes, by name.
type Edges struct {
	Lists [][]string // each the longest of its beginnings
	Of    []Edge     // of each node
	Total int        // how many edges there are
}

// Edge is where the edges of one node lead: to names of its own, or to the first
// names of a list.
type Edge struct {
	Own         []string
	List, First int // List is -1 without
}

// EdgesOf finds the lists among the edges of n nodes. It takes time in proportion to
// the names that are not in lists, and to the lists.
func EdgesOf(n int, deps func(i int) []string) Edges {
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
	e := Edges{Of: make([]Edge, n)}
	for i := range n {
		d := deps(i)
		e.Total += len(d)
		e.Of[i] = Edge{Own: d, List: -1}
		if len(d) < leastShared {
			continue
		}
		s := begin[&d[0]]
		if s.count == 1 {
			continue
		}
		if s.list < 0 {
			s.list = len(e.Lists)
			e.Lists = append(e.Lists, s.longest)
		}
		e.Of[i] = Edge{List: s.list, First: len(d)}
	}
	return e
}
