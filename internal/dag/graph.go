package dag

import (
	"cmp"
	"slices"
)

// A Vertex is one node of a graph as its owner knows it.
type Vertex struct {
	Name  string
	Layer int
	To    []string // names that edges lead to, in later layers; others are left out
	Rank  int      // how much it matters: see [New]
	Size  int64    // which of two matters more that have the same rank and number of edges
}

// Stay is the rank of what keeps a node of its own wherever there is room for one.
const Stay = 2

// A Graph is made small enough to be drawn. Columns are layers; every edge runs from
// a column to a later one.
type Graph struct {
	Nodes   []Node // by column
	Columns []Column
	Implied int // edges that [Graph.Reduce] has left out
}

// A Column is one layer, or several that are folded.
type Column struct{ First, Last int } // numbers of layers

// A Node stands for one vertex or, as a fold, for those of its column that have no
// node of their own.
type Node struct {
	Of     []int // the vertices, by their place in what New was given
	Fold   bool
	Column int
	To     []int // nodes that edges lead to, ascending
}

// New makes a graph of at most maxColumns columns of at most maxRows nodes. Of a
// bigger layer the vertices with the highest rank, then those with the most edges,
// then the biggest stay, and the rest is one node. Where there are too many layers,
// those in the middle are one column, in which only vertices of the rank [Stay] stay.
//
// The result depends on nothing but the arguments: vertices that matter the same stay
// in the order in which they are given.
func New(vertices []Vertex, maxColumns, maxRows int) *Graph {
	order := make([]int, len(vertices)) // by layer
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(vertices[a].Layer, vertices[b].Layer) })
	g := &Graph{}
	column := g.assignColumns(vertices, order, maxColumns)
	e := EdgesOf(len(vertices), func(i int) []string { return vertices[i].To })
	degree := e.degrees(vertices)
	at := make(map[string]int, len(vertices)) // vertex to node
	for from := 0; from < len(order); {
		to := from + 1
		for to < len(order) && column[to] == column[from] {
			to++
		}
		g.addColumn(vertices, order[from:to], column[from], maxRows, degree, at)
		from = to
	}
	g.link(vertices, &e, at)
	for i := range g.Nodes {
		slices.Sort(g.Nodes[i].To)
		g.Nodes[i].To = slices.Compact(g.Nodes[i].To)
	}
	return g
}

// assignColumns numbers the layers that occur, and returns the column of each vertex
// in order.
func (g *Graph) assignColumns(vertices []Vertex, order []int, maxColumns int) []int {
	var layers []int
	for _, i := range order {
		if n := len(layers); n == 0 || vertices[i].Layer != layers[n-1] {
			layers = append(layers, vertices[i].Layer)
		}
	}
	head, tail := len(layers), 0 // columns before and after the fold
	if len(layers) > maxColumns {
		tail = maxColumns / 2
		head = maxColumns - 1 - tail
	}
	for k, layer := range layers {
		switch {
		case k < head || k >= len(layers)-tail:
			g.Columns = append(g.Columns, Column{layer, layer})
		case k == head:
			g.Columns = append(g.Columns, Column{layer, layers[len(layers)-tail-1]})
		}
	}
	column, k := make([]int, len(order)), -1
	for n, i := range order {
		if n == 0 || vertices[i].Layer != vertices[order[n-1]].Layer {
			k++
		}
		switch {
		case k < head:
			column[n] = k
		case k >= len(layers)-tail:
			column[n] = k - (len(layers) - tail) + head + 1
		default:
			column[n] = head
		}
	}
	return column
}

// addColumn makes nodes of a column's vertices, which are in the order of their
// layers, and notes in at which node a name has.
func (g *Graph) addColumn(vertices []Vertex, in []int, column, maxRows int, degree, at map[string]int) {
	keep := make([]int, len(in)) // positions in in
	for k := range keep {
		keep[k] = k
	}
	several := vertices[in[0]].Layer != vertices[in[len(in)-1]].Layer
	if len(keep) > maxRows || several {
		slices.SortStableFunc(keep, func(i, j int) int {
			a, b := &vertices[in[i]], &vertices[in[j]]
			return cmp.Or(cmp.Compare(b.Rank, a.Rank), cmp.Compare(degree[b.Name], degree[a.Name]), cmp.Compare(b.Size, a.Size))
		})
		keep = keep[:min(len(keep), maxRows-1)]
		if several {
			keep = slices.DeleteFunc(keep, func(k int) bool { return vertices[in[k]].Rank < Stay })
		}
		slices.Sort(keep)
	}
	for _, k := range keep {
		at[vertices[in[k]].Name] = len(g.Nodes)
		g.Nodes = append(g.Nodes, Node{Of: in[k : k+1 : k+1], Column: column})
	}
	if len(keep) == len(in) {
		return
	}
	fold := Node{Fold: true, Column: column}
	for k, i := range in {
		if _, kept := slices.BinarySearch(keep, k); !kept {
			at[vertices[i].Name] = len(g.Nodes)
			fold.Of = append(fold.Of, i)
		}
	}
	g.Nodes = append(g.Nodes, fold)
}

// Edges returns how many edges there are.
func (g *Graph) Edges() int {
	n := 0
	for i := range g.Nodes {
		n += len(g.Nodes[i].To)
	}
	return n
}
