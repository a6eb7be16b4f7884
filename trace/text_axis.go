package trace

import (
	"strings"
	"time"

	"github.com/ebb-go/ebb/internal/term"
)

// Bars of text have eight steps in a cell where there are characters for them. All
// positions are reckoned in these eighths and rounded once, so that a bar that
// begins where another ends does so in the same cell.

// timeline maps times to the cells of a line of text.
type timeline struct {
	axis
	cells int
}

// at returns the position of t in eighths of a cell.
func (l timeline) at(t time.Time) int {
	return int(float64(l.cells*8)*l.share(t) + 0.5)
}

// header names the beginning, the middle and the end of the axis.
func (l timeline) header() string {
	total := l.length
	line := []rune(strings.Repeat(" ", l.cells))
	middle, end := []rune(term.Short(total/2)), []rune(term.Short(total))
	copy(line, []rune("0s"))
	if total > 0 && l.cells < 2*(len(middle)+len(end)) {
		copy(line[max(0, l.cells-len(end)):], end)
	} else if total > 0 {
		copy(line[(l.cells-len(middle))/2:], middle)
		copy(line[l.cells-len(end):], end)
	}
	return strings.TrimRight(string(line), " ")
}

// bar draws a row: dots while it waited, then a bar while it ran, solid on the
// critical path and grey otherwise. Solid bars end on an eighth of a cell; grey
// ones, for which there are no such characters, on a whole one. Each bar has
// at least one mark, so that what took no time is seen too.
func (l timeline) bar(w row) string {
	queued, started, ended := w.span()
	q, s, e := l.at(queued)/8, l.at(started), l.at(ended)
	first := min(s/8, l.cells-1) // the bar's first cell
	var b strings.Builder
	b.WriteString(strings.Repeat(" ", min(q, first)))
	b.WriteString(strings.Repeat("·", max(0, first-q)))
	switch {
	case w.entry == nil && w.mixed():
		return term.Fit(w.summary(), l.cells)
	case w.entry != nil && w.entry.skipped():
		b.WriteString("×")
	case w.entry != nil && w.critical:
		b.WriteString(solid(e - first*8))
	case e-s < 4:
		b.WriteString("▏")
	default:
		b.WriteString(strings.Repeat("▒", (e-s+4)/8))
	}
	return b.String()
}

// solid draws a bar of some eighths of a cell.
func solid(eighths int) string {
	const parts = "▏▎▍▌▋▊▉"
	eighths = max(1, eighths)
	bar := strings.Repeat("█", eighths/8)
	if part := eighths % 8; part > 0 {
		const size = len("▏")
		bar += parts[(part-1)*size : part*size]
	}
	return bar
}
