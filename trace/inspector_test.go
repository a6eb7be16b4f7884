package trace_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

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

// A request that ends is no news, a child that does not get on is.
func TestNewsOfScopesInside(t *testing.T) {
	for _, tt := range []struct {
		rule         string
		waited, took time.Duration
		news         bool
	}{
		{"just now", 0, 0, false},
		{"for a moment", 999 * time.Millisecond, 999 * time.Millisecond, false},
		{"in its state for a second", 0, time.Second, true},
		{"waiting for a guard for a second", time.Second, 0, true},
	} {
		s := busy()
		s.snapshot.Children[0].State, s.snapshot.Children[0].Since = "dropping", tt.took
		s.snapshot.Children[0].Items = []trace.SnapshotItem{{Kind: "guard", Name: "tx", Waited: tt.waited}}
		var i trace.Inspector
		i.Watch(s)
		page := body(t, get(t, &i, ""))
		if got := strings.Contains(page, `<bdi>orders/request</bdi> is dropping`); got != tt.news {
			t.Errorf("%s: news: %v, want %v", tt.rule, got, tt.news)
		}
	}
}

func TestOlderTeardownsOfOnePathFold(t *testing.T) {
	var i trace.Inspector
	i.Add(ended("service"))
	for range 20 {
		i.Add(ended("request"))
	}
	page := body(t, get(t, &i, ""))
	visible, folded, _ := strings.Cut(page, `<details id="older"><summary>14 more of the same scopes</summary>`)
	if strings.Count(visible, "<bdi>request</bdi></a>") != 6 || strings.Count(folded, "<bdi>request</bdi></a>") != 14 || !strings.Contains(visible, "<bdi>service</bdi></a>") {
		t.Errorf("not six requests and the service, and the rest folded:\n%s", page)
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
