package trace_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/ebb-go/ebb/trace"
)

func TestFormats(t *testing.T) {
	var i trace.Inspector
	i.Watch(busy())
	i.Add(ended("gone", nil, errors.New("boom")))
	for query, want := range map[string]struct{ mime, text string }{
		"":                         {"text/html; charset=utf-8", "<!doctype html>"},
		"?format=html":             {"text/html; charset=utf-8", "<!doctype html>"},
		"?part=live":               {"text/html; charset=utf-8", `<main id="live"`},
		"?format=json":             {"application/json", `"scopes": [`},
		"?format=text":             {"text/plain; charset=utf-8", "scope orders"},
		"?file=style":              {"text/css; charset=utf-8", "prefers-color-scheme:dark"},
		"?file=report-style":       {"text/css; charset=utf-8", "prefers-color-scheme:dark"},
		"?file=script":             {"text/javascript; charset=utf-8", "fetch("},
		"?plan=1":                  {"text/plain; charset=utf-8", "postgres"},
		"?plan=1&format=json":      {"application/json", `"waves": [`},
		"?plan=1&format=svg":       {"image/svg+xml", "<svg"},
		"?plan=1&format=dot":       {"text/plain; charset=utf-8", "digraph"},
		"?plan=1&format=mermaid":   {"text/plain; charset=utf-8", "flowchart"},
		"?report=2":                {"text/html; charset=utf-8", "<h1>Teardown of"},
		"?report=2&format=text":    {"text/plain; charset=utf-8", "gone"},
		"?report=2&format=json":    {"application/json", `"scope": "gone"`},
		"?report=2&format=svg":     {"image/svg+xml", "<svg"},
		"?report=2&format=dot":     {"text/plain; charset=utf-8", "digraph"},
		"?report=2&format=mermaid": {"text/plain; charset=utf-8", "flowchart"},
	} {
		r := get(t, &i, query)
		if got := r.Header.Get("Content-Type"); r.StatusCode != 200 || got != want.mime {
			t.Errorf("%q: status %d, type %q, want %q", query, r.StatusCode, got, want.mime)
		}
		for _, h := range []string{"Content-Security-Policy", "X-Content-Type-Options", "Cache-Control"} {
			if r.Header.Get(h) == "" {
				t.Errorf("%q: no %s", query, h)
			}
		}
		contains(t, body(t, r), want.text)
	}
	for query, code := range map[string]int{
		"?format=xml": 400, "?file=passwd": 400, "?plan=1&format=xml": 400, "?report=2&format=xml": 400,
		"?plan=2": 404, "?report=1": 404, "?report=x": 404, "?plan=-1": 404,
	} {
		if r := get(t, &i, query); r.StatusCode != code {
			t.Errorf("%q: status %d, want %d", query, r.StatusCode, code)
		}
	}
}

func TestInspectorJSON(t *testing.T) {
	var i trace.Inspector
	if got := body(t, get(t, &i, "?format=json")); strings.Join(strings.Fields(got), "") != `{"scopes":[],"teardowns":[]}` {
		t.Errorf("an inspector of nothing: %s", got)
	}
	i.Watch(busy())
	i.Add(ended("gone", errors.New("boom")))
	var v struct {
		Scopes []struct {
			Name  string
			Items []struct{ Kind, Name string }
		}
		Teardowns []struct {
			Report        int
			Scope         string
			Drops, Failed int
		}
	}
	if err := json.NewDecoder(get(t, &i, "?format=json").Body).Decode(&v); err != nil {
		t.Fatal(err)
	}
	if len(v.Scopes) != 1 || v.Scopes[0].Name != "orders" || len(v.Scopes[0].Items) != 3 {
		t.Errorf("scopes %+v", v.Scopes)
	}
	if d := v.Teardowns; len(d) != 1 || d[0].Report != 2 || d[0].Scope != "gone" || d[0].Drops != 1 || d[0].Failed != 1 {
		t.Errorf("teardowns %+v", d)
	}
}

func TestMethods(t *testing.T) {
	var i trace.Inspector
	w := httptest.NewRecorder()
	i.ServeHTTP(w, httptest.NewRequest("POST", "/", nil))
	if w.Code != http.StatusMethodNotAllowed || w.Header().Get("Allow") != "GET, HEAD" {
		t.Errorf("POST: status %d, Allow %q", w.Code, w.Header().Get("Allow"))
	}
	w = httptest.NewRecorder()
	i.ServeHTTP(w, httptest.NewRequest("HEAD", "/", nil))
	if w.Code != 200 || w.Body.Len() != 0 || w.Header().Get("Content-Length") == "0" {
		t.Errorf("HEAD: status %d, %d bytes", w.Code, w.Body.Len())
	}
}

// Nothing comes from elsewhere, all links are queries, and nothing is inline.
func TestPagesNeedNothing(t *testing.T) {
	var i trace.Inspector
	i.Watch(busy())
	i.Add(ended("gone", nil))
	for _, query := range []string{"", "?report=2"} {
		page := body(t, get(t, &i, query))
		for _, bad := range []string{"http://", "https://", `"//`, "<style", " style=", " onclick", " onload", "@import", "url("} {
			if strings.Contains(page, bad) {
				t.Errorf("%q: the page has %q", query, bad)
			}
		}
		for _, attr := range []string{` href="`, ` src="`} {
			for _, part := range strings.Split(page, attr)[1:] {
				if part[0] != '?' && part[0] != '#' && !strings.HasPrefix(part, `data:,"`) {
					t.Errorf("%q: a link to %.20q", query, part)
				}
			}
		}
	}
}
