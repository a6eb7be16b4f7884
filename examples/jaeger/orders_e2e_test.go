//go:build e2e

package main

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// ran is a run of the orders program: what it said, and its spans.
type ran struct {
	stdout string
	demo   *tree   // of the whole program
	orders []*tree // of the requests, one trace each
}

// runOrders runs the orders program, as a service of that name.
func runOrders(t *testing.T, service string, wantCode int, args ...string) ran {
	t.Helper()
	jaegerURL(t)
	dir := t.TempDir()
	bin := filepath.Join(dir, "orders")
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", bin, "../orders").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	since := time.Now()
	var stdout, stderr bytes.Buffer
	c := exec.CommandContext(t.Context(), bin, args...)
	c.Dir, c.Stdout, c.Stderr = dir, &stdout, &stderr
	c.Env = append(os.Environ(), "OTEL_SERVICE_NAME="+service, "TMPDIR="+dir)
	if err := c.Run(); err != nil && !errors.As(err, new(*exec.ExitError)) {
		t.Fatal(err)
	}
	if code := c.ProcessState.ExitCode(); code != wantCode {
		t.Fatalf("exit code %d, want %d\n%s%s", code, wantCode, &stdout, &stderr)
	}
	t.Logf("\n%s%s", &stdout, &stderr)

	r := ran{stdout: stdout.String(), demo: grow(t, spansOf(t, since, service, "scope demo"))}
	traces := map[string][]*span{}
	for _, s := range spansOf(t, since, service, "scope POST /orders") {
		traces[s.TraceID] = append(traces[s.TraceID], s)
	}
	for _, spans := range traces {
		r.orders = append(r.orders, grow(t, spans))
	}
	return r
}

// number reads the number in a line of the program's proof.
func (r ran) number(t *testing.T, what string) int {
	t.Helper()
	m := regexp.MustCompile(`(?m)^  ` + regexp.QuoteMeta(what) + ` +(\d+)`).FindStringSubmatch(r.stdout)
	if m == nil {
		t.Fatalf("no %q", what)
	}
	n, err := strconv.Atoi(m[1])
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// reported reads the report of the service's stop: wave and outcome by guard,
// and those on the critical path.
func (r ran) reported(t *testing.T) (drops map[string]string, critical []string) {
	t.Helper()
	drops = map[string]string{}
	row := regexp.MustCompile(`(?m)^.(.) +(\d+)  (\S+) +(ok|error|panic|goexit|timeout|abandoned|skipped) `)
	for _, m := range row.FindAllStringSubmatch(r.stdout, -1) {
		drops[m[3]] = m[2] + " " + m[4]
		if m[1] == "*" {
			critical = append(critical, m[3])
		}
	}
	if len(drops) == 0 {
		t.Fatal("no report")
	}
	return drops, critical
}

// check checks what holds for every run. wantExit is the exit of the whole
// program, wantFailed are the drops of the service that failed.
func (r ran) check(t *testing.T, wantExit string, wantFailed map[string]string) {
	t.Helper()
	r.demo.check(t)

	// The stop of the service is what the report says.
	teardown := r.demo.named(t, "scope demo", "scope orders", "teardown orders")
	reported, critical := r.reported(t)
	traced, failed := map[string]string{}, map[string]string{}
	for _, w := range r.demo.children[teardown] {
		for _, d := range r.demo.children[w] {
			traced[d.rest()] = fmt.Sprint(d.number("ebb.wave.index"), " ", d.text("ebb.drop.outcome"))
			if d.Status.Code == 2 {
				failed[d.rest()] = d.text("error.type") + ": " + d.Status.Message
			}
		}
	}
	if !maps.Equal(traced, reported) {
		t.Errorf("traced\n%v, reported\n%v", traced, reported)
	}
	if got := teardown.list("ebb.critical_path"); !slices.Equal(got, critical) {
		t.Errorf("critical path: traced %v, reported %v", got, critical)
	}
	if n := teardown.number("ebb.guards"); n != int64(len(reported)) {
		t.Errorf("ebb.guards %d, %d reported", n, len(reported))
	}
	if n := teardown.number("ebb.grace_ms"); n != 6000 {
		t.Errorf("ebb.grace_ms %d", n)
	}
	if cause := teardown.text("ebb.cause"); cause != "signal: terminated" {
		t.Errorf("ebb.cause %q, want the signal", cause)
	}
	for guard, want := range wantFailed {
		if !strings.HasPrefix(failed[guard], want) {
			t.Errorf("%s: failed with %q, want %q", guard, failed[guard], want)
		}
	}
	if len(failed) != len(wantFailed) {
		t.Errorf("failed: %v", failed)
	}
	for name, exit := range map[string]string{"scope orders": "succeeded", "scope traffic": "succeeded", "scope demo": wantExit} {
		if i := slices.IndexFunc(slices.Collect(maps.Values(r.demo.spans)), func(s *span) bool {
			return s.Name == name && s.text("ebb.scope.exit") == exit
		}); i < 0 {
			t.Errorf("no %s with exit %s", name, exit)
		}
	}
	r.checkEdges(t, teardown)
	r.checkRequests(t)
	r.checkCounts(t)
}

// edges are the dependencies that service.go of orders declares, or that its
// functions use.
var edges = map[string][]string{
	"server":       {"database", "cache", "relay"},
	"write-behind": {"cache"},
	"relay":        {"database", "journal", "stream", "projection"},
	"projection":   {"database", "stream"},
	"stream":       {"nats"},
	"cache":        {"database"},
	"database":     {}, "journal": {}, "nats": {},
	"chaos-fails": {"database"}, "chaos-panics": {"database"}, "chaos-hangs": {"database"},
}

func (r ran) checkEdges(t *testing.T, teardown *span) {
	t.Helper()
	for _, w := range r.demo.children[teardown] {
		for _, d := range r.demo.children[w] {
			got := slices.Sorted(slices.Values(d.list("ebb.guard.depends_on")))
			got = slices.DeleteFunc(got, func(on string) bool { return d.rest() == "server" && strings.HasPrefix(on, "chaos-") })
			if want := slices.Sorted(slices.Values(edges[d.rest()])); !slices.Equal(got, want) {
				t.Errorf("%s depends on %v, want %v", d.rest(), got, want)
			}
		}
	}
}

// checkRequests checks the traces of the requests: each one's scope is a root,
// linked to the trace of the program that it came from.
func (r ran) checkRequests(t *testing.T) {
	t.Helper()
	for _, tr := range r.orders {
		tr.check(t)
		root := tr.named(t, "scope POST /orders")
		if len(root.Links) != 1 || r.demo.spans[root.Links[0].SpanID] == nil || root.Links[0].TraceID != r.demo.root.TraceID {
			t.Errorf("links %v, want one to a span of trace %s", root.Links, r.demo.root.TraceID)
		}
		tr.named(t, "scope POST /orders", "scope commit", "acquire transaction")
		tr.named(t, "scope POST /orders", "scope commit", "teardown commit", "wave 0", "drop transaction")
		if len(tr.spans) != 6 {
			t.Errorf("%d spans, want 6: %v", len(tr.spans), namesOf(slices.Collect(maps.Values(tr.spans))))
		}
		if t.Failed() {
			return // the others would say the same
		}
	}
}

// checkCounts compares with what the program counted by its own hand: the guards
// of the service, and the transactions of its requests.
func (r ran) checkCounts(t *testing.T) {
	t.Helper()
	if r.number(t, "orders acknowledged") == 0 {
		t.Error("no orders")
	}
	acquired, dropped := r.demo.guards("/orders")
	if want := r.number(t, "guards acquired"); acquired != want {
		t.Errorf("%d guards acquired, the program counted %d", acquired, want)
	}
	if want := r.number(t, "guards dropped"); dropped != want {
		t.Errorf("%d guards dropped, the program counted %d", dropped, want)
	}
	begun, ended := 0, 0
	for _, tr := range r.orders {
		acquired, dropped := tr.guards("")
		begun, ended = begun+acquired, ended+dropped
	}
	if want := r.number(t, "transactions begun"); begun != want || ended != want || len(r.orders) != want {
		t.Errorf("%d transactions begun, %d ended, in %d traces of requests; the program counted %d", begun, ended, len(r.orders), want)
	}
}

// guards counts the guards that the spans of a trace say were acquired, in scopes
// whose paths end so, and those of them that were dropped as they should be.
func (tr *tree) guards(path string) (acquired, dropped int) {
	owned := map[string]bool{}
	for _, s := range tr.spans {
		if of := s.text("ebb.scope.path"); s.kind() == "acquire" && strings.HasSuffix(of, path) {
			owned[of+" "+s.rest()] = true
		}
	}
	for _, s := range tr.spans {
		if s.kind() == "drop" && s.text("ebb.drop.outcome") == "ok" && owned[s.text("ebb.scope.path")+" "+s.rest()] {
			dropped++
		}
	}
	return len(owned), dropped
}

func TestOrders(t *testing.T) {
	r := runOrders(t, "orders", 0)
	r.check(t, "succeeded", nil)
}

// What the documents say of Jaeger's search: as it opens it shows twenty traces of
// requests; the operation finds the program, and the tag the drop that hung.
func TestSearch(t *testing.T) {
	runOrders(t, "orders-search", 1, "-chaos")
	traces := searched(t, "orders-search", nil)
	if len(traces) != 20 {
		t.Errorf("%d traces, want 20", len(traces))
	}
	for _, names := range traces {
		if !slices.Contains(names, "scope POST /orders") {
			t.Errorf("a trace that is no request: %v", names)
		}
	}
	for _, narrow := range []url.Values{
		{"operation": {"scope demo"}},
		{"tags": {`{"ebb.drop.outcome":"abandoned"}`}},
	} {
		traces := searched(t, "orders-search", narrow)
		if len(traces) != 1 || !slices.Contains(traces[0], "scope demo") || !slices.Contains(traces[0], "drop chaos-hangs") {
			t.Errorf("%v: %d traces, want that of the program", narrow, len(traces))
		}
	}
}

func TestOrdersInChaos(t *testing.T) {
	r := runOrders(t, "orders-chaos", 1, "-chaos")
	r.check(t, "failed", map[string]string{
		"chaos-fails":  "error: ",
		"chaos-panics": "panic: ",
		"chaos-hangs":  "abandoned: ",
	})
}
