package trace

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/ebb-go/ebb/internal/term"
)

// vertex is one node of a teardown's graph, as a report, a plan or a snapshot
// knows it.
type vertex struct {
	name, kind string
	state      string // an outcome, or a state of a snapshot; empty in a plan
	note       string // what a picture tells on hovering
	wave       int
	deps       []string
	critical   bool
	took       time.Duration
}

// dag is a graph made small enough to be drawn. Columns are waves; every edge
// runs from a column to a later one, from dependent to dependency.
type dag struct {
	nodes   []dagNode // by column
	columns []string  // their labels
	implied int       // edges left out because others imply them
}

type dagNode struct {
	vertex
	column int
	fold   int   // how many vertices it stands for, 0 for its own
	to     []int // dependencies, ascending
}

// newDAG folds a graph to at most maxColumns waves of at most maxRows nodes: in
// a bigger wave, those that went wrong, then the critical path, then those with
// the most edges stay, and the rest is one node. If there are too many waves,
// those in the middle are one column, in which only what went wrong stays.
func newDAG(vertices []vertex, maxColumns, maxRows int) *dag {
	vertices = slices.Clone(vertices)
	slices.SortStableFunc(vertices, func(a, b vertex) int { return cmp.Compare(a.wave, b.wave) })
	g := &dag{}
	column := g.assignColumns(vertices, maxColumns)
	e := edgesOf(len(vertices), func(i int) []string { return vertices[i].deps })
	degree := e.degrees(vertices)
	at := make(map[string]int, len(vertices)) // vertex to node
	for from := 0; from < len(vertices); {
		to := from + 1
		for to < len(vertices) && column[to] == column[from] {
			to++
		}
		g.addColumn(vertices[from:to], column[from], maxRows, degree, at)
		from = to
	}
	g.link(vertices, &e, at)
	for i := range g.nodes {
		slices.Sort(g.nodes[i].to)
		g.nodes[i].to = slices.Compact(g.nodes[i].to)
	}
	return g
}

// assignColumns numbers the waves that occur, and labels them.
func (g *dag) assignColumns(vertices []vertex, maxColumns int) []int {
	var waves []int
	for i, v := range vertices {
		if i == 0 || v.wave != vertices[i-1].wave {
			waves = append(waves, v.wave)
		}
	}
	head, tail := len(waves), 0 // columns before and after the fold
	if len(waves) > maxColumns {
		tail = maxColumns / 2
		head = maxColumns - 1 - tail
	}
	for i, wave := range waves {
		switch {
		case i < head || i >= len(waves)-tail:
			g.columns = append(g.columns, fmt.Sprintf("wave %d", wave))
		case i == head:
			g.columns = append(g.columns, fmt.Sprintf("waves %d–%d", wave, waves[len(waves)-tail-1]))
		}
	}
	column, k := make([]int, len(vertices)), -1
	for i, v := range vertices {
		if i == 0 || v.wave != vertices[i-1].wave {
			k++
		}
		switch {
		case k < head:
			column[i] = k
		case k >= len(waves)-tail:
			column[i] = k - (len(waves) - tail) + head + 1
		default:
			column[i] = head
		}
	}
	return column
}

// addColumn makes nodes of a column's vertices and notes in at which is which.
func (g *dag) addColumn(vertices []vertex, column, maxRows int, degree map[string]int, at map[string]int) {
	keep := make([]int, len(vertices))
	for i := range keep {
		keep[i] = i
	}
	several := vertices[0].wave != vertices[len(vertices)-1].wave
	if len(keep) > maxRows || several {
		weight := func(v *vertex) int {
			switch {
			case failed(v.state):
				return 2
			case v.critical:
				return 1
			}
			return 0
		}
		slices.SortStableFunc(keep, func(i, j int) int {
			a, b := &vertices[i], &vertices[j]
			return cmp.Or(cmp.Compare(weight(b), weight(a)), cmp.Compare(degree[b.name], degree[a.name]), cmp.Compare(b.took, a.took))
		})
		keep = keep[:min(len(keep), maxRows-1)]
		if several {
			keep = slices.DeleteFunc(keep, func(i int) bool { return !failed(vertices[i].state) })
		}
		slices.Sort(keep)
	}
	for _, i := range keep {
		at[vertices[i].name] = len(g.nodes)
		g.nodes = append(g.nodes, dagNode{vertex: vertices[i], column: column})
	}
	if len(keep) == len(vertices) {
		return
	}
	fold := dagNode{column: column, fold: len(vertices) - len(keep)}
	fold.wave = vertices[0].wave
	var rest row
	for i := range vertices {
		if _, kept := slices.BinarySearch(keep, i); kept {
			continue
		}
		v := &vertices[i]
		at[v.name] = len(g.nodes)
		fold.critical = fold.critical || v.critical
		rest.fold = append(rest.fold, &Entry{Outcome: v.state, Ended: time.Time{}.Add(v.took)})
	}
	fold.name = rest.label()
	if rest.fold[0].Outcome != "" {
		fold.note = rest.summary()
	}
	if failed(rest.worst()) {
		fold.state = rest.worst()
	}
	g.nodes = append(g.nodes, fold)
}

// degrees counts the edges of each name.
func (e *edges) degrees(vertices []vertex) map[string]int {
	degree := make(map[string]int)
	ends := make([][]int, len(e.lists)) // how many beginnings end before a position
	for k, list := range e.lists {
		ends[k] = make([]int, len(list)+1)
	}
	for i := range vertices {
		degree[vertices[i].name] += len(vertices[i].deps)
		for _, d := range e.of[i].own {
			degree[d]++
		}
		if k := e.of[i].list; k >= 0 {
			ends[k][e.of[i].first]++
		}
	}
	for k, list := range e.lists {
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
func (g *dag) link(vertices []vertex, e *edges, at map[string]int) {
	add := func(from, to int) {
		if g.nodes[to].column > g.nodes[from].column {
			g.nodes[from].to = append(g.nodes[from].to, to)
		}
	}
	longest := make([]map[int]int, len(e.lists)) // of each list, the longest beginning of a node
	for k := range longest {
		longest[k] = make(map[int]int)
	}
	for i := range vertices {
		from := at[vertices[i].name]
		for _, name := range e.of[i].own {
			if to, ok := at[name]; ok {
				add(from, to)
			}
		}
		if k := e.of[i].list; k >= 0 {
			longest[k][from] = max(longest[k][from], e.of[i].first)
		}
	}
	for k, list := range e.lists {
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

// reduce removes the edges that follow from others: a to c where a depends on b
// and b on c. A daemon depends on all its scope held, and its edges would cover
// all others. It counts them in implied.
func (g *dag) reduce() {
	words := (len(g.nodes) + 63) / 64
	reach := make([][]uint64, len(g.nodes)) // the nodes behind each
	for i := len(g.nodes) - 1; i >= 0; i-- {
		reach[i] = make([]uint64, words)
		kept := g.nodes[i].to[:0]
		for _, to := range g.nodes[i].to { // nearest column first
			if reach[i][to/64]&(1<<(to%64)) != 0 {
				g.implied++
				continue
			}
			kept = append(kept, to)
			reach[i][to/64] |= 1 << (to % 64)
			for w, bits := range reach[to] {
				reach[i][w] |= bits
			}
		}
		g.nodes[i].to = kept
	}
}

// edges counts those that are left.
func (g *dag) edges() int {
	n := 0
	for i := range g.nodes {
		n += len(g.nodes[i].to)
	}
	return n
}

// vertices of a report, a plan and a snapshot.

func (r *Report) vertices() []vertex {
	vertices := make([]vertex, len(r.Entries))
	for i := range r.Entries {
		e := &r.Entries[i]
		vertices[i] = vertex{name: e.Name, kind: e.Kind, state: e.Outcome, note: e.note(), wave: e.Wave, deps: e.DependsOn, took: e.Took()}
	}
	for _, i := range r.critical() {
		vertices[i].critical = true
	}
	return vertices
}

func (p Plan) vertices() []vertex {
	var vertices []vertex
	for i, wave := range p.Waves {
		for _, n := range wave {
			vertices = append(vertices, vertex{name: n.Name, kind: n.Kind, wave: i, deps: n.DependsOn})
		}
	}
	return vertices
}

// vertices leaves out the tasks: they end before the first wave.
func (s Snapshot) vertices() []vertex {
	var vertices []vertex
	for _, it := range s.Items {
		if it.Kind != "task" {
			vertices = append(vertices, vertex{name: it.Name, kind: it.Kind, state: it.State, note: it.status(), wave: it.Wave,
				deps: it.DependsOn, critical: it.Waited > 0, took: it.Waited})
		}
	}
	return vertices
}

// note is what a picture tells about e beyond its name.
func (e *Entry) note() string {
	text := fmt.Sprintf("%s, took %s, waited %s, slack %s", term.Clean(e.Outcome), term.Short(e.Took()), term.Short(e.Waited()), term.Short(e.Slack))
	if e.Type != "" {
		text = term.Clean(e.Type) + ", " + text
	}
	if e.ReleasedBy != "" {
		text += ", released by " + term.Fit(e.ReleasedBy, textName)
	}
	if len(e.DependsOn) > 0 {
		text += ", depends on " + list(e.DependsOn, 6, textName, 6*textName)
	}
	if e.Err != nil {
		text += ": " + term.Isolate(term.Clean(term.Error(e.Err)))
	}
	return text
}
