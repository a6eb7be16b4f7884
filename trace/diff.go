package trace

import (
	"bufio"
	"fmt"
	"io"

	"github.com/ebb-go/ebb/internal/term"
)

// Diff is the difference between a [Plan] and the [Report] of the teardown that
// followed: what did not run, what was not planned, and what ran in another wave. It
// is written as text and as JSON, and refers to neither the plan nor the report.
type Diff struct {
	notRun     []change // planned, and not dropped: gone before, or skipped
	notPlanned []change // dropped, and not planned: registered later
	moved      []change // dropped in another wave than planned
}

// change is one guard, daemon or child scope of a [Diff].
type change struct {
	name    string
	kind    string
	planned int    // its wave in the plan, -1 if it was not in it
	ran     int    // its wave in the report, -1 if it is not in it
	outcome string // from the report, empty if it is not in it
}

// Empty reports whether everything ran as planned.
func (d Diff) Empty() bool { return len(d.notRun)+len(d.notPlanned)+len(d.moved) == 0 }

// Diff compares p, made before a teardown, with the report made after it. A
// drop that was skipped counts as not run, and not as moved. What was not
// planned comes in the report's order, the rest in the plan's.
func (p Plan) Diff(r *Report) Diff {
	ran := make(map[string]*Entry, len(r.Entries))
	for i := range r.Entries {
		ran[r.Entries[i].Name] = &r.Entries[i]
	}
	var d Diff
	planned := make(map[string]bool)
	for _, wave := range p.Waves {
		for _, n := range wave {
			planned[n.Name] = true
			c := change{name: n.Name, kind: n.Kind, planned: n.Wave, ran: -1}
			e := ran[n.Name]
			if e != nil {
				c.ran, c.outcome = e.Wave, e.Outcome
			}
			switch {
			case e == nil || e.skipped():
				d.notRun = append(d.notRun, c)
			case e.Wave != n.Wave:
				d.moved = append(d.moved, c)
			}
		}
	}
	for _, e := range r.Entries {
		if !planned[e.Name] && !e.skipped() {
			d.notPlanned = append(d.notPlanned, change{name: e.Name, kind: e.Kind, planned: -1, ran: e.Wave, outcome: e.Outcome})
		}
	}
	return d
}

// WriteText writes d with one line per change, in the manner of diff: "-" for
// what did not run, "+" for what was not planned, "~" for what moved. An empty
// Diff is the line "as planned". Beyond a hundred changes of one sort the rest
// is counted.
func (d Diff) WriteText(w io.Writer, opts ...TextOption) error {
	l := layoutFor(w, opts)
	b := bufio.NewWriter(w)
	if d.Empty() {
		fmt.Fprintln(b, "as planned")
		return b.Flush()
	}
	name := 0
	for _, changes := range [][]change{d.notRun, d.notPlanned, d.moved} {
		for _, c := range changes[:min(len(changes), mostChanges)] {
			name = max(name, min(l.name(), term.Width(term.Clean(c.name))))
		}
	}
	write := func(sign string, changes []change, say func(change) string) {
		for i, c := range changes {
			if i == mostChanges {
				fmt.Fprintf(b, "%s %s more\n", sign, term.Thousands(len(changes)-i))
				break
			}
			fmt.Fprintf(b, "%s %s  %s\n", sign, term.PadRight(term.Fit(c.name, name), name), say(c))
		}
	}
	write("-", d.notRun, func(c change) string {
		if c.ran < 0 {
			return fmt.Sprintf("planned in wave %d, gone before", c.planned)
		}
		return fmt.Sprintf("planned in wave %d, %s", c.planned, term.Clean(c.outcome))
	})
	write("+", d.notPlanned, func(c change) string { return fmt.Sprintf("not planned, ran in wave %d", c.ran) })
	write("~", d.moved, func(c change) string {
		return fmt.Sprintf("planned in wave %d, ran in wave %d", c.planned, c.ran)
	})
	return b.Flush()
}

// mostChanges of one sort are listed by [Diff.WriteText].
const mostChanges = 100
