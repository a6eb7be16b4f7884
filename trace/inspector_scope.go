package trace

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/ebb-go/ebb/internal/term"
)

// place is where a scope stands on the page.
type place struct {
	id    string // of its element, and the beginning of those inside it
	level int    // of its heading
	depth int    // 0 for a root
	plan  uint64 // number of its plan; 0 inside another scope
	wait  time.Duration
}

// scope writes a scope and all inside it.
func (p *pageWriter) scope(s *Snapshot, at place) {
	p.left--
	open := ""
	if at.plan != 0 {
		open = " open"
	}
	p.f(`<details class="scope %s" id="%s"%s><summary><span class="state">%s</span><h%d>%s</h%d>`,
		stateClass(s.State), at.id, open, text(orDash(term.Clean(s.State))), min(at.level, 6), bdi(s.Name), min(at.level, 6))
	p.f(`<span class="soft">%s</span>%s</summary>`+"\n", text(s.facts()), s.waiting(at.wait))
	p.f(`<div class="inside">` + "\n")
	if s.Error != "" {
		p.f(`<p class="cause"><span class="soft">cause</span> <bdi>%s</bdi></p>`+"\n", text(term.Clean(term.Cut(s.Error, maxErrors))))
	}
	p.grace(*s)
	p.waves(*s)
	items, waits := s.split()
	p.items(items, at.id, s.ending())
	p.graph(*s)
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

// stateClass is the class of a state, if it is one of ours.
func stateClass(state string) string {
	switch state {
	case "open", "draining", "dropping", "closed":
		return "is-" + state
	}
	return ""
}

// facts writes how long the scope has been in its state, and what it holds.
func (s Snapshot) facts() string {
	var parts []string
	if s.Since > 0 {
		parts = append(parts, "for "+term.Short(s.Since))
	}
	for _, kind := range []string{"task", "daemon", "guard"} {
		n := 0
		for _, it := range s.Items {
			if it.Kind == kind {
				n += it.count()
			}
		}
		if n > 0 {
			parts = append(parts, term.Plural(n, kind))
		}
	}
	switch n := len(s.Children); {
	case n == 1:
		parts = append(parts, "1 scope inside")
	case n > 1:
		parts = append(parts, term.Thousands(n)+" scopes inside")
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
func (it SnapshotItem) html() string { return text(term.Clean(it.Kind)) + " " + it.markup() }

// waiting writes into a scope's line what its exit waits for, as markup; or, of a
// scope that does not end itself, for how long another's exit has been waiting
// for it.
func (s Snapshot) waiting(wait time.Duration) string {
	waits := s.waitsFor()
	switch {
	case len(waits) == 1:
		return fmt.Sprintf(`<span class="waits">waits for %s, %s</span>`, waits[0].html(), term.Short(waits[0].Waited))
	case len(waits) > 1:
		return fmt.Sprintf(`<span class="waits">waits for %s, %s, and %s more</span>`, waits[0].html(), term.Short(waits[0].Waited), term.Thousands(len(waits)-1))
	case wait > 0:
		return fmt.Sprintf(`<span class="waits">the exit waits for it, %s</span>`, term.Short(wait))
	}
	return ""
}

// grace is a bar with what is left of it, while it runs.
func (p *pageWriter) grace(s Snapshot) {
	if s.Grace <= 0 || !s.ending() {
		return
	}
	p.f(`<p class="grace"><progress max="%d" value="%d" aria-label="grace left"></progress> %s of %s grace left</p>`+"\n",
		s.Grace.Milliseconds(), s.Left.Milliseconds(), term.Short(s.Left), term.Short(s.Grace))
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
		if !it.placed() || it.Wave >= most {
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
			p.f(`<li class="now" aria-current="step">wave %d <b>%s left</b></li>`, k, term.Thousands(n))
		default:
			p.f(`<li>wave %d <b>%s</b></li>`, k, term.Thousands(n))
		}
	}
	p.f("\n</ol>\n")
}

// graph draws what depends on what, if anything does. The table has the same in words.
func (p *pageWriter) graph(s Snapshot) {
	if p.graphs == maxGraphs || !slices.ContainsFunc(s.Items, func(it SnapshotItem) bool { return len(it.DependsOn) > 0 }) {
		return
	}
	p.graphs++
	p.f(`<figure><figcaption>Dependencies</figcaption><div class="scroll">`)
	p.picture(newGraph(s.vertices(), dagColumns, dagRows), "what depends on what in "+term.Clean(s.Name), false)
	p.f("</div></figure>\n")
}
