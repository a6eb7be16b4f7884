package trace

import (
	"fmt"
	"io"
	"strings"
	"time"
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
	for _, s := range v.scopes {
		if s.ending() {
			every = 250
		}
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

// title is that of the window.
func (v view) title() string {
	for _, s := range v.scopes {
		if s.ending() {
			return clean(s.Name) + " is " + clean(s.State) + " · ebb"
		}
	}
	return plural(len(v.scopes), "scope") + " · ebb"
}

// status says in a sentence what is going on. It is read out whenever it
// changes, so it has no times in it.
func (v view) status() string {
	var parts []string
	for _, s := range v.scopes {
		if !s.ending() || len(parts) == maxListed {
			continue
		}
		part := bdi(s.Name) + " is " + text(clean(s.State))
		if waits := s.waitsFor(); len(waits) > 0 {
			part += " and waits for " + waits[0].html()
			if more := len(waits) - 1; more > 0 {
				part += fmt.Sprintf(" and %s more", thousands(more))
			}
		}
		parts = append(parts, part+".")
	}
	switch {
	case len(parts) > 0:
	case len(v.scopes) > 0:
		parts = append(parts, plural(len(v.scopes), "scope")+", none is ending.")
	default:
		parts = append(parts, "No scope is running.")
	}
	if len(v.teardowns) > 0 {
		parts = append(parts, "Last torn down: "+v.teardowns[0].verdict())
	}
	return strings.Join(parts, " ")
}

// ending reports whether the scope has begun its exit. Of those inside it some
// end all the time, as the requests of a server do, and that is no news.
func (s Snapshot) ending() bool { return s.State == "draining" || s.State == "dropping" }

// teardowns is the list of the last teardowns.
func (p *pageWriter) teardowns(v view) {
	p.f(`<section id="teardowns" aria-labelledby="teardowns-head"><h2 id="teardowns-head" tabindex="-1">Last teardowns <span class="count">%d</span></h2>`+"\n",
		len(v.teardowns))
	if len(v.teardowns) == 0 {
		p.f(`<p class="empty">None yet.</p>` + "\n</section>\n")
		return
	}
	p.f(`<div class="scroll"><table><thead><tr><th scope="col">Scope</th><th scope="col">Exit</th><th scope="col">Ended</th>` +
		`<th scope="col" class="number">Took</th><th scope="col" class="number">Drops</th><th scope="col" class="number">Waves</th>` +
		`<th scope="col">Not ok</th><th scope="col">Waterfall</th></tr></thead><tbody>` + "\n")
	for _, k := range v.teardowns {
		p.teardown(k)
	}
	p.f("</tbody></table></div>\n</section>\n")
}

func (p *pageWriter) teardown(k kept) {
	r := k.report
	p.f(`<tr id="t%d"><th scope="row"><a href="?report=%d">%s</a></th><td>%s</td>`, k.id, k.id, bdi(r.Scope), text(orDash(clean(r.Exit))))
	p.f(`<td><time datetime="%s">%s</time></td>`, r.Ended.Format(time.RFC3339Nano), r.Ended.Format("15:04:05"))
	p.f(`<td class="number">%s</td><td class="number">%s</td><td class="number">%s</td>`, short(k.took()), thousands(k.drops), thousands(k.waves))
	if k.faults == 0 {
		p.f(`<td class="soft">–</td>`)
	} else {
		p.f(`<td class="bad">%s</td>`, k.faulty())
	}
	p.f(`<td><a href="?report=%d" tabindex="-1" aria-hidden="true">`, k.id)
	p.thumbnail(r)
	p.f("</a></td></tr>\n")
}

// thumbnail is a waterfall so small that it has only bars.
func (p *pageWriter) thumbnail(r *Report) {
	const width, height, rows = 200, 28, 14
	total := max(1, r.lastEnd().Sub(r.Started))
	p.f(`<svg class="ebb-pic thumb" width="%d" height="%d" viewBox="0 0 %d %d" aria-hidden="true">`, width, height, width, height)
	list := r.rows(rows, rows-4)
	if len(list) > rows {
		list = list[:rows]
	}
	step := float64(height) / float64(max(1, len(list)))
	for n, row := range list {
		_, started, ended := row.span()
		x := width * float64(started.Sub(r.Started)) / float64(total)
		w := width * float64(ended.Sub(started)) / float64(total)
		p.f(`<rect class="%s" x="%s" y="%s" width="%s" height="%s"/>`, row.thumbClass(), px(min(x, width-1.5)), px(float64(n)*step),
			px(max(w, 1.5)), px(min(step-.5, 6)))
	}
	p.f("</svg>")
}

func (w row) thumbClass() string {
	outcome := outcomeOK
	if w.entry != nil {
		outcome = w.entry.Outcome
	} else if len(w.fold) > 0 {
		outcome = w.worst()
	}
	if w.critical && !failed(outcome) {
		return "ebb-path"
	}
	return "ebb-" + tone(outcome)
}

// faulty names the first drops that did not end well, as markup.
func (k kept) faulty() string {
	list := make([]string, len(k.failed))
	for i, f := range k.failed {
		list[i] = "<bdi>" + text(f) + "</bdi>"
	}
	s := strings.Join(list, ", ")
	if more := k.faults - len(k.failed); more > 0 {
		s += " and " + thousands(more) + " more"
	}
	return s
}

// verdict says how a teardown went, as markup.
func (k kept) verdict() string {
	s := bdi(k.report.Scope) + ", " + plural(k.drops, "drop") + " in " + short(k.took())
	if k.faults > 0 {
		return s + "; not ok: " + k.faulty() + "."
	}
	return s + ", all ok."
}

// line is the verdict for a terminal.
func (k kept) line() string {
	s := fmt.Sprintf("teardown %d of %s  %s  %s in %s", k.id, isolate(clean(k.report.Scope)), orDash(clean(k.report.Exit)),
		plural(k.drops, "drop"), short(k.took()))
	if k.faults > 0 {
		s += fmt.Sprintf(", %s not ok: %s", thousands(k.faults), strings.Join(k.failed, ", "))
	}
	return s
}
