package trace

import (
	"bufio"
	"fmt"
	"html"
	"io"
	"math"
	"strconv"
)

// svgWriter writes elements. An error of the writer below comes out of Flush.
type svgWriter struct{ *bufio.Writer }

// newSVG returns a writer of markup. What it writes arrives with Flush at the
// latest.
func newSVG(w io.Writer) svgWriter { return svgWriter{bufio.NewWriter(w)} }

// f writes formatted markup; the arguments must be safe: numbers, constants, or
// what px and text return.
func (s svgWriter) f(format string, args ...any) { fmt.Fprintf(s, format, args...) }

// open starts a picture. A picture that stands alone brings its namespace, its
// style and its paper.
func (s svgWriter) open(w, h float64, label string, alone bool) {
	w, h = math.Ceil(w), math.Ceil(h)
	attr := ""
	if alone {
		attr = ` xmlns="http://www.w3.org/2000/svg"`
	}
	s.f(`<svg%s class="ebb-pic" width="%s" height="%s" viewBox="0 0 %s %s" role="img">`+"\n", attr, px(w), px(h), px(w), px(h))
	s.f("<title>%s</title>\n", text(label))
	if alone {
		s.f("<style>%s</style>\n<rect class=\"ebb-paper\" width=\"%s\" height=\"%s\"/>\n", pictureCSS, px(w), px(h))
	}
}

// px prints a coordinate with at most one decimal.
func px(f float64) string {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return "0"
	}
	return strconv.FormatFloat(math.Round(f*10)/10, 'f', -1, 64)
}

// text makes any string safe between tags and in attributes of HTML and XML.
func text(s string) string { return html.EscapeString(s) }
