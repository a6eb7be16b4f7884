package trace

import (
	"bufio"
	"fmt"
)

// textDrain writes why the scope ended, and what it waited for before the first
// wave.
func (r *Report) textDrain(b *bufio.Writer, l textLayout) {
	if r.Cause != "" {
		fmt.Fprintf(b, "%scause: %s\n", textIndent, indent(r.Cause))
	}
	if r.Drain.IsZero() {
		return
	}
	fmt.Fprintf(b, "%sdrained in %s\n", textIndent, short(r.Drain.Took()))
	items, more := r.Drain.listed()
	name, mark := 0, width(textIndent+"! ")
	for _, it := range items {
		name = max(name, width(it.label(l.name())))
	}
	for _, it := range items {
		sign := " "
		if it.failed() {
			sign = "!"
		}
		fmt.Fprintf(b, "%s%s %s  %s\n", textIndent, sign, padRight(it.label(l.name()), name), fit(it.outcome(), l.cells-mark-name-2))
	}
	if more > 0 {
		fmt.Fprintf(b, "%s  + %s more\n", textIndent, thousands(more))
	}
}
