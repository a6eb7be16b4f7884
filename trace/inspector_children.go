package trace

import (
	"strings"
	"time"

	"github.com/ebb-go/ebb/internal/term"
)

// children writes the scopes inside s, in order. Those of one name, when they
// are many, as the requests of a server are, fold to one line where the first
// stands. They have no numbers, so their ids are made of their names, counted
// where names repeat.
func (p *pageWriter) children(s *Snapshot, at place, waits []time.Duration) {
	const many = 5
	if len(s.Children) > 0 && at.depth == mostLevels {
		p.f(`<p class="soft">%s below</p>`+"\n", term.Plural(len(s.Children), "scope"))
		return
	}
	byName := make(map[string][]int)
	for n := range s.Children {
		byName[s.Children[n].Name] = append(byName[s.Children[n].Name], n)
	}
	written, hidden := 0, 0
	write := func(n, count int) {
		c := &s.Children[n]
		p.scope(c, place{id: p.id(at.id, "c", c.Name, count), level: at.level + 1, depth: at.depth + 1, wait: waits[n]})
	}
	seen := make(map[string]int)
	for n := range s.Children {
		c := &s.Children[n]
		alike := byName[c.Name]
		seen[c.Name]++
		switch {
		case len(alike) < many && (written == maxScopes || p.left <= 0):
			hidden++
			continue
		case len(alike) < many:
			written++
			write(n, seen[c.Name])
			continue
		case seen[c.Name] > 1:
			continue
		}
		p.f(`<details class="scope many" id="%s"><summary><span class="state">%s</span><h%d>%s</h%d><span class="soft">%s</span></summary>`+"\n",
			p.id(at.id, "f", c.Name, 0), term.Thousands(len(alike)), min(at.level+1, 6), bdi(c.Name), min(at.level+1, 6), text(s.tally(alike)))
		p.f(`<div class="inside">` + "\n")
		shown := 0
		for ; shown < min(len(alike), maxAlike) && p.left > 0; shown++ {
			write(alike[shown], shown+1)
		}
		if more := len(alike) - shown; more > 0 {
			p.f(`<p class="soft">+ %s more</p>`+"\n", term.Thousands(more))
		}
		p.f("</div></details>\n")
	}
	if hidden > 0 {
		p.f(`<p class="soft">+ %s more</p>`+"\n", term.Thousands(hidden))
	}
}

// tally counts the states that some children are in, and how long the one that has
// been in its state longest.
func (s *Snapshot) tally(children []int) string {
	counts := make(map[string]int)
	var states []string // in order of first appearance
	longest := time.Duration(0)
	for _, n := range children {
		c := &s.Children[n]
		if counts[c.State]++; counts[c.State] == 1 {
			states = append(states, c.State)
		}
		longest = max(longest, c.Since)
	}
	for i, state := range states {
		states[i] = term.Thousands(counts[state]) + " " + orDash(term.Clean(state))
	}
	if longest == 0 {
		return strings.Join(states, ", ")
	}
	return strings.Join(states, ", ") + " · longest for " + term.Short(longest)
}
