package trace

import (
	"bufio"
	"fmt"
	"io"
	"slices"
	"strings"
)

// Graphviz and Mermaid lay out what they are given, and take their time for it,
// so graphs are folded for them too.
const (
	dotColumns = 40
	dotRows    = 40
)

// WriteDOT writes the graph of r in the language of Graphviz: nodes in the order
// of the waves, coloured by outcome, arrows from dependent to dependency. Edges
// that follow from others are pale and do not count for the layout. Big
// graphs fold. WriteDOT returns the first error of w.
func (r *Report) WriteDOT(w io.Writer) error {
	r = r.whole()
	return writeDOT(w, r.Scope, newDAG(r.vertices(), dotColumns, dotRows))
}

// WriteDOT writes the graph of p in the manner of [Report.WriteDOT].
func (p Plan) WriteDOT(w io.Writer) error {
	return writeDOT(w, "plan", newDAG(p.vertices(), dotColumns, dotRows))
}

func writeDOT(w io.Writer, name string, g *dag) error {
	b := bufio.NewWriter(w)
	fmt.Fprintf(b, "digraph %s {\n", dotQuote(clean(name)))
	b.WriteString("\trankdir=LR;\n" +
		"\tnode [shape=box, style=\"rounded,filled\", fontname=\"monospace\", fontsize=11, color=\"#86a3c4\", fillcolor=\"#f2f6fb\", fontcolor=\"#1c2329\"];\n" +
		"\tedge [color=\"#7d8893\", arrowsize=0.7];\n")
	ids := g.dotIDs()
	for i := range g.nodes {
		n := &g.nodes[i]
		if i == 0 || n.column != g.nodes[i-1].column {
			fmt.Fprintf(b, "\n\t// %s\n", g.columns[n.column])
		}
		fmt.Fprintf(b, "\t%s [%s];\n", ids[i], strings.Join(n.dotAttributes(), ", "))
	}
	b.WriteByte('\n')
	for k := range g.columns { // nodes of a wave stand in one rank
		b.WriteString("\t{ rank=same;")
		for i := range g.nodes {
			if g.nodes[i].column == k {
				b.WriteString(" " + ids[i] + ";")
			}
		}
		b.WriteString(" }\n")
	}
	b.WriteByte('\n')
	all := make([][]int, len(g.nodes))
	for i := range g.nodes {
		all[i] = slices.Clone(g.nodes[i].to)
	}
	g.reduce()
	for i := range g.nodes {
		for _, to := range all[i] {
			fmt.Fprintf(b, "\t%s -> %s%s;\n", ids[i], ids[to], g.dotEdge(i, to))
		}
	}
	b.WriteString("}\n")
	return b.Flush()
}

// dotIDs are the cleaned names, quoted. Two names can become alike by cleaning,
// or be that of a fold; then the later gets primes.
func (g *dag) dotIDs() []string {
	ids, taken := make([]string, len(g.nodes)), make(map[string]bool)
	for i := range g.nodes {
		id := clean(g.nodes[i].name)
		if g.nodes[i].fold > 0 {
			id += " in " + g.columns[g.nodes[i].column]
		}
		for taken[id] {
			id += "'"
		}
		taken[id] = true
		ids[i] = dotQuote(id)
	}
	return ids
}

func (n *dagNode) dotAttributes() []string {
	label := fit(n.name, 60)
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
func (g *dag) dotEdge(from, to int) string {
	switch {
	case !slices.Contains(g.nodes[from].to, to):
		return ` [color="#c3cad1", constraint=false]`
	case g.nodes[from].critical && g.nodes[to].critical:
		return ` [color="#1d5fa8", penwidth=2.5]`
	}
	return ""
}

// toneColors are the line and the ground of an outcome in the pictures that
// others draw, which are light.
func toneColors(outcome string) (line, fill string) {
	switch tone(outcome) {
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
