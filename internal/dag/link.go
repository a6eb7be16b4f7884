package dag

// An edge in the picture is one between nodes: the edges of all vertices in a fold are
// the edges of the fold. The beginnings of a list that one node has in common lead to
// the same nodes as the longest of them, so a list costs its length and the edges that
// are drawn, however many vertices depend on it.

// degrees counts the edges of each name.
func (e *Edges) degrees(vertices []Vertex) map[string]int {
	degree := make(map[string]int)
	ends := make([][]int, len(e.Lists)) // how many beginnings end before a position
	for k, list := range e.Lists {
		ends[k] = make([]int, len(list)+1)
	}
	for i := range vertices {
		degree[vertices[i].Name] += len(vertices[i].To)
		for _, d := range e.Of[i].Own {
			degree[d]++
		}
		if k := e.Of[i].List; k >= 0 {
			ends[k][e.Of[i].First]++
		}
	}
	for k, list := range e.Lists {
		over := 0 // beginnings that reach beyond p
		for p := len(list) - 1; p >= 0; p-- {
			over += ends[k][p+1]
			degree[list[p]] += over
		}
	}
	return degree
}

// link adds the edges. Those to names that are not in the graph, and those inside
// a fold of several waves, have no place in the picture. Of the vertices of one
// node that have beginnings of one list, the longest has the edges of all.
func (g *Graph) link(vertices []Vertex, e *Edges, at map[string]int) {
	add := func(from, to int) {
		if g.Nodes[to].Column > g.Nodes[from].Column {
			g.Nodes[from].To = append(g.Nodes[from].To, to)
		}
	}
	longest := make([]map[int]int, len(e.Lists)) // of each list, the longest beginning of a node
	for k := range longest {
		longest[k] = make(map[int]int)
	}
	for i := range vertices {
		from := at[vertices[i].Name]
		for _, name := range e.Of[i].Own {
			if to, ok := at[name]; ok {
				add(from, to)
			}
		}
		if k := e.Of[i].List; k >= 0 {
			longest[k][from] = max(longest[k][from], e.Of[i].First)
		}
	}
	for k, list := range e.Lists {
		seen := make(map[int]bool)
		var to, begins []int // the nodes of the list, and where each is first
		for p, name := range list {
			if n, ok := at[name]; ok && !seen[n] {
				seen[n] = true
				to, begins = append(to, n), append(begins, p)
			}
		}
		for from, first := range longest[k] {
			for i := range to {
				if begins[i] >= first {
					break
				}
				add(from, to[i])
			}
		}
	}
}
