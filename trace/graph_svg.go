package trace

import (
	"fmt"
	"io"

	"github.com/ebb-go/ebb/internal/dag"
	"github.com/ebb-go/ebb/internal/term"
)

// Sizes of a graph's picture in pixels, and the columns and rows beyond which it folds.
const (
	nodeHeight = 24
	tallNode   = 38   // with an outcome below its name
	nodeCells  = 22   // of a name, beyond which it is cut
	cellWidth  = 7.25 // of a letter in a font of 12
	smallCell  = 6.65 // and of 11
	dagColumns = 16
	dagRows    = 24
	dagMargin  = 12
	dagHead    = 22 // room for the names of the waves
	dagLegend  = 26
)

// WriteSVG writes the graph of p as a picture: a column for each wave, nodes
// for guards, daemons and children, arrows from dependent to dependency. Edges
// that follow from others are left out. It is light or dark as the viewer
// prefers, needs nothing from outside, and folds when the plan is big.
func (p Plan) WriteSVG(w io.Writer) error {
	s := newSVG(w)
	s.picture(newGraph(p.vertices(), dagColumns, dagRows), "plan of a teardown", true)
	return s.Flush()
}

// WriteSVG writes the graph of what s itself owns, tasks and the insides of
// children left out, in the manner of [Plan.WriteSVG]. What the exit is waiting
// for has a strong border.
func (s Snapshot) WriteSVG(w io.Writer) error {
	out := newSVG(w)
	out.picture(newGraph(s.vertices(), dagColumns, dagRows), "scope "+term.Clean(s.Path), true)
	return out.Flush()
}

// drawing is a graph with a place for everything.
type drawing struct {
	*dag.Drawing
	g *graph
}

// layout leaves out the edges that others imply, and places the rest.
func (g *graph) layout() *drawing {
	g.Reduce()
	return &drawing{g: g, Drawing: g.Layout(func(i int) (w, h float64) {
		n := &g.nodes[i]
		w, h = float64(term.Width(term.Fit(n.name, nodeCells)))*cellWidth+18, nodeHeight
		if n.subtitle() != "" {
			h = tallNode
		}
		return w, h
	}, func(k int) float64 { return float64(term.Width(g.column(k))) * smallCell })}
}

// picture draws g.
func (s svgWriter) picture(g *graph, label string, alone bool) { s.drawing(g.layout(), label, alone) }

// drawing writes a picture. The order is the order of painting: edges lie below
// nodes, and edges of the critical path above other edges.
func (s svgWriter) drawing(d *drawing, label string, alone bool) {
	w, h := d.size()
	s.open(w, h, label, alone)
	if len(d.g.nodes) == 0 {
		s.f(`<text class="ebb-soft" x="%d" y="%d">nothing to drop</text>`+"\n</svg>\n", dagMargin, dagMargin+12)
		return
	}
	for k := range d.Columns {
		s.f(`<text class="ebb-soft ebb-small" x="%s" y="%d">%s</text>`+"\n", px(d.left(k)), dagMargin+8, text(d.g.column(k)))
	}
	s.edges(d)
	for i := range d.g.nodes {
		s.node(d, i)
	}
	s.dagLegend(d, h-dagMargin-4)
	s.f("</svg>\n")
}

// size returns the size of the picture.
func (d *drawing) size() (w, h float64) {
	if len(d.g.nodes) == 0 {
		return 160, 2*dagMargin + 16
	}
	return max(d.Width+2*dagMargin, d.legendWidth()+2*dagMargin), d.Height + dagHead + 2*dagMargin + dagLegend
}

// left and right are the sides of a column in the picture, and middle is the height
// of a slot: the drawing has its origin in its corner, and the picture a margin and a
// head.
func (d *drawing) left(column int) float64  { return d.X[column] + dagMargin }
func (d *drawing) right(column int) float64 { return d.X[column] + d.W[column] + dagMargin }
func (d *drawing) middle(s int) float64     { return d.Slots[s].Y + dagMargin + dagHead }

// edges draws what joins the slots, then the edges between two nodes of the
// critical path over it, then an arrow head at each node that has dependents.
func (s svgWriter) edges(d *drawing) {
	s.f(`<g class="ebb-edge">` + "\n")
	for i := range d.Slots {
		for _, r := range d.Slots[i].Right {
			s.f(`<path d="%s"/>`+"\n", d.segment(i, r))
		}
	}
	s.f("</g>\n")
	onPath := make([]bool, len(d.g.nodes))
	s.f(`<g class="ebb-edge ebb-edge-path">` + "\n")
	for i := range d.g.nodes {
		for _, to := range d.Nodes[i].To {
			if d.g.nodes[i].critical && d.g.nodes[to].critical {
				onPath[to] = true
				s.f(`<path d="%s"/>`+"\n", d.route(i, to))
			}
		}
	}
	s.f("</g>\n")
	for i := range d.g.nodes {
		if len(d.Slots[i].Left) == 0 {
			continue
		}
		class := "ebb-tip"
		if onPath[i] {
			class = "ebb-tip-path"
		}
		x, y := d.left(d.Nodes[i].Column), d.middle(i)
		s.f(`<path class="%s" d="M%s %sl-7 -3.5v7z"/>`+"\n", class, px(x), px(y))
	}
}

// segment is the way from a slot to one in the next column. Passing edges go
// straight through their own column; before a node, the head has its room.
func (d *drawing) segment(from, to int) string {
	a, b := &d.Slots[from], &d.Slots[to]
	x1, y1, x2, y2 := d.right(a.Column), d.middle(from), d.left(b.Column), d.middle(to)
	if b.Node >= 0 {
		x2 -= 6
	}
	path := fmt.Sprintf("M%s %s", px(x1), px(y1))
	if y1 == y2 {
		path += "H" + px(x2)
	} else {
		mid := px((x1 + x2) / 2)
		path += fmt.Sprintf("C%s %s %s %s %s %s", mid, px(y1), mid, px(y2), px(x2), px(y2))
	}
	if b.Node < 0 {
		path += "H" + px(d.right(b.Column))
	}
	return path
}

// route is the whole way of an edge.
func (d *drawing) route(from, to int) string {
	path, at := "", from
	passed := d.Nodes[to].Column - d.Nodes[from].Column - 1
	for i := passed - 1; i >= 0; i-- {
		path += d.segment(at, d.Pass[to][i])
		at = d.Pass[to][i]
	}
	return path + d.segment(at, to)
}

// legendWidth is how wide the legend is, which can be wider than a small graph.
func (d *drawing) legendWidth() float64 {
	return float64(term.Width(d.legendText())) * smallCell
}

// dagLegend writes the legend below the picture.
func (s svgWriter) dagLegend(d *drawing, y float64) {
	s.f(`<text class="ebb-soft ebb-small" x="%d" y="%s">%s</text>`+"\n", dagMargin, px(y), text(d.legendText()))
}

// legendText explains the shapes that occur, and counts the edges that are left out:
// a reader who misses an arrow has to know that it may be implied.
func (d *drawing) legendText() string {
	t := "arrows: depends on"
	if d.Implied > 0 {
		t += fmt.Sprintf(" (%s not drawn)", term.Plural(d.Implied, "implied one"))
	}
	kinds := make(map[string]bool)
	for i := range d.g.nodes {
		kinds[d.g.nodes[i].kind] = true
	}
	if kinds["daemon"] {
		t += " · round: daemon"
	}
	if kinds["child"] {
		t += " · double: child"
	}
	return t
}
