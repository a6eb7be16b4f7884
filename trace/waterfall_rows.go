package trace

import (
	"fmt"
	"math"

	"github.com/ebb-go/ebb/internal/term"
)

// row draws one line of the waterfall with its upper edge at y.
func (f *waterfall) row(w row, y float64) {
	middle := y + rowHeight/2
	tip := w.summary()
	if w.entry != nil {
		tip = term.Isolate(term.Clean(w.entry.Name)) + ": " + w.entry.note()
	}
	f.f(`<g class="ebb-row"><title>%s</title><rect class="ebb-hover" x="%s" y="%s" width="%s" height="%d"/>`,
		text(tip), px(f.names), px(y), px(f.right-f.names), rowHeight)
	x := f.names
	if w.critical {
		f.f(`<path class="ebb-path" d="M%s %sl4 4-4 4-4-4z"/>`, px(x+6), px(middle-4))
	}
	class := ""
	switch {
	case w.entry == nil:
		class = ` class="ebb-soft"`
	case w.critical:
		class = ` class="ebb-strong"`
	}
	f.f(`<text%s x="%s" y="%s">%s</text>`, class, px(x+16), px(middle+4), text(term.Fit(w.name(), fallName)))
	f.bar(w, middle)
	f.f("</g>\n")
}

// bar draws the time a row waited and ran, and the text beside it. A bar is at
// least two pixels wide.
func (f *waterfall) bar(w row, middle float64) {
	queued, started, ended := w.span()
	q, s, e := f.x(queued), f.x(started), f.x(ended)
	if s-q >= 3 && w.entry != nil {
		f.f(`<path class="ebb-wait" d="M%s %sH%s"/>`, px(q), px(middle), px(s))
		f.tones["wait"] = true
	}
	length := max(2, e-s)
	class, label := w.barClass(), "ebb-soft"
	f.tones[class] = true
	if w.entry != nil && failed(w.entry.Outcome) {
		label = "ebb-t-" + tone(w.entry.Outcome)
	}
	if w.entry == nil && failed(w.worst()) {
		label = "ebb-t-" + tone(w.worst())
	}
	if class == "skip" {
		length = 8
		s = min(s, f.left+f.bars-length)
	}
	f.f(`<rect class="ebb-%s" x="%s" y="%s" width="%s" height="%d" rx="1.5"/>`, class, px(s), px(middle-barHeight/2), px(length), barHeight)
	if class == "gone" {
		f.hatch(s, middle-barHeight/2, length)
	}
	f.f(`<text class="ebb-small %s" x="%s" y="%s">%s</text>`, label, px(s+length+6), px(middle+4), text(term.Clean(w.text())))
}

// barClass is how a bar is filled: by its outcome if that is one to look at, else
// by the critical path.
func (w row) barClass() string {
	switch {
	case w.entry == nil:
		return "rest"
	case failed(w.entry.Outcome):
		return tone(w.entry.Outcome)
	case w.critical:
		return "path"
	}
	return "ok"
}

// hatch crosses out what was abandoned, with lines of the paper's colour. They
// are drawn one by one, since a pattern needs an id, and ids of several pictures
// in a page would meet.
func (f *waterfall) hatch(x, y, length float64) {
	const pitch = 8
	path := ""
	for at := 4.0; at+5 < length; at += max(pitch, length/200) {
		path += fmt.Sprintf("M%s %sl4 -%d", px(x+at), px(y+barHeight), barHeight)
	}
	if path != "" {
		f.f(`<path class="ebb-hatch" d="%s"/>`, path)
	}
}

// legend explains the colours that occur, in one line, and the diamond.
func (f *waterfall) legend(y float64) {
	x := float64(fallMargin)
	item := func(label, shape string, room float64) {
		f.f(`%s<text class="ebb-soft ebb-small" x="%s" y="%s">%s</text>`+"\n", shape, px(x+room), px(y+4), label)
		x += room + math.Ceil(float64(len(label))*smallCell) + 18
	}
	for _, row := range f.rows {
		if row.critical {
			item("critical path", fmt.Sprintf(`<path class="ebb-path" d="M%s %sl4 4-4 4-4-4z"/>`, px(x+6), px(y-4)), 16)
			break
		}
	}
	for _, t := range []struct{ class, label string }{
		{"ok", "ok"}, {"path", "ok, on the path"}, {"error", "error, panic, goexit"}, {"late", "timeout"}, {"gone", "abandoned"},
		{"skip", "skipped"}, {"rest", "several"},
	} {
		if f.tones[t.class] {
			item(t.label, fmt.Sprintf(`<rect class="ebb-%s" x="%s" y="%s" width="14" height="10" rx="1.5"/>`, t.class, px(x), px(y-5)), 20)
		}
	}
	if f.tones["wait"] {
		item("waiting", fmt.Sprintf(`<path class="ebb-wait" d="M%s %sh16"/>`, px(x), px(y)), 22)
	}
}
