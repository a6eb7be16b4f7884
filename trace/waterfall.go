package trace

import (
	"io"
	"math"
	"time"

	"github.com/ebb-go/ebb/internal/term"
)

// The waterfall is drawn without ids, scripts, inline styles or anything from
// outside, so that several can stand in one page under a strict policy, and one can
// be sent by mail. Colours come from classes, which the style of the picture or of
// the page around it defines, for light and for dark.

// Sizes of a waterfall in pixels, the number of rows beyond which it folds, and
// to how many.
const (
	fallRows    = 120
	fallFolded  = 60
	fallWidth   = 960 // of one that stands alone
	rowHeight   = 20
	barHeight   = 12
	fallMargin  = 12
	fallName    = 26 // cells of the longest name
	fallLabel   = 24 // cells of the longest text beside a bar
	legendSpace = 30
	headCell    = 7.9 // of a letter in the headline
)

// WriteSVG writes the waterfall of r as a picture: a row for each guard, in
// bands for the waves, its bar on a common time axis, with a dotted line for
// the time it waited. The critical path has the strong colour and a diamond;
// what did not end ok has its outcome beside it. It is light or dark as the
// viewer prefers, needs nothing from outside, and folds when the report is big.
// WriteSVG returns the first error of w.
func (r *Report) WriteSVG(w io.Writer) error {
	r = r.whole()
	s := newSVG(w)
	s.waterfall(r, fallWidth, true)
	return s.Flush()
}

// waterfall is one being drawn.
type waterfall struct {
	svgWriter
	rows       []row
	axis       axis
	names      float64 // the first pixel of the column with the names
	left, bars float64 // the first pixel of the bars, and their width
	top        float64 // of the first row
	right      float64
	tones      map[string]bool // that occur
}

// waterfall draws r in the given width. One that stands alone has a headline.
func (s svgWriter) waterfall(r *Report, w float64, alone bool) {
	f := &waterfall{svgWriter: s, rows: r.rows(fallRows, fallFolded), axis: newAxis(r.Started, r.lastEnd()),
		top: fallMargin + 24, right: w - fallMargin, tones: make(map[string]bool)}
	if alone {
		f.top += 26
	}
	if len(f.rows) == 0 {
		f.empty(r, w, alone)
		return
	}
	name, wave := 0, 0
	for _, row := range f.rows {
		name = max(name, term.Width(term.Fit(row.name(), fallName)))
		wave = max(wave, term.Width("wave "+row.waveLabel()))
	}
	f.names = fallMargin + math.Ceil(float64(wave)*smallCell) + 16
	f.left = f.names + 16 + math.Ceil(float64(name)*cellWidth) + 16
	f.bars = f.right - f.left - f.labelSpace()
	bottom := f.top + float64(len(f.rows)*rowHeight)
	headline := r.headline(int((w - 2*fallMargin) / headCell))
	f.open(w, bottom+legendSpace+fallMargin/2, headline, alone)
	if alone {
		f.f(`<text class="ebb-head" x="%d" y="%d">%s</text>`+"\n", fallMargin, fallMargin+12, text(headline))
	}
	f.bands()
	f.grid(bottom)
	for i, row := range f.rows {
		f.row(row, f.top+float64(i*rowHeight))
	}
	if !r.Deadline.IsZero() && f.axis.holds(r.Deadline) {
		x := px(f.x(r.Deadline))
		f.f(`<path class="ebb-limit" d="M%s %sV%s"/><text class="ebb-small ebb-t-error" x="%s" y="%s" text-anchor="end">grace over</text>`+"\n",
			x, px(f.top), px(bottom), px(f.x(r.Deadline)-4), px(bottom+14))
	}
	f.legend(bottom + 20)
	f.f("</svg>\n")
}

// empty is the picture of a report without entries: a line of text.
func (f *waterfall) empty(r *Report, w float64, alone bool) {
	headline := r.headline(int((w - 2*fallMargin) / headCell))
	f.open(w, f.top+12, headline, alone)
	label := "nothing to drop"
	if alone {
		label = headline
	}
	f.f(`<text class="ebb-soft" x="%d" y="%s">%s</text>`+"\n</svg>\n", fallMargin, px(f.top-12), text(label))
}

// x is where t lies on the axis.
func (f *waterfall) x(t time.Time) float64 {
	return f.left + f.bars*f.axis.share(t)
}

// labelSpace is the room right of the axis: for the texts of bars that end so
// late that they do not fit before its end.
func (f *waterfall) labelSpace() float64 {
	most := 0.0
	for _, row := range f.rows {
		_, _, ended := row.span()
		share := f.axis.share(ended)
		need := float64(term.Width(row.text()))*smallCell + 10
		full := f.right - f.left
		// need <= full - share*(full-space), solved for the space
		if share > 0 {
			most = max(most, full-(full-need)/share)
		}
	}
	return min(max(most, 8), (f.right-f.left)*0.6)
}

// text is what stands right of a row's bar.
func (w row) text() string {
	switch {
	case w.entry == nil:
		return w.summary()
	case w.entry.skipped():
		return w.entry.Outcome
	case failed(w.entry.Outcome):
		return term.Short(w.entry.Took()) + " " + w.entry.Outcome
	}
	return term.Short(w.entry.Took())
}

// bands tints every other wave, and names each at its first row.
func (f *waterfall) bands() {
	for i, n := 0, 0; i < len(f.rows); n++ {
		k := i + 1
		for k < len(f.rows) && f.rows[k].wave == f.rows[i].wave && f.rows[k].end == f.rows[i].end {
			k++
		}
		y := f.top + float64(i*rowHeight)
		if n%2 == 0 {
			f.f(`<rect class="ebb-band" x="%d" y="%s" width="%s" height="%d"/>`+"\n", fallMargin/2, px(y), px(f.right), (k-i)*rowHeight)
		}
		f.f(`<text class="ebb-soft ebb-small" x="%d" y="%s">%s</text>`+"\n", fallMargin, px(y+14), text("wave "+f.rows[i].waveLabel()))
		i = k
	}
}

// grid draws the axis: some four to eight lines at round times.
func (f *waterfall) grid(bottom float64) {
	step := niceStep(f.axis.length, f.bars)
	for n := range f.axis.length/step + 1 { // a sum could pass the largest duration
		t := n * step
		x := f.x(f.axis.from.Add(t))
		anchor := "middle"
		if t == 0 {
			anchor = "start"
		}
		f.f(`<path class="ebb-grid" d="M%s %sV%s"/><text class="ebb-soft ebb-small" x="%s" y="%s" text-anchor="%s">%s</text>`+"\n",
			px(x), px(f.top-5), px(bottom), px(x), px(f.top-10), anchor, term.Short(t))
	}
}

// niceStep is the smallest of 1, 2 and 5 times a power of ten nanoseconds that
// leaves a line at least eighty pixels; from a minute on, of the units in which
// short prints, and beyond some hours of whole hours. The total is the length
// of an [axis], so that no step overflows.
func niceStep(total time.Duration, bars float64) time.Duration {
	least := time.Duration(float64(total) * 80 / max(bars, 80))
	if least > 30*time.Second {
		for _, unit := range []time.Duration{time.Minute, 2 * time.Minute, 5 * time.Minute, 10 * time.Minute, 30 * time.Minute} {
			if unit >= least {
				return unit
			}
		}
		return (least + time.Hour - 1).Truncate(time.Hour)
	}
	for unit := time.Duration(1); ; unit *= 10 { // ends below a minute
		for _, n := range []time.Duration{1, 2, 5} {
			if n*unit >= least {
				return n * unit
			}
		}
	}
}
