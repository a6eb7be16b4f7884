package trace

import (
	"bytes"
	"io"
	"net/http"
	"strconv"
)

// An answer is composed before it is sent. So a query that cannot be answered, a
// source that fails and a writer that returns an error all become one thing with a
// status, and no client gets half a page under status 200.

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

// file serves what the pages link to. The names are in a switch, not in a directory:
// there is nothing to traverse.
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

// constant returns what writes s.
func constant(s string) func(io.Writer) error {
	return func(w io.Writer) error { _, err := io.WriteString(w, s); return err }
}
