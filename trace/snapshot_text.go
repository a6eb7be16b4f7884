package trace

import (
	"bufio"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/ebb-go/ebb/internal/term"
)

// Bounds of the text of a snapshot: items of one scope, and as many of its
// children; lines in all; and levels that are indented, since the branches before
// a line would otherwise make the text of a deep tree grow with the square of its
// depth.
const (
	mostItems  = 200
	mostLines  = 5000
	mostLevels = 24
)

// WriteText writes s as a tree: a line for each scope with its state and how
// long it has been in it, then one for each thing it owns, with its state and
// age, and for how long the exit has been waiting for it. What a child owns
// stands below the child. More than two hundred items of a scope, more than two
// hundred children, and more than five thousand lines in all are cut short with a
// count; items that the exit waits for are written first, so the cut does not fall
// on them. Scopes below the 24th level stand at it, with their level.
func (s Snapshot) WriteText(w io.Writer, opts ...TextOption) error {
	t := treeWriter{bufio.NewWriter(w), layoutFor(w, opts).name(), mostLines}
	t.scope(&s, "", "", 0, 0)
	return t.Flush()
}

// treeWriter writes the tree of a snapshot.
type treeWriter struct {
	*bufio.Writer
	name int // cells of the longest
	left int // lines
}

// scope writes the scope's line behind first, and what it owns behind rest.
// Waited is that of the scope's item in its parent.
func (t *treeWriter) scope(s *Snapshot, first, rest string, level int, waited time.Duration) {
	t.left--
	if level > mostLevels {
		first += fmt.Sprintf("(level %s) ", term.Thousands(level))
	}
	fmt.Fprintf(t, "%sscope %s  %s\n", first, term.Fit(s.Name, t.name), s.status(waited))
	items, inside := s.split()
	shown := items[:min(len(items), mostItems, max(t.left, 0))]
	t.left -= len(shown)
	name := 0
	for _, it := range shown {
		name = max(name, term.Width(it.label(t.name)))
	}
	lines := len(items) + len(s.Children) // that start a branch, if nothing is cut
	branch := func() (string, string) {
		if lines--; lines == 0 {
			return rest + "└─ ", rest + "   "
		}
		return rest + "├─ ", rest + "│  "
	}
	for _, it := range shown {
		line, _ := branch()
		line += fmt.Sprintf("%-6s %s  %s", term.Clean(it.Kind), term.PadRight(it.label(t.name), name), it.status())
		t.WriteString(strings.TrimRight(line, " ") + "\n")
	}
	hidden := len(items) - len(shown)
	for i := range s.Children {
		if i == mostItems || t.left <= 0 {
			hidden += len(s.Children) - i
			break
		}
		first, below := branch()
		if level >= mostLevels {
			below = rest
		}
		t.scope(&s.Children[i], first, below, level+1, inside[i])
	}
	if hidden > 0 {
		fmt.Fprintf(t, "%s└─ + %s more\n", rest, term.Thousands(hidden))
	}
}

// split returns the items without those that stand for a child whose snapshot
// is there, the ones that are waited for first; and for each child how long the
// exit has been waiting for it.
func (s Snapshot) split() (items []SnapshotItem, waited []time.Duration) {
	waited = make([]time.Duration, len(s.Children))
	at := make(map[string]int)
	for i, c := range s.Children {
		if _, ok := at[c.Name]; !ok {
			at[c.Name] = i
		}
	}
	var rest []SnapshotItem
	for _, it := range s.Items {
		i, child := at[it.Name]
		switch {
		case it.Kind == "child" && child:
			waited[i] = it.Waited
		case it.Waited > 0:
			items = append(items, it)
		default:
			rest = append(rest, it)
		}
	}
	return append(items, rest...), waited
}

// status is "dropping for 1.2s, 18s of 20s grace left (signal: terminated)".
func (s Snapshot) status(waited time.Duration) string {
	text := term.Clean(s.State)
	if s.Since > 0 {
		text += " for " + term.Short(s.Since)
	}
	if s.Left > 0 {
		text += fmt.Sprintf(", %s of %s grace left", term.Short(s.Left), term.Short(s.Grace))
	}
	if waited > 0 {
		text += ", exit waits for it: " + term.Short(waited)
	}
	if s.Error != "" {
		text += " (" + term.Isolate(term.Clean(s.Error)) + ")"
	}
	return text
}

// status is "running 1.2s, exit waits for it: 300ms".
func (it SnapshotItem) status() string {
	text := term.Clean(it.State)
	switch {
	case it.Age > 0 && it.count() > 1:
		text += ", oldest " + term.Short(it.Age)
	case it.Age > 0:
		text += " " + term.Short(it.Age)
	}
	if it.Waited > 0 {
		text += ", exit waits for it: " + term.Short(it.Waited)
	}
	return text
}
