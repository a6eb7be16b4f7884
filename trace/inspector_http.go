package trace

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/ebb-go/ebb/internal/fault"
	"github.com/ebb-go/ebb/internal/term"
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

// picturePolicy is the policy of a picture, which brings its style.
const picturePolicy = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// ServeHTTP serves the page and, by the query, what there is beside it:
//
//	?format=json         the scopes and the last teardowns; also text
//	?plan=N              the plan of the scope with that number; also &format=json, dot, mermaid, svg
//	?report=N            the teardown with that number, with its waterfall; also &format=text, json, dot, mermaid, svg
//
// The numbers are those in the page's links. All links are relative and differ
// in the query only, so it does not matter under which path the page is. It
// answers GET and HEAD; a query that it does not know is an error with status
// 400, a number that is gone one with 404, and a host that is not among
// Inspector.Hosts one with 403.
func (i *Inspector) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		answer{code: http.StatusMethodNotAllowed, text: "only GET and HEAD are answered"}.send(w, r)
		return
	}
	if !i.answersTo(r.Host) {
		answer{code: http.StatusForbidden, text: "this page is not for the host " + term.Clean(term.Word(r.Host)) + "; see trace.Inspector.Hosts"}.send(w, r)
		return
	}
	i.answer(r.URL.RawQuery).send(w, r)
}

// answersTo reports whether a request for that host is answered: one for a name
// that is configured, one for an address, which no DNS has led here, and one for
// a name that DNS cannot give to anyone: localhost, and that of package
// httptest's requests.
func (i *Inspector) answersTo(host string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	host = strings.ToLower(strings.TrimSuffix(strings.Trim(host, "[]"), "."))
	address, _, _ := strings.Cut(host, "%") // without the zone
	switch {
	case net.ParseIP(address) != nil, host == "", host == "localhost", strings.HasSuffix(host, ".localhost"), host == "example.com":
		return true
	}
	return slices.ContainsFunc(i.Hosts, func(h string) bool { return h == "*" || strings.EqualFold(h, host) })
}

// queries are the keys that a query may have, by the one that says what it asks
// for.
func queryKeys(q url.Values) []string {
	switch {
	case q.Has("file"):
		return []string{"file"}
	case q.Has("report"):
		return []string{"report", "format"}
	case q.Has("plan"):
		return []string{"plan", "format"}
	case q.Has("part"):
		return []string{"part"}
	}
	return []string{"format"}
}

// answer finds what a query asks for.
func (i *Inspector) answer(query string) answer {
	q, err := url.ParseQuery(query)
	if err != nil {
		return answer{}
	}
	known := queryKeys(q)
	for key, values := range q {
		if len(values) != 1 || !slices.Contains(known, key) {
			return answer{}
		}
	}
	format := q.Get("format")
	switch {
	case q.Has("file"):
		return file(q.Get("file"))
	case q.Has("report"):
		return i.serveReport(number(q.Get("report")), format)
	case q.Has("plan"):
		return i.servePlan(number(q.Get("plan")), format)
	case q.Has("part") && q.Get("part") != "live":
		return answer{}
	}
	return i.serveLive(format, q.Has("part"))
}

// answer is what is to be sent: a type and what writes it, or what is wrong.
type answer struct {
	mime  string
	write func(io.Writer) error

	code int    // of an error; 0: none
	text string // of an error
}

// send writes the answer. It is composed in memory first, so that an error in it
// can still be reported; an error of the client's connection is not.
func (a answer) send(w http.ResponseWriter, r *http.Request) {
	if a.code == 0 && a.write == nil {
		a.code, a.text = http.StatusBadRequest, "no such query, format or file"
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
	h.Set("Content-Security-Policy", policy)
	if a.code != 0 {
		http.Error(w, a.text, a.code)
		return
	}
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

// number reads the number of a scope or report; 0 is that of none.
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
	var p Plan
	if err := fault.Within(patience, func() { p = s.Plan() }); err != nil {
		return answer{code: http.StatusInternalServerError, text: "Plan: " + term.Clean(fault.Text(err))}
	}
	return written(p, cmp.Or(format, "text"))
}

// drawable is a report or a plan.
type drawable interface {
	WriteText(io.Writer, ...TextOption) error
	WriteSVG(io.Writer) error
	WriteDOT(io.Writer) error
	WriteMermaid(io.Writer) error
}

// written serves d in any format but HTML.
func written(d drawable, format string) answer {
	switch format {
	case "text":
		return answer{mime: typeText, write: func(w io.Writer) error { return d.WriteText(w) }}
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
