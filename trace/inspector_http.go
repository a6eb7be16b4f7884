package trace

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
)

// Types of what is served.
const (
	typeHTML   = "text/html; charset=utf-8"
	typeText   = "text/plain; charset=utf-8"
	typeCSS    = "text/css; charset=utf-8"
	typeScript = "text/javascript; charset=utf-8"
	typeJSON   = "application/json"
	typeSVG    = "image/svg+xml"
)

// policy is what a page may load: its own style and script, and nothing else
// from anywhere. Nothing on a page is inline, so the policy can be as strict.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; " +
	"base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// picturePolicy is that of a picture, which brings its style.
const picturePolicy = "default-src 'none'; style-src 'unsafe-inline'"

// ServeHTTP serves the page and, by the query, what there is beside it:
//
//	?format=json         the scopes and the last teardowns; also text
//	?plan=N              the plan of the scope with that number; also &format=json, dot, mermaid, svg
//	?report=N            the teardown with that number, with its waterfall; also &format=text, json, dot, mermaid, svg
//
// The numbers are those in the page's links. All links are relative and differ
// in the query only, so it does not matter under which path the page is. It
// answers GET and HEAD, and an unknown query with an error.
func (i *Inspector) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, "only GET and HEAD are answered", http.StatusMethodNotAllowed)
		return
	}
	q := r.URL.Query()
	format := q.Get("format")
	var a answer
	switch {
	case q.Has("file"):
		a = file(q.Get("file"))
	case q.Has("report"):
		a = i.serveReport(number(q.Get("report")), format)
	case q.Has("plan"):
		a = i.servePlan(number(q.Get("plan")), format)
	default:
		a = i.serveLive(format, q.Get("part") == "live")
	}
	a.send(w, r)
}

// answer is what is to be sent: a type and what writes it, or what is wrong.
type answer struct {
	mime  string
	write func(io.Writer) error

	code int    // of an error; 0: none
	text string // of an error
}

// send writes the answer. It is composed in memory first, so that an error in
// it can still be told; what the client does not take is not.
func (a answer) send(w http.ResponseWriter, r *http.Request) {
	if a.code == 0 && a.write == nil {
		a.code, a.text = http.StatusBadRequest, "no such format or file"
	}
	var b bytes.Buffer
	if a.code == 0 {
		if err := a.write(&b); err != nil {
			a.code, a.text = http.StatusInternalServerError, err.Error()
		}
	}
	h := w.Header()
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	if a.code != 0 {
		http.Error(w, a.text, a.code)
		return
	}
	h.Set("Content-Security-Policy", policy)
	if a.mime == typeSVG {
		h.Set("Content-Security-Policy", picturePolicy)
	}
	h.Set("Content-Type", a.mime)
	h.Set("Content-Length", strconv.Itoa(b.Len()))
	if r.Method == http.MethodGet {
		w.Write(b.Bytes())
	}
}

func file(name string) answer {
	switch name {
	case "style":
		return answer{mime: typeCSS, write: constant(pictureCSS + inspectorCSS)}
	case "report-style":
		return answer{mime: typeCSS, write: constant(pageStyle + reportNavCSS)}
	case "script":
		return answer{mime: typeScript, write: constant(inspectorScript)}
	}
	return answer{}
}

func constant(s string) func(io.Writer) error {
	return func(w io.Writer) error { _, err := io.WriteString(w, s); return err }
}

// number reads the number of a scope or report; 0 is nobody's.
func number(s string) uint64 {
	n, err := strconv.ParseUint(s, 10, 64)
	if err != nil {
		return 0
	}
	return n
}

func (i *Inspector) serveReport(id uint64, format string) answer {
	r := i.report(id)
	if r == nil {
		return answer{code: http.StatusNotFound, text: fmt.Sprintf("this teardown is not among the last %d", maxKept)}
	}
	if format == "" || format == "html" {
		return answer{mime: typeHTML, write: func(w io.Writer) error { return r.writePage(w, id) }}
	}
	return written(r, format)
}

func (i *Inspector) servePlan(id uint64, format string) answer {
	s := i.source(id)
	if s == nil {
		return answer{code: http.StatusNotFound, text: "this scope has ended"}
	}
	return written(s.Plan(), cmp.Or(format, "text"))
}

// drawable is a report or a plan.
type drawable interface {
	WriteText(io.Writer) error
	WriteSVG(io.Writer) error
	WriteDOT(io.Writer) error
	WriteMermaid(io.Writer) error
}

// written serves d in any format but HTML.
func written(d drawable, format string) answer {
	switch format {
	case "text":
		return answer{mime: typeText, write: d.WriteText}
	case "json":
		return answer{mime: typeJSON, write: asJSON(d)}
	case "svg":
		return answer{mime: typeSVG, write: d.WriteSVG}
	case "dot":
		return answer{mime: typeText, write: d.WriteDOT}
	case "mermaid":
		return answer{mime: typeText, write: d.WriteMermaid}
	}
	return answer{}
}

func (i *Inspector) serveLive(format string, part bool) answer {
	v := i.view()
	switch format {
	case "", "html":
		return answer{mime: typeHTML, write: func(w io.Writer) error { return v.writeHTML(w, part) }}
	case "text":
		return answer{mime: typeText, write: v.writeText}
	case "json":
		return answer{mime: typeJSON, write: asJSON(v)}
	}
	return answer{}
}

func asJSON(v any) func(io.Writer) error {
	return func(w io.Writer) error {
		e := json.NewEncoder(w)
		e.SetEscapeHTML(false)
		if !deep(v) {
			e.SetIndent("", "  ")
		}
		return e.Encode(v)
	}
}

// deep reports whether v is nested so deep that its indentation would be longer
// than itself.
func deep(v any) bool {
	shot, ok := v.(view)
	if !ok {
		return false
	}
	for _, s := range shot.scopes {
		if s.deeperThan(mostLevels) {
			return true
		}
	}
	return false
}

// deeperThan reports whether s has more levels than n.
func (s *Snapshot) deeperThan(n int) bool {
	for i := range s.Children {
		if n == 0 || s.Children[i].deeperThan(n-1) {
			return true
		}
	}
	return false
}
