package trace

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/ebb-go/ebb/internal/outcome"
	"github.com/ebb-go/ebb/internal/term"
)

// Mermaid refuses texts of more than 50,000 characters and graphs of more than
// 500 edges, wherever it is embedded, and no directive in the text changes that.
const (
	mermaidColumns = 12
	mermaidRows    = 16
	mermaidEdges   = 500
	mermaidText50  = 50_000
)

// WriteMermaid writes the graph of r as a Mermaid flowchart, as many
// sites draw it in a fence marked "mermaid": nodes in the order of the
// waves, arrows from dependent to dependency, colours by outcome, strong borders
// on the critical path. Daemons are round, children have a double border. Graphs
// of more than 500 nodes fold. Of more edges than Mermaid draws, which are 500,
// those that follow from others are left out, and nodes that depend on the same
// ones do so through a point; names are shortened to what
// Mermaid reads. WriteMermaid returns the first error of w.
func (r *Report) WriteMermaid(w io.Writer) error {
	return writeMermaid(w, r.whole().vertices())
}

// WriteMermaid writes the graph of p in the manner of [Report.WriteMermaid].
func (p Plan) WriteMermaid(w io.Writer) error {
	return writeMermaid(w, p.vertices())
}

// writeMermaid gives the names as much room as there is. Where even short ones
// have none, because all of their letters need an escape, the graph is folded.
func writeMermaid(w io.Writer, vertices []vertex) error {
	whole := wholeGraph(vertices, mermaidColumns, mermaidRows)
	var text string
	for _, cells := range []int{40, 24, 14, 9} {
		if text = whole.mermaid(cells); utf8.RuneCountInString(text) <= mermaidText50 {
			break
		}
	}
	if utf8.RuneCountInString(text) > mermaidText50 {
		text = newGraph(vertices, mermaidColumns, mermaidRows).mermaid(24)
	}
	_, err := io.WriteString(w, text)
	return err
}

// mermaid writes g with names of at most some cells. It reduces g if that has too
// many edges, and bundles those that are left if they still are too many, which
// changes g: a second call, with shorter names, draws the edges that the first has
// left.
func (g *graph) mermaid(cells int) string {
	b := new(strings.Builder)
	b.WriteString("flowchart LR\n")
	for i := range g.nodes {
		n := &g.nodes[i]
		if i == 0 || g.Nodes[i].Column != g.Nodes[i-1].Column {
			fmt.Fprintf(b, "    %%%% %s\n", g.column(g.Nodes[i].Column))
		}
		before, after := mermaidShape(n.kind)
		label := mermaidText(term.Fit(n.name, cells))
		if sub := n.subtitle(); sub != "" {
			label += "<br>" + mermaidText(term.Fit(sub, cells))
		}
		fmt.Fprintf(b, "    n%d%s\"%s\"%s\n", i, before, label, after)
	}
	if g.Edges() > mermaidEdges {
		g.Reduce()
	}
	left, hidden := mermaidEdges, 0
	if g.Edges() > mermaidEdges {
		for k, h := range g.Bundle() {
			if left < len(h.From)+len(h.To) {
				hidden += len(h.From) * len(h.To)
				continue
			}
			left -= len(h.From) + len(h.To)
			fmt.Fprintf(b, "    p%d(( ))\n", k)
			for _, i := range h.From {
				fmt.Fprintf(b, "    n%d --- p%d\n", i, k)
			}
			for _, i := range h.To {
				fmt.Fprintf(b, "    p%d --> n%d\n", k, i)
			}
		}
	}
	for i := range g.nodes {
		for _, to := range g.Nodes[i].To[:min(left, len(g.Nodes[i].To))] {
			fmt.Fprintf(b, "    n%d --> n%d\n", i, to)
			left--
			hidden--
		}
	}
	if hidden += g.Edges(); hidden > 0 {
		fmt.Fprintf(b, "    %%%% %s not drawn\n", term.Plural(hidden, "edge"))
	}
	g.mermaidClasses(b)
	return b.String()
}

// mermaidShape returns the brackets round a label: round for a daemon, double for a
// child.
func mermaidShape(kind string) (before, after string) {
	switch kind {
	case "daemon":
		return "([", "])"
	case "child":
		return "[[", "]]"
	}
	return "[", "]"
}

// mermaidClasses colours the nodes; a class that no node has is not defined.
func (g *graph) mermaidClasses(b *strings.Builder) {
	members := make(map[string][]string)
	for i := range g.nodes {
		n := &g.nodes[i]
		id := fmt.Sprintf("n%d", i)
		switch {
		case failed(n.state):
			members[tone(n.state)] = append(members[tone(n.state)], id)
		case n.fold > 0:
			members["rest"] = append(members["rest"], id)
		}
		if n.critical {
			members["path"] = append(members["path"], id)
		}
	}
	styles := map[string]string{"rest": "stroke-dasharray:4 3", "path": "stroke-width:3px"}
	for _, o := range []outcome.Outcome{outcome.Error, outcome.Timeout, outcome.Abandoned, outcome.Skipped} {
		line, fill := toneColors(o.String())
		styles[tone(o.String())] = fmt.Sprintf("fill:%s,stroke:%s,color:#1c2329", fill, line)
	}
	for _, class := range []string{"error", "late", "gone", "skip", "rest", "path"} {
		if ids := members[class]; len(ids) > 0 {
			fmt.Fprintf(b, "    classDef %s %s\n", class, styles[class])
			for chunk := range slices.Chunk(ids, 50) {
				fmt.Fprintf(b, "    class %s %s\n", strings.Join(chunk, ","), class)
			}
		}
	}
}

// mermaidText writes all that could be markup, of Mermaid, Markdown or HTML, as
// a character reference in Mermaid's notation. Only letters, digits, spaces and
// a few signs without meaning stay.
func mermaidText(s string) string {
	var b strings.Builder
	for i, r := range s {
		switch {
		case unicode.IsLetter(r) || unicode.IsMark(r) || r > unicode.MaxASCII, strings.ContainsRune(" /,=", r):
			b.WriteRune(r)
		case unicode.IsDigit(r), i > 0 && strings.ContainsRune("-.:", r) && !unicode.IsDigit(rune(s[i-1])):
			b.WriteRune(r)
		default:
			fmt.Fprintf(&b, "#%d;", r)
		}
	}
	return b.String()
}
