package trace

import (
	"bufio"
	"fmt"
	"io"
	"strings"
	"time"
)

// mostItems of a scope, and as many of its children, are written by
// [Snapshot.WriteText].
const mostItems = 200

// WriteText writes s as a tree: a line for each scope with its state and how
// long it has been in it, then one for each thing it owns, with its state and
// age, and for how long the exit has been waiting for it. What a child owns
// stands below the child. More than two hundred items of a scope, and more than
// two hundred children, are cut short with a count; items that the exit waits
// for are written first, so the cut does not fall on them.
func (s Snapshot) WriteText(w io.Writer) error {
	b := bufio.NewWriter(w)
	s.writeTree(b, "", "", 0)
	return b.Flush()
}

// writeTree writes the scope's line behind first, and what it owns behind rest.
// Waited is what the scope's item in its parent says.
func (s Snapshot) writeTree(b *bufio.Writer, first, rest string, waited time.Duration) {
	fmt.Fprintf(b, "%sscope %s  %s\n", first, fit(s.Name, textName), s.status(waited))
	items, inside := s.split()
	shown, children := items[:min(len(items), mostItems)], s.Children[:min(len(s.Children), mostItems)]
	hidden := len(items) - len(shown) + len(s.Children) - len(children)
	name := 0
	for _, it := range shown {
		name = max(name, width(it.label(textName)))
	}
	left := len(shown) + len(children) + min(hidden, 1) // lines that start a branch
	branch := func() (string, string) {
		if left--; left == 0 {
			return rest + "└─ ", rest + "   "
		}
		return rest + "├─ ", rest + "│  "
	}
	for _, it := range shown {
		line, _ := branch()
		line += fmt.Sprintf("%-6s %s  %s", clean(it.Kind), padRight(it.label(textName), name), it.status())
		b.WriteString(strings.TrimRight(line, " ") + "\n")
	}
	for i, child := range children {
		first, rest := branch()
		child.writeTree(b, first, rest, inside[i])
	}
	if hidden > 0 {
		line, _ := branch()
		fmt.Fprintf(b, "%s+ %s more\n", line, thousands(hidden))
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
	text := clean(s.State)
	if s.Since > 0 {
		text += " for " + short(s.Since)
	}
	if s.Left > 0 {
		text += fmt.Sprintf(", %s of %s grace left", short(s.Left), short(s.Grace))
	}
	if waited > 0 {
		text += ", exit waits for it: " + short(waited)
	}
	if s.Error != "" {
		text += " (" + isolate(clean(s.Error)) + ")"
	}
	return text
}

func (it SnapshotItem) status() string {
	text := clean(it.State)
	switch {
	case it.Age > 0 && it.count() > 1:
		text += ", oldest " + short(it.Age)
	case it.Age > 0:
		text += " " + short(it.Age)
	}
	if it.Waited > 0 {
		text += ", exit waits for it: " + short(it.Waited)
	}
	return text
}
