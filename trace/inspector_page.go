package trace

import (
	"fmt"
	"hash/fnv"
	"io"

	"github.com/ebb-go/ebb/internal/term"
)

// The page is written by hand: what html/template brings along keeps the linker
// from leaving out methods that are not called, in every program that has an
// Inspector. All that comes from outside passes through text or bdi.

// Bounds of the page. What does not fit is counted, and is all in the JSON.
const (
	maxScopes = 200 // roots, or children of one scope
	maxAlike  = 50  // of one name
	maxGraphs = 12
	maxShown  = 4000 // scopes and items in all
)

// writeHTML writes the page, or only the part of it that changes.
func (v view) writeHTML(w io.Writer, part bool) error {
	p := pageWriter{svgWriter: newSVG(w), left: maxShown, ids: make(map[string]bool)}
	if part {
		p.live(v)
		return p.Flush()
	}
	p.f(`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width,initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>ebb</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="?file=style">
<script src="?file=script" defer></script>
</head>
<body>
<a class="skip" href="#teardowns">Skip to the last teardowns</a>
<header>
<h1>ebb <span class="soft">inspector</span></h1>
<p class="tools"><span id="pulse" class="soft">As of %s</span>
<button type="button" id="pause" aria-pressed="false" hidden>Pause</button>
<a href="?format=json">JSON</a> <a href="?format=text">Text</a></p>
</header>
<p id="lost" class="problem" role="alert" hidden></p>
`, v.now.Format("15:04:05"))
	p.live(v)
	p.f("<noscript><p class=\"soft\">Without scripts this page does not update itself: reload it.</p></noscript>\n</body>\n</html>\n")
	return p.Flush()
}

// pageWriter writes the page.
type pageWriter struct {
	svgWriter
	graphs int             // drawn so far
	left   int             // scopes and items that may still be written
	ids    map[string]bool // given out
}

// id makes the id of an element of some sort inside another. It depends on the
// names alone, so that the element of the next answer has the same, and it has
// the same length at every depth. Should two come out equal, the later one gets a
// stroke: ids of one page differ whatever the names are.
func (p *pageWriter) id(parent, sort, name string, n int) string {
	h := fnv.New64a()
	fmt.Fprintf(h, "%s %s %d %s", parent, sort, n, name)
	id := fmt.Sprintf("%s%016x", sort, h.Sum64())
	for p.ids[id] {
		id += "-"
	}
	p.ids[id] = true
	return id
}

// live is the part of the page that changes. The script puts a new one in the
// place of the old one, keeping each element that has the same id, so that
// focus and what is unfolded stay. data-every is in how many milliseconds to
// ask for the next.
func (p *pageWriter) live(v view) {
	every := 1000
	if len(v.news()) > 0 {
		every = 250
	}
	p.f(`<main id="live" data-every="%d" data-title="%s">`+"\n", every, text(v.title()))
	p.f(`<p id="status" role="status">%s</p>`+"\n", v.status())
	p.f(`<section id="scopes" aria-labelledby="scopes-head"><h2 id="scopes-head" tabindex="-1">Scopes <span class="count">%s</span></h2>`+"\n",
		term.Thousands(len(v.scopes)))
	if len(v.scopes) == 0 {
		p.f(`<p class="empty">No scope is running.</p>` + "\n")
	}
	for n, s := range v.scopes {
		if n == maxScopes || p.left <= 0 {
			p.f(`<p class="soft">+ %s more</p>`+"\n", term.Thousands(len(v.scopes)-n))
			break
		}
		p.scope(&s.Snapshot, place{id: p.id("", "s", "", int(s.id)), level: 3, plan: s.id})
	}
	p.f("</section>\n")
	p.teardowns(v)
	p.f("</main>\n")
}
