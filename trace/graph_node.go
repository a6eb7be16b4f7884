package trace

import (
	"github.com/ebb-go/ebb/internal/outcome"
	"github.com/ebb-go/ebb/internal/term"
)

// A node shows its kind by its shape, what became of it by its colour, and whether
// it is on the critical path by its border, so that all three can be seen at once
// and none by colour alone: an outcome to look at is also written below the name.

// node draws the box of a node, a second box inside it for a child, and its one or
// two lines of text. Names are at most nodeCells wide, which is the width that the
// layout has reckoned with.
func (s svgWriter) node(d *drawing, i int) {
	n, column := &d.g.nodes[i], d.Nodes[i].Column
	x, w := d.left(column), d.W[column]
	h, y := d.Slots[i].Height, d.middle(i)-d.Slots[i].Height/2
	s.f(`<g><title>%s</title><rect class="ebb-node%s" x="%s" y="%s" width="%s" height="%s" rx="%s"/>`,
		text(n.tooltip()), n.class(), px(x), px(y), px(w), px(h), px(radius(n.kind, h)))
	if n.kind == "child" {
		s.f(`<rect class="ebb-node%s" x="%s" y="%s" width="%s" height="%s" rx="2"/>`, n.class(), px(x+2.5), px(y+2.5), px(w-5), px(h-5))
	}
	class, name, base := "", term.Fit(n.name, nodeCells), y+h/2+4
	if n.fold > 0 {
		class = ` class="ebb-soft"`
	} else if n.critical {
		class = ` class="ebb-strong"`
	}
	if sub := n.subtitle(); sub != "" {
		base = y + 15
		class := "ebb-soft"
		if failed(n.state) {
			class = "ebb-t-" + tone(n.state)
		}
		s.f(`<text class="ebb-small %s" x="%s" y="%s">%s</text>`, class, px(x+9), px(base+14), text(sub))
	}
	s.f(`<text%s x="%s" y="%s">%s</text></g>`+"\n", class, px(x+9), px(base), text(name))
}

// radius is different for each kind: a daemon is round, a guard is not quite square,
// a child is square and has a second border.
func radius(kind string, height float64) float64 {
	switch kind {
	case "daemon":
		return height / 2
	case "child":
		return 2
	}
	return 5
}

// subtitle is what stands below a node's name: an outcome to look at, or a
// state that is not the usual one.
func (n *node) subtitle() string {
	switch n.state {
	case "", outcome.OK.String(), "live", "running", "open", "dropped", "closed":
		return ""
	}
	return term.Fit(n.state, nodeCells)
}

// class is appended to the class of a node.
func (n *node) class() string {
	class := ""
	switch {
	case failed(n.state):
		class = " ebb-n-" + tone(n.state)
	case n.fold > 0:
		class = " ebb-n-rest"
	case n.state == "dropped" || n.state == "closed":
		class = " ebb-n-done"
	}
	if n.critical {
		class += " ebb-n-path"
	}
	return class
}

// tooltip is the whole name, which the box may have cut, with the kind and the note.
func (n *node) tooltip() string {
	t := term.Isolate(term.Clean(n.name))
	if n.kind != "" {
		t = term.Clean(n.kind) + " " + t
	}
	if n.note != "" {
		t += ": " + n.note
	}
	return t
}
