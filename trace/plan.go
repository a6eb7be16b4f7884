package trace

import (
	"bufio"
	"fmt"
	"io"
	"strings"
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
func (p Plan) WriteText(w io.Writer) error {
	const mostWaves, mostNodes, mostDeps = 100, 50, 6
	b := bufio.NewWriter(w)
	nodes, name := 0, 0
	for _, wave := range p.Waves {
		nodes += len(wave)
		for _, n := range wave[:min(len(wave), mostNodes)] {
			name = max(name, min(textName, width(clean(n.Name))))
		}
	}
	if nodes == 0 {
		fmt.Fprintln(b, "plan: nothing to drop")
		return b.Flush()
	}
	fmt.Fprintf(b, "plan: %s in %s\n\n", plural(nodes, "drop"), plural(len(p.Waves), "wave"))
	for i, wave := range p.Waves {
		if i == mostWaves {
			fmt.Fprintf(b, "+ %s more\n", plural(len(p.Waves)-i, "wave"))
			break
		}
		for k, n := range wave {
			label := ""
			if k == 0 {
				label = fmt.Sprintf("wave %d", i)
			}
			if k == mostNodes {
				fmt.Fprintf(b, "%-9s + %s more\n", "", thousands(len(wave)-k))
				break
			}
			line := fmt.Sprintf("%-9s %s  %-6s", label, padRight(fit(n.Name, name), name), clean(n.Kind))
			if len(n.DependsOn) > 0 {
				line += "  depends on " + list(n.DependsOn, mostDeps)
			}
			fmt.Fprintln(b, strings.TrimRight(line, " "))
		}
	}
	return b.Flush()
}

// list joins the first names, and counts the rest.
func list(names []string, most int) string {
	var b strings.Builder
	for i, name := range names {
		if i == most && len(names) > most+1 {
			fmt.Fprintf(&b, " and %s more", thousands(len(names)-most))
			break
		}
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(fit(name, textName))
	}
	return b.String()
}
