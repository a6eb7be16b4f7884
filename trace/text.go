package trace

import (
	"bufio"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/ebb-go/ebb/internal/term"
)

// A text is read in terminals, in logs and in mail: it has no control sequences and
// no tabs, its columns are aligned in cells rather than in bytes, and each name is
// cleaned and cut before it is put between others.

// Sizes of the text waterfall: as wide as its layout, and 60 lines long whatever the
// report holds.
const (
	textRows   = 60
	textFolded = 40 // lines, once there are more entries than that
	textName   = 28 // cells of the longest name beside a picture
	textBars   = 12 // cells of the shortest axis
	textTime   = 7  // cells of a duration
	textIndent = "   "
)

// WriteText writes r as a waterfall for a terminal: one line per guard with its
// wave, outcome, the time it waited and took, its slack, and a bar on a common
// time axis. A dot in a bar is time spent waiting. The bars of the critical
// path are solid and marked with an asterisk; an exclamation mark stands before
// what did not end ok. Tables of the waves and of the errors follow.
//
// The text is UTF-8 without control sequences and, but for the texts of the cause
// and of errors, as wide as [Width] asks for. Big reports are folded: what went wrong
// and what took longest has a line of its own, the rest of a wave has one together,
// which has the longest of them. WriteText returns the first error of w.
func (r *Report) WriteText(w io.Writer, opts ...TextOption) error {
	r = r.whole()
	l := layoutFor(w, opts)
	b := bufio.NewWriter(w)
	fmt.Fprintf(b, "%s\n", r.headline(l.cells))
	r.textDrain(b, l)
	if len(r.Entries) > 0 {
		b.WriteByte('\n')
		r.textWaterfall(b, l)
		b.WriteByte('\n')
		r.textBudget(b)
	}
	r.textValues(b, l)
	r.textErrors(b, l)
	return b.Flush()
}

// headline is the report in one line of at most n cells: what does not fit is
// left out from the end, after the name has given way.
func (r *Report) headline(n int) string {
	parts := []string{": " + term.Fit(orDash(r.Exit), 12) + " in " + term.Short(r.took())}
	if r.Grace > 0 {
		parts = append(parts, " of "+term.Short(r.Grace)+" grace")
	}
	if len(r.Entries) == 0 {
		parts = append(parts, ", nothing to drop")
	} else {
		parts = append(parts, ", "+term.Plural(len(r.Entries), "drop")+" in "+term.Plural(r.waveCount(), "wave"))
		if r.Schedule != "" {
			parts = append(parts, ", schedule "+term.Fit(r.Schedule, 12))
		}
	}
	const head, leastName = "teardown of ", 8
	line, left := "", n-len(head)-min(leastName, term.Width(term.Clean(r.Scope)))
	for _, part := range parts {
		if left -= term.Width(part); left < 0 {
			break
		}
		line += part
	}
	return head + term.Fit(r.Scope, n-len(head)-term.Width(line)) + line
}

// columns are the widths of a waterfall's columns.
type columns struct {
	wave, name, outcome, bars int
	waited, slack             bool // shown
}

// columns finds room for the bars: a narrow text does without the slack, and a
// narrower one without the waiting, which the bars show too.
func (l textLayout) columns(rows []row) columns {
	c := columns{wave: len("wave"), name: len("guard"), outcome: len("outcome"), waited: true, slack: true}
	for _, w := range rows {
		c.name = max(c.name, min(l.name(), term.Width(term.Clean(w.name()))))
		c.outcome = max(c.outcome, min(12, term.Width(w.outcome())))
		c.wave = max(c.wave, min(14, term.Width(w.waveLabel())))
	}
	c.bars = l.cells - len("!* ") - c.wave - 2 - c.name - 2 - c.outcome - 3*(2+textTime) - 2
	if c.bars < textBars {
		c.slack, c.bars = false, c.bars+2+textTime
	}
	if c.bars < textBars {
		c.waited, c.bars = false, c.bars+2+textTime
	}
	if c.bars < textBars {
		less := min(textBars-c.bars, c.name-4)
		c.name, c.bars = c.name-less, c.bars+less
	}
	if c.bars < 1 {
		less := min(1-c.bars, c.outcome-4)
		c.outcome, c.bars = c.outcome-less, c.bars+less
	}
	return c
}

// line puts the cells of a line together.
func (c columns) line(mark, wave, name, outcome, waited, took, slack, bar string) string {
	line := mark + " " + term.PadLeft(term.Fit(wave, c.wave), c.wave) + "  " + term.PadRight(term.Fit(name, c.name), c.name) + "  " + term.PadRight(term.Fit(outcome, c.outcome), c.outcome)
	if c.waited {
		line += "  " + term.PadLeft(waited, textTime)
	}
	line += "  " + term.PadLeft(took, textTime)
	if c.slack {
		line += "  " + term.PadLeft(slack, textTime)
	}
	return strings.TrimRight(line+"  "+bar, " ") + "\n"
}

// textWaterfall writes the lines, with the axis above the bars. A dot stands where
// there is nothing to say: for the times of what was skipped, and for those of a
// fold, which has only its longest.
func (r *Report) textWaterfall(b *bufio.Writer, l textLayout) {
	rows := r.rows(textRows, textFolded)
	c := l.columns(rows)
	axis := timeline{axis: newAxis(r.Started, r.lastEnd()), cells: max(c.bars, 1)}
	b.WriteString(c.line("  ", "wave", "guard", "outcome", "waited", "took", "slack", axis.header()))
	for _, w := range rows {
		waited, took, slack := "·", "·", "·"
		if e := w.entry; e == nil {
			took = "≤" + term.Short(w.longest())
		} else if !e.skipped() {
			waited, took, slack = dot(e.waited()), term.Short(e.Took()), dot(e.Slack)
		}
		b.WriteString(c.line(w.mark(), w.waveLabel(), w.name(), w.outcome(), waited, took, slack, axis.bar(w)))
	}
	fmt.Fprintf(b, "\n%s\n", term.Fit(textIndent+"* critical path   ! not ok   · waiting", l.cells))
}

// mark is the sign in front of a line, for what went wrong and for the
// critical path.
func (w row) mark() string {
	mark := []byte("  ")
	if w.entry != nil && failed(w.entry.Outcome) || w.entry == nil && failed(w.worst()) {
		mark[0] = '!'
	}
	if w.critical {
		mark[1] = '*'
	}
	return string(mark)
}

// name is the entry's own, or what a fold is called.
func (w row) name() string {
	if w.entry == nil {
		return w.label()
	}
	return w.entry.Name
}

// outcome is an entry's own; "all ok" for a fold of one kind, else "mixed".
func (w row) outcome() string {
	switch {
	case w.entry != nil:
		return w.entry.Outcome
	case w.mixed():
		return "mixed"
	}
	return "all " + w.fold[0].Outcome
}

// orDash returns a dash for a word that is missing, which a report from a file may
// lack.
func orDash(s string) string {
	if s == "" || s == `""` {
		return "-"
	}
	return s
}

// dot is short, with a dot for nothing: a column of zeros hides what is none.
func dot(d time.Duration) string {
	if d <= 0 {
		return "·"
	}
	return term.Short(d)
}

// percent writes a share, in at most five cells: what is small but not nothing is
// not written as 0, and what is past all measure is not written out.
func percent(part, of time.Duration) string {
	switch {
	case of <= 0:
		return "·"
	case part > 0 && part < of/100:
		return "<1%"
	case part/1000 > of:
		return ">999%"
	}
	return fmt.Sprintf("%.0f%%", 100*float64(part)/float64(of))
}
