package trace

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
)

// place is where a scope stands on the page.
type place struct {
	id    string // of its element, and the beginning of those inside it
	level int    // of its heading
	plan  uint64 // number of its plan; 0 inside another scope
	wait  time.Duration
}

// scope writes a scope and all inside it.
func (p *pageWriter) scope(s Snapshot, at place) {
	open := ""
	if at.plan != 0 {
		open = " open"
	}
	p.f(`<details class="scope %s" id="%s"%s><summary><span class="state">%s</span><h%d>%s</h%d>`,
		stateClass(s.State), at.id, open, text(orDash(clean(s.State))), min(at.level, 6), bdi(s.Name), min(at.level, 6))
	p.f(`<span class="soft">%s</span>%s</summary>`+"\n", text(s.facts()), s.waiting(at.wait))
	p.f(`<div class="inside">` + "\n")
	if s.Error != "" {
		p.f(`<p class="cause"><span class="soft">cause</span> <bdi>%s</bdi></p>`+"\n", text(clean(cut(s.Error, maxErrors))))
	}
	p.grace(s)
	p.waves(s)
	items, waits := s.split()
	p.items(items, at.id, s.ending())
	p.graph(s)
	p.children(s, at, waits)
	if at.plan != 0 {
		p.f(`<p class="links">Plan of the teardown: <a href="?plan=%d">text</a>`, at.plan)
		for _, format := range []string{"json", "svg", "dot", "mermaid"} {
			p.f(` <a href="?plan=%d&amp;format=%s">%s</a>`, at.plan, format, format)
		}
		p.f("</p>\n")
	}
	p.f("</div></details>\n")
}

// children writes the scopes inside s, in order. Those of one name, when they
// are many, as the requests of a server are, fold to one line where the first
// stands. They have no numbers, so their ids are made of their names, counted
// where names repeat.
func (p *pageWriter) children(s Snapshot, at place, waits []time.Duration) {
	const many = 5
	byName := make(map[string][]int)
	for n, c := range s.Children {
		byName[c.Name] = append(byName[c.Name], n)
	}
	written, hidden := 0, 0
	write := func(n, count int) {
		c := s.Children[n]
		p.scope(c, place{id: fmt.Sprintf("%s-%x-%d", at.id, c.Name, count), level: at.level + 1, wait: waits[n]})
	}
	seen := make(map[string]int)
	for n, c := range s.Children {
		alike := byName[c.Name]
		seen[c.Name]++
		switch {
		case len(alike) < many && written == maxScopes:
			hidden++
			continue
		case len(alike) < many:
			written++
			write(n, seen[c.Name])
			continue
		case seen[c.Name] > 1:
			continue
		}
		p.f(`<details class="scope many" id="%s-%x"><summary><span class="state">%s</span><h%d>%s</h%d><span class="soft">%s</span></summary>`+"\n",
			at.id, c.Name, thousands(len(alike)), min(at.level+1, 6), bdi(c.Name), min(at.level+1, 6), text(s.tally(alike)))
		p.f(`<div class="inside">` + "\n")
		for count, n := range alike[:min(len(alike), maxAlike)] {
			write(n, count+1)
		}
		if more := len(alike) - maxAlike; more > 0 {
			p.f(`<p class="soft">+ %s more</p>`+"\n", thousands(more))
		}
		p.f("</div></details>\n")
	}
	if hidden > 0 {
		p.f(`<p class="soft">+ %s more</p>`+"\n", thousands(hidden))
	}
}

// tally says in which states some children are, and how long the one that has
// been in its state longest.
func (s Snapshot) tally(children []int) string {
	counts := make(map[string]int)
	var states []string // in order of first appearance
	longest := time.Duration(0)
	for _, n := range children {
		c := s.Children[n]
		if counts[c.State]++; counts[c.State] == 1 {
			states = append(states, c.State)
		}
		longest = max(longest, c.Since)
	}
	for i, state := range states {
		states[i] = thousands(counts[state]) + " " + orDash(clean(state))
	}
	return strings.Join(states, ", ") + " · longest for " + short(longest)
}

// stateClass is the class of a state, if it is one of ours.
func stateClass(state string) string {
	switch state {
	case "open", "draining", "dropping", "closed":
		return "is-" + state
	}
	return ""
}

// facts says how long the scope has been in its state, and what it holds.
func (s Snapshot) facts() string {
	parts := []string{"for " + short(s.Since)}
	for _, kind := range []string{"task", "daemon", "guard"} {
		n := 0
		for _, it := range s.Items {
			if it.Kind == kind {
				n++
			}
		}
		if n > 0 {
			parts = append(parts, plural(n, kind))
		}
	}
	switch n := len(s.Children); {
	case n == 1:
		parts = append(parts, "1 scope inside")
	case n > 1:
		parts = append(parts, thousands(n)+" scopes inside")
	}
	return strings.Join(parts, " · ")
}

// waitsFor returns what the exit waits for, longest first.
func (s Snapshot) waitsFor() []SnapshotItem {
	var list []SnapshotItem
	for _, it := range s.Items {
		if it.Waited > 0 {
			list = append(list, it)
		}
	}
	slices.SortStableFunc(list, func(a, b SnapshotItem) int { return cmp.Compare(b.Waited, a.Waited) })
	return list
}

// html is the kind and the name, as markup.
func (it SnapshotItem) html() string { return text(clean(it.Kind)) + " " + bdi(it.Name) }

// waiting says in a scope's line what its exit waits for, as markup; or, of a
// scope that does not end itself, for how long another's exit has been waiting
// for it.
func (s Snapshot) waiting(wait time.Duration) string {
	waits := s.waitsFor()
	switch {
	case len(waits) == 1:
		return fmt.Sprintf(`<span class="waits">waits for %s, %s</span>`, waits[0].html(), short(waits[0].Waited))
	case len(waits) > 1:
		return fmt.Sprintf(`<span class="waits">waits for %s, %s, and %s more</span>`, waits[0].html(), short(waits[0].Waited), thousands(len(waits)-1))
	case wait > 0:
		return fmt.Sprintf(`<span class="waits">the exit waits for it, %s</span>`, short(wait))
	}
	return ""
}

// grace is a bar with what is left of it, while it runs.
func (p *pageWriter) grace(s Snapshot) {
	if s.Grace <= 0 || !s.ending() {
		return
	}
	p.f(`<p class="grace"><progress max="%d" value="%d" aria-label="grace left"></progress> %s of %s grace left</p>`+"\n",
		s.Grace.Milliseconds(), s.Left.Milliseconds(), short(s.Left), short(s.Grace))
}

// waves shows how far a teardown has come: a step for each wave, with what is
// left in it.
func (p *pageWriter) waves(s Snapshot) {
	const most = 40
	if s.State != "dropping" {
		return
	}
	var left, running []int
	for _, it := range s.Items {
		if it.Kind == "task" || it.Wave < 0 || it.Wave >= most {
			continue
		}
		for len(left) <= it.Wave {
			left, running = append(left, 0), append(running, 0)
		}
		left[it.Wave]++
		if it.Waited > 0 {
			running[it.Wave]++
		}
	}
	if len(left) == 0 {
		return
	}
	p.f(`<ol class="waves" aria-label="waves">` + "\n")
	for k, n := range left {
		switch {
		case n == 0:
			p.f(`<li class="done">wave %d <b>done</b></li>`, k)
		case running[k] > 0:
			p.f(`<li class="now" aria-current="step">wave %d <b>%s left</b></li>`, k, thousands(n))
		default:
			p.f(`<li>wave %d <b>%s</b></li>`, k, thousands(n))
		}
	}
	p.f("\n</ol>\n")
}

// items is the table of what the scope owns. When it is ending, what its exit
// waits for is on top.
func (p *pageWriter) items(items []SnapshotItem, id string, ending bool) {
	if len(items) == 0 {
		return
	}
	waits := ""
	if ending {
		waits = `<th scope="col" class="number">Exit waits</th>`
	}
	p.f(`<div class="scroll"><table class="items"><thead><tr><th scope="col">Name</th><th scope="col">Kind</th><th scope="col">State</th>`+
		`<th scope="col" class="number">Age</th>%s<th scope="col" class="number">Wave</th><th scope="col">Depends on</th></tr></thead><tbody>`+"\n", waits)
	seen := make(map[string]int)
	for n, it := range items {
		if n == mostItems {
			p.f(`<tr><td colspan="7" class="soft">+ %s more</td></tr>`+"\n", thousands(len(items)-n))
			break
		}
		key := it.Kind + " " + it.Name
		seen[key]++
		p.item(it, fmt.Sprintf("%s-%x-%d", id, key, seen[key]), ending)
	}
	p.f("</tbody></table></div>\n")
}

func (p *pageWriter) item(it SnapshotItem, id string, ending bool) {
	class, waited, wave := "", "", ""
	if it.Waited > 0 {
		class, waited = ` class="awaited"`, short(it.Waited)
	}
	if it.Kind != "task" {
		wave = fmt.Sprint(it.Wave)
	}
	p.f(`<tr id="%s"%s><th scope="row">%s</th><td>%s</td><td><span class="dot %s"></span>%s</td><td class="number">%s</td>`,
		id, class, bdi(it.Name), text(orDash(clean(it.Kind))), dotClass(it.State), text(orDash(clean(it.State))), short(it.Age))
	if ending {
		p.f(`<td class="number">%s</td>`, waited)
	}
	p.f(`<td class="number">%s</td><td>%s</td></tr>`+"\n", wave, dependencies(&Entry{DependsOn: it.DependsOn}))
}

func dotClass(state string) string {
	switch state {
	case "dropping":
		return "is-dropping"
	case "abandoned":
		return "is-abandoned"
	}
	return "is-open"
}

// graph draws what depends on what, if anything does. The table says the same.
func (p *pageWriter) graph(s Snapshot) {
	if p.graphs == maxGraphs || !slices.ContainsFunc(s.Items, func(it SnapshotItem) bool { return len(it.DependsOn) > 0 }) {
		return
	}
	p.graphs++
	p.f(`<figure><figcaption>Dependencies</figcaption><div class="scroll">`)
	p.dag(newDAG(s.vertices(), dagColumns, dagRows), "what depends on what in "+clean(s.Name), false)
	p.f("</div></figure>\n")
}
