package trace

import (
	"fmt"
	"time"

	"github.com/ebb-go/ebb/internal/dag"
	"github.com/ebb-go/ebb/internal/term"
)

// vertex is one node of a teardown's graph, as a report, a plan or a snapshot
// knows it.
type vertex struct {
	name, kind string
	state      string // an outcome, or a state of a snapshot; empty in a plan
	note       string // what a picture shows on hovering
	wave       int
	deps       []string
	critical   bool
	took       time.Duration
}

// rank puts what went wrong before the critical path, and that before the rest.
func (v *vertex) rank() int {
	switch {
	case failed(v.state):
		return dag.Stay
	case v.critical:
		return dag.Stay - 1
	}
	return 0
}

// graph is the graph of a teardown, folded to a size that can be drawn. Package dag
// knows what leads where; nodes has what is shown of each of its nodes.
type graph struct {
	*dag.Graph
	nodes []node // of dag's nodes, in their order
}

// node is what a picture shows of a node: a vertex, or a fold, which has a name and
// what its vertices have in common.
type node struct {
	vertex
	fold int // how many vertices it stands for, 0 for its own
}

// newGraph folds a graph to at most some waves of at most some nodes; see [dag.New].
func newGraph(vertices []vertex, maxWaves, maxNodes int) *graph {
	in := make([]dag.Vertex, len(vertices))
	for i := range vertices {
		v := &vertices[i]
		in[i] = dag.Vertex{Name: v.name, Layer: v.wave, To: v.deps, Rank: v.rank(), Size: int64(v.took)}
	}
	g := &graph{Graph: dag.New(in, maxWaves, maxNodes)}
	g.nodes = make([]node, len(g.Nodes))
	for i, n := range g.Nodes {
		if n.Fold {
			g.nodes[i] = foldOf(vertices, n.Of)
		} else {
			g.nodes[i] = node{vertex: vertices[n.Of[0]]}
		}
	}
	return g
}

// foldOf is a node for some of the vertices.
func foldOf(vertices []vertex, of []int) node {
	n := node{fold: len(of)}
	n.wave = vertices[of[0]].wave
	var rest row // counts and names as a waterfall does
	for _, i := range of {
		v := &vertices[i]
		n.critical = n.critical || v.critical
		rest.fold = append(rest.fold, &Entry{Outcome: v.state, Ended: time.Time{}.Add(v.took)})
	}
	n.name = rest.label()
	if rest.fold[0].Outcome != "" {
		n.note = rest.summary()
	}
	if failed(rest.worst()) {
		n.state = rest.worst()
	}
	return n
}

// column names a column of g.
func (g *graph) column(k int) string {
	c := g.Columns[k]
	if c.First == c.Last {
		return fmt.Sprintf("wave %d", c.First)
	}
	return fmt.Sprintf("waves %d–%d", c.First, c.Last)
}

// vertices of a report are its entries, with their outcomes and the critical path.
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

// vertices of a plan have no state: nothing has happened yet. The wave is where the
// node stands, whatever its Wave field says.
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
		if it.placed() {
			vertices = append(vertices, vertex{name: it.Name, kind: it.Kind, state: it.State, note: it.status(), wave: it.Wave,
				deps: it.DependsOn, critical: it.Waited > 0, took: it.Waited})
		}
	}
	return vertices
}

// note is what a picture shows about e on hovering.
func (e *Entry) note() string {
	text := fmt.Sprintf("%s, took %s, waited %s, slack %s", term.Clean(e.Outcome), term.Short(e.Took()), term.Short(e.waited()), term.Short(e.Slack))
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
