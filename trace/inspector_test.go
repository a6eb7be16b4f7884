package trace_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"
	"weak"

	"github.com/ebb-go/ebb/trace"
)

// source is a scope that the test makes up.
type source struct {
	snapshot trace.Snapshot
	plan     trace.Plan
}

func (s source) Snapshot() trace.Snapshot { return s.snapshot }
func (s source) Plan() trace.Plan         { return s.plan }

// busy is a scope in full service.
func busy() source {
	item := func(kind, name string, wave int, deps ...string) trace.SnapshotItem {
		return trace.SnapshotItem{Kind: kind, Name: name, State: "live", Age: time.Hour, Wave: wave, DependsOn: deps}
	}
	return source{
		snapshot: trace.Snapshot{
			Name: "orders", Path: "orders", State: "open", Since: time.Hour,
			Items: []trace.SnapshotItem{
				item("task", "warm-up", 0), item("guard", "postgres", 1), item("daemon", "http", 0, "postgres"),
			},
			Children: []trace.Snapshot{{Name: "request", Path: "orders/request", State: "open", Since: time.Second}},
		},
		plan: trace.Plan{Waves: [][]trace.PlanNode{{{Name: "http", Kind: "daemon", DependsOn: []string{"postgres"}}}}},
	}
}

// stuck is a scope whose exit waits for a guard.
func stuck() source {
	return source{snapshot: trace.Snapshot{
		Name: "billing", State: "dropping", Since: 3 * time.Second, Error: "signal: terminated", Grace: 20 * time.Second, Left: 17 * time.Second,
		Items: []trace.SnapshotItem{
			{Kind: "guard", Name: "db", State: "live", Wave: 2},
			{Kind: "guard", Name: "outbox", State: "dropping", Wave: 1, Waited: time.Second},
			{Kind: "guard", Name: "ledger", State: "dropping", Wave: 1, Waited: 3 * time.Second, DependsOn: []string{"db"}},
		},
	}}
}

// ended is the report of a teardown of one drop for each error.
func ended(name string, errs ...error) *trace.Report {
	r := &trace.Report{Scope: name, Exit: "succeeded", Schedule: "waves", Started: zero, Ended: atMS(len(errs))}
	for n, err := range errs {
		e := trace.Entry{Name: fmt.Sprint("g", n), Kind: "guard", Outcome: "ok", Started: atMS(n), Ended: atMS(n + 1), Err: err}
		if err != nil {
			e.Outcome = "error"
		}
		r.Entries = append(r.Entries, e)
	}
	r.Complete()
	return r
}

// get asks for a query under a path with a prefix.
func get(t *testing.T, i *trace.Inspector, query string) *http.Response {
	t.Helper()
	w := httptest.NewRecorder()
	i.ServeHTTP(w, httptest.NewRequest("GET", "/debug/ebb/"+query, nil))
	return w.Result()
}

func body(t *testing.T, r *http.Response) string {
	t.Helper()
	b, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// contains reports each of the texts that is missing.
func contains(t *testing.T, in string, texts ...string) {
	t.Helper()
	for _, s := range texts {
		if !strings.Contains(in, s) {
			t.Errorf("missing %q in\n%s", s, in)
		}
	}
}

func TestInspectorShowsNothingYet(t *testing.T) {
	var i trace.Inspector
	contains(t, body(t, get(t, &i, "")), "<!doctype html>", "No scope is running.", "None yet.", `data-every="1000"`)
}

func TestInspectorShowsScopes(t *testing.T) {
	var i trace.Inspector
	remove := i.Watch(busy())
	i.Watch(stuck())
	page := body(t, get(t, &i, ""))
	contains(t, page,
		`<bdi>orders</bdi></h3><span class="soft">for 1h00m · 1 task · 1 daemon · 1 guard · 1 scope inside</span>`,
		`<h4><bdi>request</bdi></h4>`,
		`<td><bdi>postgres</bdi></td>`, // http's dependencies
		`<title>what depends on what in orders</title>`,
		`<bdi>billing</bdi> is dropping and waits for guard <bdi>ledger</bdi> and 1 more.`,
		`<span class="waits">waits for guard <bdi>ledger</bdi>, 3s, and 1 more</span>`,
		`value="17000" aria-label="grace left"></progress> 17s of 20s grace left`,
		`<li class="done">wave 0 <b>done</b></li><li class="now" aria-current="step">wave 1 <b>2 left</b></li><li>wave 2 <b>1</b></li>`,
		`data-every="250"`, `data-title="billing is dropping · ebb"`, `signal: terminated`,
	)
	if strings.Index(page, "<bdi>outbox</bdi></th>") > strings.Index(page, "<bdi>db</bdi></th>") {
		t.Error("what the exit waits for is not above the rest")
	}
	remove()
	remove()
	if page := body(t, get(t, &i, "")); strings.Contains(page, "orders") || !strings.Contains(page, "billing") {
		t.Error("remove has not removed the scope, or another one too")
	}
}

// The sentence at the top is read out whenever it changes: so it changes only
// when there is news.
func TestStatusHasNoTimes(t *testing.T) {
	status := func(waited time.Duration) string {
		var i trace.Inspector
		s := stuck()
		s.snapshot.Since += waited
		s.snapshot.Items[2].Waited += waited
		i.Watch(s)
		page := body(t, get(t, &i, "?part=live"))
		_, rest, _ := strings.Cut(page, `role="status">`)
		line, _, _ := strings.Cut(rest, "</p>")
		return line
	}
	if a, b := status(0), status(time.Minute); a != b || !strings.Contains(a, "ledger") {
		t.Errorf("the status changes with time: %q, %q", a, b)
	}
}

func TestInspectorEscapes(t *testing.T) {
	var i trace.Inspector
	evil := "<script>alert('1')</script>\"\n\u202e"
	i.Watch(source{snapshot: trace.Snapshot{
		Name: evil, State: evil, Error: evil,
		Items:    []trace.SnapshotItem{{Kind: evil, Name: evil, State: evil, DependsOn: []string{evil}, Waited: 1}},
		Children: []trace.Snapshot{{Name: evil, State: evil}},
	}})
	r := ended(evil, errors.New(evil))
	r.Entries[0].Name, r.Exit, r.Error = evil, evil, evil
	i.Add(r)
	for _, query := range []string{"", "?part=live", "?report=2"} {
		page := body(t, get(t, &i, query))
		if strings.Contains(page, "<script>") || strings.Contains(page, "\u202e") {
			t.Errorf("%q: a name gets through as markup", query)
		}
	}
}

func TestManyAlikeFold(t *testing.T) {
	var i trace.Inspector
	s := busy()
	for n := range 1000 {
		s.snapshot.Children = append(s.snapshot.Children,
			trace.Snapshot{Name: "request", State: []string{"open", "draining"}[n%2], Since: time.Duration(n) * time.Second})
	}
	for range 300 {
		s.snapshot.Items = append(s.snapshot.Items, trace.SnapshotItem{Kind: "guard", Name: "conn", State: "live"})
	}
	for n := range 250 {
		s.snapshot.Children = append(s.snapshot.Children, trace.Snapshot{Name: fmt.Sprint("tenant ", n), State: "open"})
	}
	i.Watch(s)
	page := body(t, get(t, &i, ""))
	contains(t, page, `<span class="state">1,001</span><h4><bdi>request</bdi></h4><span class="soft">501 open, 500 draining · longest for 16m39s</span>`,
		"+ 951 more", "+ 103 more", "tenant 199", "+ 50 more")
	if strings.Contains(page, "tenant 200") || len(page) > 200<<10 {
		t.Errorf("the page has %d bytes", len(page))
	}
	if ids := strings.Count(page, ` id="`); ids != len(unique(page)) {
		t.Errorf("%d ids, %d of them different", ids, len(unique(page)))
	}
}

func unique(page string) map[string]bool {
	ids := make(map[string]bool)
	for _, part := range strings.Split(page, ` id="`)[1:] {
		id, _, _ := strings.Cut(part, `"`)
		ids[id] = true
	}
	return ids
}

func TestInspectorShowsTeardowns(t *testing.T) {
	var i trace.Inspector
	i.Add(nil)
	i.Add(ended("first", nil, nil))
	i.Add(ended("second", nil, errors.New("1"), errors.New("2"), errors.New("3"), errors.New("4")))
	page := body(t, get(t, &i, ""))
	contains(t, page,
		`<a href="?report=1"><bdi>first</bdi></a>`, `<a href="?report=2"><bdi>second</bdi></a>`,
		`<bdi>g1 (error)</bdi>, <bdi>g2 (error)</bdi>, <bdi>g3 (error)</bdi> and 1 more`,
		`Last torn down: <bdi>second</bdi>, 5 drops in 5ms; not ok: `, `class="ebb-pic thumb"`,
	)
	if strings.Index(page, "?report=1") < strings.Index(page, "?report=2") {
		t.Error("the newest teardown is not the first")
	}
	contains(t, body(t, get(t, &i, "?report=2")), "Teardown of <bdi>second</bdi>", `<a href="?">`, "<svg", "g4",
		`<a href="?report=2&amp;format=json">json</a>`)
}

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

func TestTheLastTeardownsAreKept(t *testing.T) {
	var i trace.Inspector
	for n := range 100 {
		i.Add(ended(fmt.Sprint("s", n)))
	}
	if get(t, &i, "?report=68").StatusCode != 404 || get(t, &i, "?report=69").StatusCode != 200 || get(t, &i, "?report=100").StatusCode != 200 {
		t.Error("kept are not the last 32")
	}
}

func TestManyTeardownsOfOnePathDoNotDriveOutTheOthers(t *testing.T) {
	var i trace.Inspector
	i.Add(ended("service"))
	for range 100 {
		i.Add(ended("service/request"))
	}
	i.Add(ended("service"))
	kept := func(n int) bool { return get(t, &i, fmt.Sprint("?report=", n)).StatusCode == 200 }
	if !kept(1) || kept(71) || !kept(72) || !kept(102) {
		t.Error("kept are not both services and the last 30 requests")
	}
}

// heavy is an error that holds on to a megabyte.
type heavy struct{ ballast *[1 << 20]byte }

func (heavy) Error() string { return strings.Repeat("x", 5000) }

// An inspector for years holds neither the errors of a teardown nor all drops
// of a big one, and what it keeps can be drawn.
func TestKeptTeardownsAreSmall(t *testing.T) {
	var i trace.Inspector
	ballast := new([1 << 20]byte)
	held := weak.Make(ballast)
	errs := make([]error, 20000)
	errs[7] = heavy{ballast}
	i.Add(ended("crowd", errs...))
	ballast, errs = nil, nil
	runtime.GC()
	if held.Value() != nil {
		t.Error("the inspector holds on to an error's value")
	}
	var r trace.Report
	if err := json.NewDecoder(get(t, &i, "?report=1&format=json").Body).Decode(&r); err != nil {
		t.Fatal(err)
	}
	if n := len(r.Entries); n > 1000 {
		t.Errorf("%d entries are kept", n)
	}
	contains(t, body(t, get(t, &i, "")), "20,000", "g7 (error)")
	page := body(t, get(t, &i, "?report=1"))
	contains(t, page, "g7", "more", "xxx…")
	if len(page) > 300<<10 {
		t.Errorf("the page has %d bytes", len(page))
	}
}

func TestEdgesOfKeptTeardownsAreBounded(t *testing.T) {
	var names []string
	r := &trace.Report{Scope: "s", Schedule: "waves", Started: zero, Ended: atMS(2)}
	for n := range 400 {
		names = append(names, fmt.Sprint("g", n))
		r.Entries = append(r.Entries, trace.Entry{Name: fmt.Sprint("d", n), Outcome: "ok", Started: zero, Ended: atMS(1)})
	}
	for n := range r.Entries {
		r.Entries[n].DependsOn = names
	}
	var i trace.Inspector
	i.Add(r)
	var kept trace.Report
	if err := json.NewDecoder(get(t, &i, "?report=1&format=json").Body).Decode(&kept); err != nil {
		t.Fatal(err)
	}
	edges := 0
	for _, e := range kept.Entries {
		edges += len(e.DependsOn)
	}
	if edges == 0 || edges > 1<<14 || len(r.Entries[399].DependsOn) != 400 {
		t.Errorf("%d edges are kept of 160,000, and the report has %d left", edges, len(r.Entries[399].DependsOn))
	}
}

// Scopes come and go, tear down and are looked at, all at once.
func TestInspectorConcurrently(t *testing.T) {
	var i trace.Inspector
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 20 {
				remove := i.Watch(busy())
				get(t, &i, "?part=live")
				i.Add(ended("gone", nil))
				remove()
				get(t, &i, "?format=json")
			}
		})
	}
	wg.Wait()
	contains(t, body(t, get(t, &i, "")), "No scope is running.")
}
