package trace

import (
	"fmt"
	"io"
	"math"
	"strings"

	"github.com/ebb-go/ebb/internal/term"
)

// Widths in pixels: of the content of a page in a window of 1400 with a scroll
// bar, of the waterfall at its least and most, and of one with a graph so wide that they
// stand side by side only in a window that is wider.
const (
	pageWidth    = 1336
	pageGap      = 24
	fallNarrow   = 640
	fallStacked  = 800
	fallWide     = 1000
	figureBorder = 2
	pageRows     = 500 // of the table, beyond which it folds
	pageFolded   = 200
)

// WriteHTML writes r as a page that stands alone in one file, without scripts
// and without anything from outside: what happened in figures, the error, the
// waterfall with the graph beside it (below it where there is no room), what
// each wave was allowed and used, and a table of the drops. It is light or dark
// as the browser prefers. Big reports are folded, as in [Report.WriteText]; all
// of it is in [Report.MarshalJSON]. WriteHTML returns the first error of w.
func (r *Report) WriteHTML(w io.Writer) error {
	r = r.whole()
	s := newSVG(w)
	title := "teardown of " + term.Isolate(term.Clean(r.Scope))
	s.f(`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width,initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>%s</title>
<style>%s</style>
</head>
<body>
<main>
<h1>Teardown of <bdi>%s</bdi></h1>
`, text(title), pageStyle, text(term.Clean(r.Scope)))
	s.facts(r)
	if r.Error != "" {
		s.f(`<p class="problem" role="alert">%s</p>`+"\n", multiline(r.Error))
	}
	s.drain(r)
	if len(r.Entries) > 0 {
		s.figures(r)
		s.waveTable(r)
		s.dropTable(r)
	}
	s.f("</main>\n</body>\n</html>\n")
	return s.Flush()
}

// multiline makes a text safe that may have several lines, and keeps them.
func multiline(s string) string {
	lines := strings.Split(term.Cut(s, term.MaxExit), "\n")
	for i, line := range lines {
		if line = strings.ReplaceAll(line, "\t", "    "); line != "" {
			lines[i] = "<bdi>" + text(term.Clean(line)) + "</bdi>"
		}
	}
	return strings.Join(lines, "\n")
}

// facts are the figures at the top.
func (s svgWriter) facts(r *Report) {
	ran, waited := r.totals()
	took := r.took()
	s.f(`<p class="soft">%s</p>`+"\n", text(r.subline()))
	s.f(`<dl class="facts">` + "\n")
	fact := func(label, value string) {
		s.f("<div><dt>%s</dt><dd>%s</dd></div>\n", label, text(value))
	}
	fact("in all", term.Short(took))
	if r.Grace > 0 {
		fact("of the grace of "+term.Short(r.Grace), percent(took, r.Grace))
	}
	if !r.Drain.isZero() {
		fact("draining", term.Short(r.Drain.Took()))
	}
	fact("drops", term.Thousands(len(r.Entries)))
	if len(r.Entries) > 0 {
		fact("waves", term.Thousands(r.waveCount()))
		fact("not ok", term.Thousands(r.failures()))
		fact("one by one", term.Short(ran))
		fact("spent waiting", term.Short(waited))
	}
	s.f("</dl>\n")
}

// subline says how the scope ended, when, and by which schedule.
func (r *Report) subline() string {
	parts := []string{orDash(term.Clean(r.Exit))}
	if r.Schedule != "" {
		parts = append(parts, "schedule "+term.Clean(r.Schedule))
	}
	if !r.Started.IsZero() {
		parts = append(parts, r.Started.Format("2006-01-02 15:04:05.000 MST"))
	}
	return strings.Join(parts, " · ")
}

func (r *Report) failures() int {
	n := 0
	for i := range r.Entries {
		if failed(r.Entries[i].Outcome) {
			n++
		}
	}
	return n
}

// figures puts the graph beside the waterfall if that leaves it its least
// width, and below it otherwise.
func (s svgWriter) figures(r *Report) {
	d := newGraph(r.vertices(), dagColumns, dagRows).layout()
	graph, _ := d.size()
	fall := pageWidth - math.Ceil(graph) - pageGap - 2*figureBorder
	if fall < fallNarrow {
		fall = fallStacked
	}
	s.f(`<div class="figures">` + "\n<figure>\n<h2>Waterfall</h2>\n" + `<div tabindex="0" role="group" aria-label="waterfall">` + "\n")
	s.waterfall(r, min(fall, fallWide), false)
	s.f("</div>\n</figure>\n<figure>\n<h2>Dependencies</h2>\n" + `<div tabindex="0" role="group" aria-label="dependencies">` + "\n")
	s.drawing(d, "what depends on what", false)
	s.f("</div>\n</figure>\n</div>\n")
}

func (s svgWriter) waveTable(r *Report) {
	const most = 24
	s.f(`<div class="tables"><h2>Waves</h2><table>` + "\n" +
		`<thead><tr><th class="number">wave</th><th class="number">drops</th><th class="number">began after</th><th class="number">took</th>`)
	if r.Grace > 0 {
		s.f(`<th class="number">share of the grace</th><th class="number">used</th>`)
	}
	s.f("</tr></thead>\n<tbody>\n")
	waves := r.budget()
	for i, w := range waves {
		if i == most && len(waves) > most+1 {
			s.f(`<tr><td colspan="6" class="soft">+ %s more</td></tr>`+"\n", term.Plural(len(waves)-most, "wave"))
			break
		}
		s.f(`<tr><td class="number">%d</td><td class="number">%s</td><td class="number">%s</td><td class="number">%s</td>`,
			w.Index, term.Thousands(w.Size), term.Short(between(r.Started, w.Started)), term.Short(w.Spent))
		if r.Grace > 0 {
			s.f(`<td class="number">%s</td><td class="number">%s</td>`, term.Short(w.Share), text(percent(w.Spent, w.Share)))
		}
		s.f("</tr>\n")
	}
	s.f("</tbody>\n</table></div>\n")
}

func (s svgWriter) dropTable(r *Report) {
	s.f(`<div class="tables"><h2>Drops</h2><table class="drops">` + "\n<thead><tr>")
	s.f(`<th class="number">wave</th><th>guard</th><th>kind</th><th>outcome</th><th class="number" title="from the end of its last dependent to the begin of its drop">waited</th><th class="number">took</th>` +
		`<th class="number" title="how much longer it could have taken without lengthening the teardown">slack</th><th title="the dependent that ended last">released by</th><th>depends on</th></tr></thead>` + "\n<tbody>\n")
	for i, rows := 0, r.rows(pageRows, pageFolded); i < len(rows); i++ {
		class := ""
		if i > 0 && rows[i].wave != rows[i-1].wave {
			class = "wave"
		}
		if rows[i].entry == nil {
			s.f(`<tr class="%s"><td class="number">%s</td><td class="soft" colspan="8">%s: %s</td></tr>`+"\n",
				class, text(rows[i].waveLabel()), text(rows[i].label()), text(rows[i].summary()))
			continue
		}
		s.dropRow(rows[i], class)
	}
	s.f("</tbody>\n</table></div>\n")
}

func (s svgWriter) dropRow(w row, class string) {
	e := w.entry
	why := term.Error(e.Err)
	if why != "" {
		class += " with"
	}
	name := bdi(e.Name)
	if w.critical {
		name = `<span class="path" title="on the critical path">◆ ` + name + `</span>`
	}
	if e.Type != "" {
		name += ` <span class="soft">` + text(term.Clean(e.Type)) + `</span>`
	}
	waited, took, slack := dot(e.waited()), term.Short(e.Took()), dot(e.Slack)
	if e.skipped() {
		waited, took, slack = "", "", ""
	}
	s.f(`<tr class="%s"><td class="number">%d</td><td class="name">%s</td><td>%s</td><td><span class="%s">%s</span></td>`,
		class, e.Wave, name, text(orDash(term.Clean(e.Kind))), outcomeClass(e.Outcome), text(orDash(term.Clean(e.Outcome))))
	s.f(`<td class="number">%s</td><td class="number">%s</td><td class="number">%s</td><td class="mono">%s</td><td class="deps mono">%s</td></tr>`+"\n",
		waited, took, slack, released(e), dependencies(e))
	if why != "" {
		s.f(`<tr><td></td><td class="why %s" colspan="8">%s</td></tr>`+"\n", outcomeClass(e.Outcome), multiline(why))
	}
}

// outcomeClass is the outcome if it is a word of ours.
func outcomeClass(outcome string) string {
	if failed(outcome) {
		return outcome
	}
	return "soft"
}

func bdi(name string) string { return "<bdi>" + text(term.Clean(name)) + "</bdi>" }

func released(e *Entry) string {
	if e.ReleasedBy == "" {
		return ""
	}
	return bdi(e.ReleasedBy)
}

// dependencies lists the first twelve, and counts the rest.
func dependencies(e *Entry) string {
	const most = 12
	var b strings.Builder
	for i, name := range e.DependsOn {
		if i == most && len(e.DependsOn) > most+1 {
			fmt.Fprintf(&b, ` <span class="soft">and %s more</span>`, term.Thousands(len(e.DependsOn)-most))
			break
		}
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(bdi(name))
	}
	return b.String()
}
