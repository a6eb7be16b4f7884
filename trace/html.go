package trace

import (
	"io"
	"math"
	"strings"

	"github.com/ebb-go/ebb/internal/term"
)

// A page of a report stands alone: it is attached to a ticket, opened from a disk,
// or kept for a year, and must look then as it did. Everything in it that came from
// a program passes through text or bdi, which make it safe in markup and keep
// right-to-left names from reordering what stands beside them.

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

// subline is how the scope ended, by which schedule, and when.
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

// failures counts the entries with an outcome to look at.
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
