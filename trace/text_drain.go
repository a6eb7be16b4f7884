package trace

import (
	"bufio"
	"fmt"

	"github.com/ebb-go/ebb/internal/term"
)

// textDrain writes why the scope ended, and what it waited for before the first
// wave.
func (r *Report) textDrain(b *bufio.Writer, l textLayout) {
	if r.Cause != "" {
		fmt.Fprintf(b, "%scause: %s\n", textIndent, indent(r.Cause))
	}
	if r.Drain.isZero() {
		return
	}
	fmt.Fprintf(b, "%sdrained in %s\n", textIndent, term.Short(r.Drain.Took()))
	items, more := r.Drain.listed()
	name, mark := 0, term.Width(textIndent+"! ")
	for _, it := range items {
		name = max(name, term.Width(it.label(l.name())))
	}
	for _, it := range items {
		sign := " "
		if it.failed() {
			sign = "!"
		}
		fmt.Fprintf(b, "%s%s %s  %s\n", textIndent, sign, term.PadRight(it.label(l.name()), name), term.Fit(it.outcome(), l.cells-mark-name-2))
	}
	if more > 0 {
		fmt.Fprintf(b, "%s  + %s more\n", textIndent, term.Thousands(more))
	}
}
