package trace

import (
	"bufio"
	"fmt"
)

// textDrain writes why the scope ended, and what it waited for before the first
// wave.
func (r *Report) textDrain(b *bufio.Writer) {
	if r.Cause != "" {
		fmt.Fprintf(b, "%scause: %s\n", textIndent, indent(r.Cause))
	}
	if r.Drain.IsZero() {
		return
	}
	fmt.Fprintf(b, "%sdrained in %s\n", textIndent, short(r.Drain.Took()))
	items, more := r.Drain.listed()
	name := 0
	for _, it := range items {
		name = max(name, width(it.label(textName)))
	}
	for _, it := range items {
		mark := " "
		if it.failed() {
			mark = "!"
		}
		fmt.Fprintf(b, "%s%s %s  %s\n", textIndent, mark, padRight(it.label(textName), name), it.outcome())
	}
	if more > 0 {
		fmt.Fprintf(b, "%s  + %s more\n", textIndent, thousands(more))
	}
}
