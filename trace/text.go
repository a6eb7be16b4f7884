package trace

import (
	"bufio"
	"fmt"
	"io"
	"strings"
	"time"
)

// Sizes of the text waterfall: at most 120 columns wide, and 60 lines long
// whatever the report holds.
const (
	textRows   = 60
	textFolded = 40 // lines, once there are more entries than that
	textName   = 28 // cells of the longest name
	textBars   = 40
	textIndent = "   "
)

// WriteText writes r as a waterfall for a terminal: one line per guard with its
// wave, outcome, the time it waited and took, its slack, and a bar on a common
// time axis. A dot in a bar is time spent waiting. The bars of the critical
// path are solid and marked with an asterisk; an exclamation mark stands before
// what did not end ok. Tables of the waves and of the errors follow.
//
// The text is UTF-8 without control sequences and, but for error texts, at most
// 120 columns wide. Big reports are folded: what went wrong and what took
// longest has a line of its own, the rest of a wave has one together, which
// tells the longest of them. WriteText returns the first error of w.
func (r *Report) WriteText(w io.Writer) error {
	r = r.whole()
	b := bufio.NewWriter(w)
	fmt.Fprintf(b, "%s\n", r.headline())
	r.textDrain(b)
	if len(r.Entries) > 0 {
		b.WriteByte('\n')
		r.textWaterfall(b)
		b.WriteByte('\n')
		r.textBudget(b)
	}
	r.textErrors(b)
	return b.Flush()
}

// headline is the report in one line.
func (r *Report) headline() string {
	var b strings.Builder
	fmt.Fprintf(&b, "teardown of %s: %s in %s", fit(r.Scope, 60), orDash(clean(r.Exit)), short(r.took()))
	if r.Grace > 0 {
		fmt.Fprintf(&b, " of %s grace", short(r.Grace))
	}
	if len(r.Entries) == 0 {
		b.WriteString(", nothing to drop")
		return b.String()
	}
	fmt.Fprintf(&b, ", %s in %s", plural(len(r.Entries), "drop"), plural(r.waveCount(), "wave"))
	if r.Schedule != "" {
		fmt.Fprintf(&b, ", schedule %s", clean(r.Schedule))
	}
	return b.String()
}

func (r *Report) textWaterfall(b *bufio.Writer) {
	rows := r.rows(textRows, textFolded)
	name, outcome, wave := len("guard"), len("outcome"), len("wave")
	for _, w := range rows {
		name = max(name, min(textName, width(clean(w.name()))))
		outcome = max(outcome, min(12, width(w.outcome())))
		wave = max(wave, width(w.waveLabel()))
	}
	axis := timeline{axis: newAxis(r.Started, r.lastEnd()), cells: textBars}
	fmt.Fprintf(b, "   %*s  %s  %s  %7s  %7s  %7s  %s\n", wave, "wave", padRight("guard", name), padRight("outcome", outcome),
		"waited", "took", "slack", axis.header())
	for _, w := range rows {
		waited, took, slack := "·", "·", "·"
		if e := w.entry; e == nil {
			took = "≤" + short(w.longest())
		} else if e.Outcome != outcomeSkipped {
			waited, took, slack = dot(e.Waited()), short(e.Took()), dot(e.Slack)
		}
		line := fmt.Sprintf("%s %s  %s  %s  %s  %s  %s  %s", w.mark(), padLeft(w.waveLabel(), wave), padRight(fit(w.name(), name), name),
			padRight(fit(w.outcome(), outcome), outcome), padLeft(waited, 7), padLeft(took, 7), padLeft(slack, 7), axis.bar(w))
		b.WriteString(strings.TrimRight(line, " "))
		b.WriteByte('\n')
	}
	fmt.Fprintf(b, "\n%s* critical path   ! not ok   · waiting\n", textIndent)
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

// textBudget writes what each wave was allowed and used; a long teardown's
// waves beyond the first forty are one line.
func (r *Report) textBudget(b *bufio.Writer) {
	const most = 40
	fmt.Fprintf(b, "%swave   drops    spent", textIndent)
	if r.Grace > 0 {
		fmt.Fprintf(b, "    share   used")
	}
	b.WriteByte('\n')
	waves := r.Budget()
	for i, w := range waves {
		if i == most && len(waves) > most+1 {
			fmt.Fprintf(b, "%s+ %s more\n", textIndent, plural(len(waves)-most, "wave"))
			break
		}
		fmt.Fprintf(b, "%s%4d %7s  %s", textIndent, w.Index, thousands(w.Size), padLeft(short(w.Spent), 7))
		if r.Grace > 0 {
			fmt.Fprintf(b, "  %s  %s", padLeft(short(w.Share), 7), padLeft(percent(w.Spent, w.Share), 5))
		}
		b.WriteByte('\n')
	}
	ran, waited := r.totals()
	fmt.Fprintf(b, "%sran %s in all, waited %s\n", textIndent, short(ran), short(waited))
}

// textErrors writes the error of the exit, then those of entries that are not
// part of it.
func (r *Report) textErrors(b *bufio.Writer) {
	const most = 40
	if r.Error != "" {
		fmt.Fprintf(b, "\n%serror: %s\n", textIndent, indent(r.Error))
	}
	n := 0
	for i := range r.Entries {
		e := &r.Entries[i]
		text := errorText(e.Err)
		if text == "" || strings.Contains(r.Error, text) {
			continue
		}
		if n++; n == 1 {
			b.WriteByte('\n')
		}
		if n > most {
			continue
		}
		fmt.Fprintf(b, "%s%s (wave %d): %s\n", textIndent, fit(e.Name, textName), e.Wave, indent(text))
	}
	if n > most {
		fmt.Fprintf(b, "%s+ %s more\n", textIndent, plural(n-most, "error"))
	}
}

// indent cleans a text that may have several lines, and keeps them.
func indent(text string) string {
	lines := strings.Split(strings.TrimRight(cut(text, maxExit), "\n"), "\n")
	for i, line := range lines {
		if line != "" {
			lines[i] = isolate(clean(strings.ReplaceAll(line, "\t", "    ")))
		}
	}
	return strings.Join(lines, "\n"+textIndent+textIndent)
}

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
	return short(d)
}

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
