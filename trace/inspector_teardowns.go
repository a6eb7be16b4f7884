package trace

import (
	"fmt"
	"strings"
	"time"

	"github.com/ebb-go/ebb/internal/term"
)

// teardowns is the list of the last teardowns. Of a path that has many, as that
// of a server's requests, the older ones are folded.
func (p *pageWriter) teardowns(v view) {
	const many = 6
	p.f(`<section id="teardowns" aria-labelledby="teardowns-head"><h2 id="teardowns-head" tabindex="-1">Last teardowns <span class="count">%d</span></h2>`+"\n",
		len(v.teardowns))
	var first, rest []kept
	seen := make(map[string]int)
	for _, k := range v.teardowns {
		if seen[k.report.Scope]++; seen[k.report.Scope] <= many {
			first = append(first, k)
		} else {
			rest = append(rest, k)
		}
	}
	if len(first) > 0 {
		p.table(first)
	} else {
		p.f(`<p class="empty">None yet.</p>` + "\n")
	}
	if len(rest) > 0 {
		p.f(`<details id="older"><summary>%s more of the same scopes</summary>`, term.Thousands(len(rest)))
		p.table(rest)
		p.f("</details>\n")
	}
	p.f("</section>\n")
}

// table writes the teardowns that are kept, the newest first; the older ones of a
// path are folded under the newest.
func (p *pageWriter) table(list []kept) {
	p.f(`<div class="scroll"><table><thead><tr><th scope="col">Scope</th><th scope="col">Exit</th><th scope="col">Ended</th>` +
		`<th scope="col" class="number">Took</th><th scope="col" class="number">Drops</th><th scope="col" class="number">Waves</th>` +
		`<th scope="col">Not ok</th><th scope="col">Waterfall</th></tr></thead><tbody>` + "\n")
	for _, k := range list {
		p.teardown(k)
	}
	p.f("</tbody></table></div>\n")
}

// teardown writes the line of one teardown, with a thumbnail of its waterfall that
// links to the whole.
func (p *pageWriter) teardown(k kept) {
	r := k.report
	p.f(`<tr id="t%d"><th scope="row"><a href="?report=%d">%s</a></th><td>%s</td>`, k.id, k.id, bdi(r.Scope), text(orDash(term.Clean(r.Exit))))
	p.f(`<td><time datetime="%s">%s</time></td>`, r.Ended.Format(time.RFC3339Nano), r.Ended.Format("15:04:05"))
	p.f(`<td class="number">%s</td><td class="number">%s</td><td class="number">%s</td>`, term.Short(k.took()), term.Thousands(k.drops), term.Thousands(k.waves))
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
	axis := newAxis(r.Started, r.lastEnd())
	p.f(`<svg class="ebb-pic thumb" width="%d" height="%d" viewBox="0 0 %d %d" aria-hidden="true">`, width, height, width, height)
	list := r.rows(rows, rows-4)
	if len(list) > rows {
		list = list[:rows]
	}
	step := float64(height) / float64(max(1, len(list)))
	for n, row := range list {
		_, started, ended := row.span()
		x := width * axis.share(started)
		w := width*axis.share(ended) - x
		p.f(`<rect class="%s" x="%s" y="%s" width="%s" height="%s"/>`, row.thumbClass(), px(min(x, width-1.5)), px(float64(n)*step),
			px(max(w, 1.5)), px(min(step-.5, 6)))
	}
	p.f("</svg>")
}

// thumbClass is the colour of a bar in a thumbnail: by the outcome if that is one to
// look at, else by the critical path.
func (w row) thumbClass() string {
	word := ""
	if w.entry != nil {
		word = w.entry.Outcome
	} else if len(w.fold) > 0 {
		word = w.worst()
	}
	if w.critical && !failed(word) {
		return "ebb-path"
	}
	return "ebb-" + tone(word)
}

// faulty names the first drops that did not end well, as markup.
func (k kept) faulty() string {
	list := make([]string, len(k.failed))
	for i, f := range k.failed {
		list[i] = "<bdi>" + text(f) + "</bdi>"
	}
	s := strings.Join(list, ", ")
	if more := k.faults - len(k.failed); more > 0 {
		s += " and " + term.Thousands(more) + " more"
	}
	return s
}

// verdict is how a teardown went, as markup.
func (k kept) verdict() string {
	s := bdi(k.report.Scope) + ", " + term.Plural(k.drops, "drop") + " in " + term.Short(k.took())
	if k.faults > 0 {
		return s + "; not ok: " + k.faulty() + "."
	}
	return s + ", all ok."
}

// line is the verdict for a terminal.
func (k kept) line() string {
	s := fmt.Sprintf("teardown %d of %s  %s  %s in %s", k.id, term.Isolate(term.Clean(k.report.Scope)), orDash(term.Clean(k.report.Exit)),
		term.Plural(k.drops, "drop"), term.Short(k.took()))
	if k.faults > 0 {
		s += fmt.Sprintf(", %s not ok: %s", term.Thousands(k.faults), strings.Join(k.failed, ", "))
	}
	return s
}
