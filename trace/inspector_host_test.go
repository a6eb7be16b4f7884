package trace_test

import (
	"net/http/httptest"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ebb-go/ebb/trace"
)

// A page of another site that has led its own name to this server, and so passes
// for the same origin, gets nothing.
func TestHosts(t *testing.T) {
	for _, c := range []struct {
		hosts []string
		host  string
		code  int
	}{
		{nil, "localhost", 200}, {nil, "localhost:8080", 200}, {nil, "LOCALHOST.:8080", 200}, {nil, "app.localhost:1", 200},
		{nil, "127.0.0.1", 200}, {nil, "127.0.0.1:6060", 200}, {nil, "[::1]", 200}, {nil, "[::1]:6060", 200}, {nil, "[fe80::1%25eth0]:6060", 200},
		{nil, "10.1.2.3:6060", 200}, {nil, "", 200},
		{nil, "evil.example", 403}, {nil, "evil.example:6060", 403}, {nil, "localhost.evil.example", 403}, {nil, "127.0.0.1.evil.example", 403},
		{nil, "evillocalhost", 403}, {nil, "localhost@evil.example", 403}, {nil, "1.2.3", 403}, {nil, "\x1b[31m", 403}, {nil, "*", 403},
		{[]string{"ops.internal"}, "ops.internal:443", 200}, {[]string{"ops.internal"}, "OPS.internal", 200},
		{[]string{"ops.internal"}, "x.ops.internal", 403}, {[]string{"ops.internal"}, "localhost", 200},
		{[]string{"*"}, "evil.example", 200},
	} {
		i := trace.Inspector{Hosts: c.hosts}
		i.Watch(busy())
		for _, query := range []string{"", "?format=json", "?plan=1", "?file=script"} {
			r := httptest.NewRequest("GET", "/"+query, nil)
			r.Host = c.host
			w := httptest.NewRecorder()
			i.ServeHTTP(w, r)
			if w.Code != c.code || c.code == 403 && (strings.Contains(w.Body.String(), "orders") || unsafe(w.Body.String()) != "") {
				t.Errorf("hosts %q: %q for %q: status %d, want %d", c.hosts, query, c.host, w.Code, c.code)
			}
			if w.Header().Get("Content-Security-Policy") == "" || w.Header().Get("X-Content-Type-Options") != "nosniff" {
				t.Errorf("%q for %q: no policy", query, c.host)
			}
		}
	}
}

// What nothing on a page asks for is no question that there is an answer to.
func TestUnknownQueries(t *testing.T) {
	var i trace.Inspector
	i.Watch(busy())
	i.Add(ended("gone", nil))
	for _, query := range []string{"?x=1", "?live", "?report=2&x=1", "?report=2&plan=1", "?report=2&report=2", "?format=json&format=text", "?part=dead", "?part=",
		"?part=live&format=json", "?file=style&format=json", "?format=json&x", "?plan=1&part=live", "?%zz", "?a;b", "?FORMAT=json"} {
		if r := get(t, &i, query); r.StatusCode != 400 {
			t.Errorf("%q: status %d, want 400", query, r.StatusCode)
		}
	}
}

func TestPicturesAreNotFramed(t *testing.T) {
	var i trace.Inspector
	i.Watch(busy())
	i.Add(ended("gone", nil))
	for _, query := range []string{"", "?plan=1&format=svg", "?report=2&format=svg", "?report=2", "?format=json", "?nonsense"} {
		if p := get(t, &i, query).Header.Get("Content-Security-Policy"); !strings.Contains(p, "frame-ancestors 'none'") || !strings.Contains(p, "default-src 'none'") {
			t.Errorf("%q: policy %q", query, p)
		}
	}
}

// A source is foreign code: what it does is its own affair, and not that of the
// page or of the scopes beside it.
type oddSource struct{ do func() }

func (s oddSource) Snapshot() trace.Snapshot { s.do(); return trace.Snapshot{Name: "odd"} }
func (s oddSource) Plan() trace.Plan         { s.do(); return trace.Plan{} }

func TestOddSources(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var i trace.Inspector
		release := make(chan struct{})
		i.Watch(oddSource{func() { panic("boom") }})
		i.Watch(oddSource{runtime.Goexit})
		i.Watch(oddSource{func() { <-release }})
		i.Watch(oddSource{func() { <-release }})
		var called atomic.Bool
		i.Watch(oddSource{func() {
			if !called.Swap(true) { // or it would never end
				i.Add(ended("back", nil))
				i.Watch(busy())()
				get(t, &i, "")
			}
		}})
		i.Watch(busy())
		began := time.Now()
		contains(t, body(t, get(t, &i, "")), "Snapshot: panic: boom", "did not return in time", "runtime.Goexit was called", "postgres")
		for _, query := range []string{"?plan=1", "?plan=2", "?plan=3"} {
			if r := get(t, &i, query); r.StatusCode != 500 {
				t.Errorf("%q: status %d", query, r.StatusCode)
			}
		}
		if took := time.Since(began); took > 5*time.Second {
			t.Errorf("took %v", took)
		}
		close(release)
	})
}

// An Add is a line of the exit of every request: it makes the copy and no more.
func TestAddIsCheap(t *testing.T) {
	var i trace.Inspector
	r := ended("request", nil)
	if n := testing.AllocsPerRun(1000, func() { i.Add(r) }); n > 2 {
		t.Errorf("%v allocations, want those of the report and its entries", n)
	}
}
