package trace

import (
	"fmt"
	"io"
)

// The page is written by hand: what html/template brings along keeps the linker
// from leaving out methods nobody calls, in every program that has an
// Inspector. All that comes from outside passes through text or bdi.

// Bounds of the page. What does not fit is counted, and is all in the JSON.
const (
	maxScopes = 200 // roots, or children of one scope
	maxAlike  = 50  // of one name
	maxGraphs = 12
)

// writeHTML writes the page, or only the part of it that changes.
func (v view) writeHTML(w io.Writer, part bool) error {
	p := pageWriter{svgWriter: newSVG(w)}
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
	graphs int // drawn so far
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
		thousands(len(v.scopes)))
	if len(v.scopes) == 0 {
		p.f(`<p class="empty">No scope is running.</p>` + "\n")
	}
	for n, s := range v.scopes {
		if n == maxScopes {
			p.f(`<p class="soft">+ %s more</p>`+"\n", thousands(len(v.scopes)-n))
			break
		}
		p.scope(s.Snapshot, place{id: fmt.Sprintf("s%d", s.id), level: 3, plan: s.id})
	}
	p.f("</section>\n")
	p.teardowns(v)
	p.f("</main>\n")
}
