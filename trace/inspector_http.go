package trace

import (
	"cmp"
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
// a name that DNS cannot give to anyone: localhost, and the name in the requests of
// package httptest.
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

// queryKeys returns the keys that a query may have, by the key that chooses what it
// asks for.
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

// number reads the number of a scope or report; nothing has the number 0.
func number(s string) uint64 {
	n, err := strconv.ParseUint(s, 10, 64)
	if err != nil {
		return 0
	}
	return n
}

// serveReport serves a teardown that is kept, as its page or in a format of the
// table.
func (i *Inspector) serveReport(id uint64, format string) answer {
	r := i.report(id)
	if r == nil {
		return answer{code: http.StatusNotFound, text: fmt.Sprintf("this teardown is not among the last %d", maxKept)}
	}
	if format == "" || format == "html" {
		return answer{mime: typeHTML, write: func(w io.Writer) error { return r.writePage(w, id) }}
	}
	f := formatNamed(format)
	if f.report == nil {
		return answer{}
	}
	return answer{mime: f.mime, write: func(w io.Writer) error { return f.report(r, w) }}
}

// servePlan asks the scope for its plan now. The scope is foreign code here, as any
// source is, so it is waited for no longer than patience, and a panic of it is the
// answer.
func (i *Inspector) servePlan(id uint64, format string) answer {
	s := i.source(id)
	if s == nil {
		return answer{code: http.StatusNotFound, text: "this scope has ended"}
	}
	f := formatNamed(cmp.Or(format, "text"))
	if f.plan == nil {
		return answer{}
	}
	var p Plan
	if err := fault.Within(patience, func() { p = s.Plan() }); err != nil {
		return answer{code: http.StatusInternalServerError, text: "Plan: " + term.Clean(fault.Text(err))}
	}
	return answer{mime: f.mime, write: func(w io.Writer) error { return f.plan(p, w) }}
}

// serveLive serves what the scopes are doing, whole or only the part of the page
// that changes.
func (i *Inspector) serveLive(format string, part bool) answer {
	v := i.view()
	switch format {
	case "", "html":
		return answer{mime: typeHTML, write: func(w io.Writer) error { return v.writeHTML(w, part) }}
	case "text":
		return answer{mime: typeText, write: v.writeText}
	case "json":
		return answer{mime: typeJSON, write: func(w io.Writer) error { return writeJSON(w, v) }}
	}
	return answer{}
}
