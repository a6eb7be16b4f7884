package trace

import (
	"bufio"
	"fmt"
	"io"

	"github.com/ebb-go/ebb/internal/term"
)

// Diff is the difference between a [Plan] and the [Report] of the teardown
// that followed.
type Diff struct {
	NotRun     []Change // planned, and not dropped: gone before, or skipped
	NotPlanned []Change // dropped, and not planned: registered later
	Moved      []Change // dropped in another wave than planned
}

// Change is one guard, daemon or child scope of a [Diff].
type Change struct {
	Name    string
	Kind    string
	Planned int    // its wave in the plan, -1 if it was not in it
	Ran     int    // its wave in the report, -1 if it is not in it
	Outcome string // from the report, empty if it is not in it
}

// Empty reports whether everything ran as planned.
func (d Diff) Empty() bool { return len(d.NotRun)+len(d.NotPlanned)+len(d.Moved) == 0 }

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
			c := Change{Name: n.Name, Kind: n.Kind, Planned: n.Wave, Ran: -1}
			e := ran[n.Name]
			if e != nil {
				c.Ran, c.Outcome = e.Wave, e.Outcome
			}
			switch {
			case e == nil || e.skipped():
				d.NotRun = append(d.NotRun, c)
			case e.Wave != n.Wave:
				d.Moved = append(d.Moved, c)
			}
		}
	}
	for _, e := range r.Entries {
		if !planned[e.Name] && !e.skipped() {
			d.NotPlanned = append(d.NotPlanned, Change{Name: e.Name, Kind: e.Kind, Planned: -1, Ran: e.Wave, Outcome: e.Outcome})
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
	for _, changes := range [][]Change{d.NotRun, d.NotPlanned, d.Moved} {
		for _, c := range changes[:min(len(changes), mostChanges)] {
			name = max(name, min(l.name(), term.Width(term.Clean(c.Name))))
		}
	}
	write := func(sign string, changes []Change, say func(Change) string) {
		for i, c := range changes {
			if i == mostChanges {
				fmt.Fprintf(b, "%s %s more\n", sign, term.Thousands(len(changes)-i))
				break
			}
			fmt.Fprintf(b, "%s %s  %s\n", sign, term.PadRight(term.Fit(c.Name, name), name), say(c))
		}
	}
	write("-", d.NotRun, func(c Change) string {
		if c.Ran < 0 {
			return fmt.Sprintf("planned in wave %d, gone before", c.Planned)
		}
		return fmt.Sprintf("planned in wave %d, %s", c.Planned, term.Clean(c.Outcome))
	})
	write("+", d.NotPlanned, func(c Change) string { return fmt.Sprintf("not planned, ran in wave %d", c.Ran) })
	write("~", d.Moved, func(c Change) string {
		return fmt.Sprintf("planned in wave %d, ran in wave %d", c.Planned, c.Ran)
	})
	return b.Flush()
}

// mostChanges of one sort are listed by [Diff.WriteText].
const mostChanges = 100
