package trace_test

import (
	"bytes"
	"encoding/xml"
	"io"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/ebb-go/ebb/internal/term"
	"github.com/ebb-go/ebb/trace"
)

// element is a start tag with the text up to its end.
type element struct {
	name string
	attr map[string]string
	text string
}

// elements reads well-formed XML.
func elements(t *testing.T, what, doc string) []element {
	t.Helper()
	var list []element
	var open []int
	for d := xml.NewDecoder(strings.NewReader(doc)); ; {
		token, err := d.Token()
		if err == io.EOF {
			return list
		}
		if err != nil {
			t.Fatalf("%s: not well formed: %v", what, err)
		}
		switch token := token.(type) {
		case xml.StartElement:
			e := element{name: token.Name.Local, attr: make(map[string]string)}
			for _, a := range token.Attr {
				e.attr[a.Name.Local] = a.Value
			}
			open = append(open, len(list))
			list = append(list, e)
		case xml.EndElement:
			open = open[:len(open)-1]
		case xml.CharData:
			if len(open) > 0 {
				list[open[len(open)-1]].text += string(token)
			}
		}
	}
}

func number(t *testing.T, s string) float64 {
	t.Helper()
	f, err := strconv.ParseFloat(s, 64)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// pictures are all the SVGs there are.
func pictures(t *testing.T) map[string]string {
	t.Helper()
	docs := make(map[string]string)
	for name, r := range samples() {
		docs[name] = formatOf("svg").render(t, r)
	}
	for name, write := range map[string]func(io.Writer) error{
		"plan": samplePlan().WriteSVG, "plan of nothing": trace.Plan{}.WriteSVG, "snapshot": sampleSnapshot().WriteSVG, "snapshot of nothing": trace.Snapshot{}.WriteSVG,
	} {
		var b bytes.Buffer
		if err := write(&b); err != nil {
			t.Fatal(err)
		}
		docs[name] = b.String()
	}
	return docs
}

// A letter is 0.6 em wide in the fonts that are asked for; in a bold one of the
// same width. Nothing may lie outside of the picture.
func TestSVGIsWholeAndInside(t *testing.T) {
	for name, doc := range pictures(t) {
		list := elements(t, name, doc)
		svg := list[0]
		if svg.name != "svg" || svg.attr["role"] != "img" || list[1].name != "title" || list[1].text == "" {
			t.Fatalf("%s: begins with %+v, %+v", name, svg, list[1])
		}
		w, h := number(t, svg.attr["width"]), number(t, svg.attr["height"])
		for _, e := range list[2:] {
			switch e.name {
			case "text":
				size := 12.0
				if strings.Contains(e.attr["class"], "ebb-small") {
					size = 11
				} else if strings.Contains(e.attr["class"], "ebb-head") {
					size = 13
				}
				x, length := number(t, e.attr["x"]), float64(term.Width(e.text))*0.6*size
				switch e.attr["text-anchor"] {
				case "middle":
					x -= length / 2
				case "end":
					x -= length
				}
				if x < 0 || x+length > w || number(t, e.attr["y"]) > h {
					t.Errorf("%s: the text %q is cut: from %.0f to %.0f of %.0f", name, e.text, x, x+length, w)
				}
			case "rect":
				if e.attr["class"] == "ebb-paper" {
					continue
				}
				x, y := number(t, e.attr["x"]), number(t, e.attr["y"])
				if x < 0 || y < 0 || x+number(t, e.attr["width"]) > w || y+number(t, e.attr["height"]) > h {
					t.Errorf("%s: outside: %+v", name, e)
				}
			}
		}
	}
}

var outside = regexp.MustCompile(`(?i)(href|src|url\(|@import|<script|<image|<use|<foreignObject|\bon[a-z]+=|javascript:)`)

// A picture shows what it has, and asks for nothing. Markup in a name is text.
func TestSVGNeedsNothingFromOutside(t *testing.T) {
	for name, doc := range pictures(t) {
		for _, e := range elements(t, name, doc) {
			switch e.name {
			case "svg", "title", "style", "rect", "g", "path", "text":
			default:
				t.Errorf("%s: element %s", name, e.name)
			}
			for k, v := range e.attr {
				if k == "id" || k == "style" || outside.MatchString(k+"=") && k != "class" {
					t.Errorf("%s: attribute %s=%q", name, k, v)
				}
			}
		}
		if n := len(doc); n > 150_000 {
			t.Errorf("%s: %d bytes", name, n)
		}
	}
}

// Two pictures in one page must not meet in an id, and a page that forbids
// inline styles must be able to show them.
func TestPicturesHaveNoIDsAndNoInlineStyle(t *testing.T) {
	page := formatOf("html").render(t, everyOutcome())
	for _, bad := range []string{" id=", " style=", "url(", "<script"} {
		if strings.Contains(page, bad) {
			t.Errorf("the page contains %q", bad)
		}
	}
}

// bars returns the bars of a waterfall by the name in their row.
func bars(t *testing.T, doc string) map[string]element {
	t.Helper()
	bars, name := make(map[string]element), ""
	for _, e := range elements(t, "waterfall", doc) {
		switch {
		case e.name == "text" && e.attr["class"] != "ebb-soft ebb-small" && !strings.Contains(e.attr["class"], "ebb-small"):
			name = e.text
		case e.name == "rect" && e.attr["rx"] == "1.5" && e.attr["height"] == "12":
			bars[name] = e
		}
	}
	return bars
}

// Bars are on one scale: where and how long each is follows from its times.
func TestSVGBarsAreToScale(t *testing.T) {
	bars := bars(t, formatOf("svg").render(t, small("waves")))
	left, perMS := number(t, bars["http"].attr["x"]), number(t, bars["http"].attr["width"])/120
	for name, want := range map[string]struct{ from, took float64 }{
		"consumer": {0, 45}, "cache": {120, 200}, "journal": {120, 8}, "postgres": {320, 60},
	} {
		b := bars[name]
		from, took := (number(t, b.attr["x"])-left)/perMS, number(t, b.attr["width"])/perMS
		if d := from - want.from; d < -0.5 || d > 0.5 {
			t.Errorf("%s begins at %.1f, want %.0f", name, from, want.from)
		}
		if d := took - want.took; d < -0.5 || d > 0.5 {
			t.Errorf("%s takes %.1f, want %.0f", name, took, want.took)
		}
	}
	for name, class := range map[string]string{"http": "ebb-path", "consumer": "ebb-ok", "cache": "ebb-path"} {
		if got := bars[name].attr["class"]; got != class {
			t.Errorf("%s has class %s, want %s", name, got, class)
		}
	}
}

// Each outcome is told by a word and by a tone; no meaning rests on colour alone.
func TestSVGSaysOutcomes(t *testing.T) {
	doc := formatOf("svg").render(t, everyOutcome())
	bars := bars(t, doc)
	for name, want := range map[string]struct{ class, label string }{
		"cache": {"ebb-error", "320ms error"}, "search-index": {"ebb-error", "15ms panic"}, "telemetry-buffer": {"ebb-error", "40ms goexit"},
		"session-store": {"ebb-gone", "2s abandoned"}, "postgres": {"ebb-late", "1.5s timeout"}, "kafka": {"ebb-skip", "skipped"},
	} {
		if got := bars[name].attr["class"]; got != want.class {
			t.Errorf("%s has class %s, want %s", name, got, want.class)
		}
		if !strings.Contains(doc, ">"+want.label+"</text>") {
			t.Errorf("no text %q", want.label)
		}
	}
}

// What took next to no time is seen all the same, and not made to look longer
// than that.
func TestSVGBarsHaveALeastWidth(t *testing.T) {
	r := simulate("waves", simDrop{name: "long", took: time.Hour}, simDrop{name: "none"}, simDrop{name: "some", took: milli})
	bars := bars(t, formatOf("svg").render(t, r))
	for _, name := range []string{"none", "some"} {
		if got := number(t, bars[name].attr["width"]); got != 2 {
			t.Errorf("%s is %v wide, want 2", name, got)
		}
	}
}

// The moment the grace ran out is marked if the teardown went on after it.
func TestSVGMarksTheDeadline(t *testing.T) {
	r := everyOutcome()
	if strings.Contains(formatOf("svg").render(t, r), "grace over") {
		t.Error("marked, though the grace had not run out")
	}
	r.Deadline = r.Started.Add(r.Ended.Sub(r.Started) / 2)
	if !strings.Contains(formatOf("svg").render(t, r), "grace over") {
		t.Error("not marked, though the grace had run out")
	}
}
