package trace

import (
	"bufio"
	"fmt"
	"io"
	"strings"

	"github.com/ebb-go/ebb/internal/term"
)

// Plan is the teardown of a scope as it would run now. It is a copy: what the
// scope registers or drops later does not change it.
type Plan struct {
	Waves [][]PlanNode // in the order in which they are dropped
}

// PlanNode is one guard, daemon or child scope of a [Plan].
type PlanNode struct {
	Name      string
	Kind      string // guard, daemon or child
	Wave      int
	DependsOn []string // names of what it uses, which is dropped later
}

// WriteText writes p with one line per node, under the number of its wave:
// what it is and what it depends on. Waves of more than fifty nodes, and plans
// of more than a hundred waves, are cut short with a count.
func (p Plan) WriteText(w io.Writer, opts ...TextOption) error {
	l := layoutFor(w, opts)
	const mostWaves, mostNodes, mostDeps = 100, 50, 6
	b := bufio.NewWriter(w)
	nodes, name := 0, 0
	for _, wave := range p.Waves {
		nodes += len(wave)
		for _, n := range wave[:min(len(wave), mostNodes)] {
			name = max(name, min(l.name(), term.Width(term.Clean(n.Name))))
		}
	}
	if nodes == 0 {
		fmt.Fprintln(b, "plan: nothing to drop")
		return b.Flush()
	}
	fmt.Fprintf(b, "plan: %s in %s\n\n", term.Plural(nodes, "drop"), term.Plural(len(p.Waves), "wave"))
	for i, wave := range p.Waves {
		if i == mostWaves {
			fmt.Fprintf(b, "+ %s more\n", term.Plural(len(p.Waves)-i, "wave"))
			break
		}
		for k, n := range wave {
			label := ""
			if k == 0 {
				label = fmt.Sprintf("wave %d", i)
			}
			if k == mostNodes {
				fmt.Fprintf(b, "%-9s + %s more\n", "", term.Thousands(len(wave)-k))
				break
			}
			line := fmt.Sprintf("%-9s %s  %-6s", label, term.PadRight(term.Fit(n.Name, name), name), term.Clean(n.Kind))
			if len(n.DependsOn) > 0 {
				line += "  depends on "
				line += list(n.DependsOn, mostDeps, l.name(), l.cells-term.Width(line))
			}
			fmt.Fprintln(b, strings.TrimRight(line, " "))
		}
	}
	return b.Flush()
}

// list joins the first names, each of at most longest cells, and counts the rest.
// There are at most most names, and of those as many as fit into cells; the first
// is always there.
func list(names []string, most, longest, cells int) string {
	var b strings.Builder
	const room = len(" and 1,000,000 more")
	for i, name := range names {
		name = term.Fit(name, longest)
		if i > 0 {
			name = ", " + name
		}
		if left := len(names) - i; i == most && left > 1 || i > 0 && term.Width(name) > cells-room && (left > 1 || term.Width(name) > cells) {
			fmt.Fprintf(&b, " and %s more", term.Thousands(left))
			break
		}
		cells -= term.Width(name)
		b.WriteString(name)
	}
	return b.String()
}
