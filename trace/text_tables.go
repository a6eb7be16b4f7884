package trace

import (
	"bufio"
	"fmt"
	"strings"

	"github.com/ebb-go/ebb/internal/term"
)

// The tables below a waterfall are bounded as it is: a wave or an error beyond the
// first forty is counted.

// textBudget writes what each wave was allowed and used; a long teardown's
// waves beyond the first forty are one line.
func (r *Report) textBudget(b *bufio.Writer) {
	const most = 40
	fmt.Fprintf(b, "%swave   drops    spent", textIndent)
	if r.Grace > 0 {
		fmt.Fprintf(b, "    share   used")
	}
	b.WriteByte('\n')
	waves := r.budget()
	for i, w := range waves {
		if i == most && len(waves) > most+1 {
			fmt.Fprintf(b, "%s+ %s more\n", textIndent, term.Plural(len(waves)-most, "wave"))
			break
		}
		fmt.Fprintf(b, "%s%4d %7s  %s", textIndent, w.Index, term.Thousands(w.Size), term.PadLeft(term.Short(w.Spent), 7))
		if r.Grace > 0 {
			fmt.Fprintf(b, "  %s  %s", term.PadLeft(term.Short(w.Share), 7), term.PadLeft(percent(w.Spent, w.Share), 5))
		}
		b.WriteByte('\n')
	}
	ran, waited := r.totals()
	fmt.Fprintf(b, "%sran %s in all, waited %s\n", textIndent, term.Short(ran), term.Short(waited))
}

// textErrors writes the error of the exit, then the errors of entries whose text is
// not in it: under a supervisor, or where a panic goes on, they are nowhere else.
func (r *Report) textErrors(b *bufio.Writer, l textLayout) {
	const most = 40
	if r.Error != "" {
		fmt.Fprintf(b, "\n%serror: %s\n", textIndent, indent(r.Error))
	}
	n := 0
	for i := range r.Entries {
		e := &r.Entries[i]
		text := term.Error(e.Err)
		if text == "" || strings.Contains(r.Error, text) {
			continue
		}
		if n++; n == 1 {
			b.WriteByte('\n')
		}
		if n > most {
			continue
		}
		fmt.Fprintf(b, "%s%s (wave %d): %s\n", textIndent, term.Fit(e.Name, l.name()), e.Wave, indent(text))
	}
	if n > most {
		fmt.Fprintf(b, "%s+ %s more\n", textIndent, term.Plural(n-most, "error"))
	}
}

// indent cleans a text that may have several lines, and keeps them.
func indent(text string) string {
	lines := strings.Split(strings.TrimRight(term.Cut(text, term.MaxExit), "\n"), "\n")
	for i, line := range lines {
		if line != "" {
			lines[i] = term.Isolate(term.Clean(strings.ReplaceAll(line, "\t", "    ")))
		}
	}
	return strings.Join(lines, "\n"+textIndent+textIndent)
}
