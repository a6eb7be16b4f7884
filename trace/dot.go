package trace

import (
	"bufio"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/ebb-go/ebb/internal/term"
)

// maxWhole is how many nodes a graph for Graphviz or Mermaid may have and be
// whole. They lay out what they are given, and take their time for it, so bigger
// ones are folded for them too.
const maxWhole = 500

const (
	dotColumns = 40 // of a graph that is folded
	dotRows    = 40
	dotEdges   = 2000 // beyond, those that follow from others are left out, and equal ones joined
)

// WriteDOT writes the graph of r in the language of Graphviz: nodes in the order
// of the waves, coloured by outcome, arrows from dependent to dependency. Edges
// that follow from others are pale and do not count for the layout; where there
// are thousands of edges, those are left out, and nodes that depend on the same
// ones do so through a point. Graphs of more than 500 nodes fold.
// WriteDOT returns the first error of w.
func (r *Report) WriteDOT(w io.Writer) error {
	r = r.whole()
	return writeDOT(w, r.Scope, wholeGraph(r.vertices(), dotColumns, dotRows))
}

// WriteDOT writes the graph of p in the manner of [Report.WriteDOT].
func (p Plan) WriteDOT(w io.Writer) error {
	return writeDOT(w, "plan", wholeGraph(p.vertices(), dotColumns, dotRows))
}

// wholeGraph is newGraph, except that a graph of up to maxWhole nodes is not folded.
func wholeGraph(vertices []vertex, maxColumns, maxRows int) *graph {
	if n := len(vertices); n <= maxWhole {
		return newGraph(vertices, max(n, 1), max(n, 1))
	}
	return newGraph(vertices, maxColumns, maxRows)
}

// writeDOT writes all nodes before all edges: Graphviz makes a node at its first
// mention, and starts from the order of the file when it orders a rank. All edges
// are kept before Reduce removes those that others imply, for these are drawn too,
// pale and without influence on the layout.
func writeDOT(w io.Writer, name string, g *graph) error {
	b := bufio.NewWriter(w)
	fmt.Fprintf(b, "digraph %s {\n", dotQuote(term.Clean(name)))
	b.WriteString("\trankdir=LR;\n" +
		"\tnode [shape=box, style=\"rounded,filled\", fontname=\"monospace\", fontsize=11, color=\"#86a3c4\", fillcolor=\"#f2f6fb\", fontcolor=\"#1c2329\"];\n" +
		"\tedge [color=\"#7d8893\", arrowsize=0.7];\n")
	ids := g.dotIDs()
	for i := range g.nodes {
		n := &g.nodes[i]
		if i == 0 || g.Nodes[i].Column != g.Nodes[i-1].Column {
			fmt.Fprintf(b, "\n\t// %s\n", g.column(g.Nodes[i].Column))
		}
		fmt.Fprintf(b, "\t%s [%s];\n", ids[i], strings.Join(n.dotAttributes(), ", "))
	}
	b.WriteByte('\n')
	for i := range g.nodes { // by column: nodes of a wave stand in one rank
		if i == 0 || g.Nodes[i].Column != g.Nodes[i-1].Column {
			b.WriteString("\t{ rank=same;")
		}
		b.WriteString(" " + ids[i] + ";")
		if i == len(g.nodes)-1 || g.Nodes[i].Column != g.Nodes[i+1].Column {
			b.WriteString(" }\n")
		}
	}
	b.WriteByte('\n')
	if g.Edges() > dotEdges {
		g.Reduce()
		if g.Implied > 0 {
			fmt.Fprintf(b, "\t// %s not drawn: others imply them\n", term.Plural(g.Implied, "edge"))
		}
		for k, h := range g.Bundle() {
			fmt.Fprintf(b, "\t\"point %d\" [shape=point];\n", k)
			for _, i := range h.From {
				fmt.Fprintf(b, "\t%s -> \"point %d\" [arrowhead=none];\n", ids[i], k)
			}
			for _, i := range h.To {
				fmt.Fprintf(b, "\t\"point %d\" -> %s;\n", k, ids[i])
			}
		}
	}
	all := make([][]int, len(g.nodes))
	for i := range g.nodes {
		all[i] = slices.Clone(g.Nodes[i].To)
	}
	g.Reduce()
	for i := range g.nodes {
		for _, to := range all[i] {
			fmt.Fprintf(b, "\t%s -> %s%s;\n", ids[i], ids[to], g.dotEdge(i, to))
		}
	}
	b.WriteString("}\n")
	return b.Flush()
}

// dotIDs are the cleaned names, quoted. Two names can become alike by cleaning,
// or be the name of a fold; then the later gets primes.
func (g *graph) dotIDs() []string {
	ids, taken := make([]string, len(g.nodes)), make(map[string]bool)
	for i := range g.nodes {
		id := term.Clean(g.nodes[i].name)
		if g.nodes[i].fold > 0 {
			id += " in " + g.column(g.Nodes[i].Column)
		}
		for taken[id] {
			id += "'"
		}
		taken[id] = true
		ids[i] = dotQuote(id)
	}
	return ids
}

// dotAttributes are the label, the shape for the kind, the colours for the outcome
// and the border for the critical path. A node that went wrong keeps the colour of
// its outcome on the critical path too, and has only the border of that.
func (n *node) dotAttributes() []string {
	label := term.Fit(n.name, 60)
	if sub := n.subtitle(); sub != "" {
		label += "\n" + sub
	}
	attributes := []string{"label=" + dotLabel(label)}
	if n.note != "" {
		attributes = append(attributes, "tooltip="+dotLabel(n.tooltip()))
	}
	switch {
	case n.kind == "child":
		attributes = append(attributes, "peripheries=2")
	case n.kind == "daemon":
		attributes = append(attributes, "shape=ellipse", `style=filled`)
	}
	switch {
	case failed(n.state):
		line, fill := toneColors(n.state)
		attributes = append(attributes, fmt.Sprintf("color=%q", line), fmt.Sprintf("fillcolor=%q", fill))
	case n.fold > 0:
		attributes = append(attributes, `style="rounded,dashed"`)
	}
	if n.critical {
		attributes = append(attributes, "penwidth=2.5")
		if !failed(n.state) {
			attributes = append(attributes, `color="#1d5fa8"`)
		}
	}
	return attributes
}

// dotEdge is how an edge differs from others: it joins two nodes of the
// critical path, or follows from others.
func (g *graph) dotEdge(from, to int) string {
	switch {
	case !slices.Contains(g.Nodes[from].To, to):
		return ` [color="#c3cad1", constraint=false]`
	case g.nodes[from].critical && g.nodes[to].critical:
		return ` [color="#1d5fa8", penwidth=2.5]`
	}
	return ""
}

// toneColors are the line and the ground of an outcome in the pictures that
// others draw, which are light.
func toneColors(word string) (line, fill string) {
	switch tone(word) {
	case "late":
		return "#c07a00", "#fdf5e4"
	case "gone":
		return "#8e4bab", "#f7effa"
	case "skip":
		return "#6a7580", "#ffffff"
	}
	return "#cf4a1b", "#fdf0eb"
}

// dotQuote makes an identifier: in one, a quote is escaped, and nothing else. A
// backslash is doubled all the same, so that none can stand before the closing
// quote; it is the same name wherever it occurs.
func dotQuote(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"`
}

// dotLabel quotes a text in which Graphviz looks for escapes; a line break is
// one.
func dotLabel(s string) string {
	return strings.ReplaceAll(dotQuote(s), "\n", `\n`)
}
