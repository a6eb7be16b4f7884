package main

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	collector "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	"google.golang.org/protobuf/proto"
)

// collected are the spans that a collector was sent: by name, how many.
type collected struct {
	mu       sync.Mutex // protects the following
	spans    map[string]int
	services map[string]bool
	parents  map[string]string // span to parent, as the ids they have
	names    map[string]string // of a span id
}

func (c *collected) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var request collector.ExportTraceServiceRequest
	body, err := io.ReadAll(r.Body)
	if err == nil {
		err = proto.Unmarshal(body, &request)
	}
	if err != nil || r.URL.Path != "/v1/traces" {
		http.Error(w, r.URL.Path, http.StatusBadRequest)
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, of := range request.ResourceSpans {
		for _, a := range of.Resource.Attributes {
			if a.Key == "service.name" {
				c.services[a.Value.GetStringValue()] = true
			}
		}
		for _, in := range of.ScopeSpans {
			for _, span := range in.Spans {
				c.spans[span.Name]++
				c.names[string(span.SpanId)] = span.Name
				c.parents[string(span.SpanId)] = string(span.ParentSpanId)
			}
		}
	}
}

// Every span arrives, the root's too, which is the last to end.
func TestSpansArrive(t *testing.T) {
	c := &collected{spans: map[string]int{}, services: map[string]bool{}, parents: map[string]string{}, names: map[string]string{}}
	server := httptest.NewServer(c)
	defer server.Close()
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", server.URL)
	r := runProgram(t)
	if r.code != 0 || r.stderr != "" {
		t.Fatalf("exit code %d, stderr %q", r.code, r.stderr)
	}
	for name, want := range map[string]int{
		"scope demo": 1, "scope orders": 1, "teardown orders": 1,
		"drop server": 1, "drop relay": 1, "drop nats": 1,
		"drop database":      2, // the proof opens it again
		"scope POST /orders": r.numberOf(t, "orders acknowledged"),
		"scope commit":       r.numberOf(t, "orders acknowledged"),
		"drop transaction":   r.numberOf(t, "orders acknowledged"),
	} {
		if got := c.spans[name]; got != want {
			t.Errorf("%d spans %q, want %d", got, name, want)
		}
	}
	if len(c.services) != 1 || !c.services["orders"] {
		t.Errorf("sent by %v, want orders", c.services)
	}
	for id, parent := range c.parents {
		if parent != "" && c.names[parent] == "" {
			t.Errorf("the parent of %q did not arrive", c.names[id])
		}
	}
}

// A collector that is not there costs an error that says so, once, and nothing
// of the orders.
func TestSpansThatDoNotArrive(t *testing.T) {
	server := httptest.NewServer(http.NotFoundHandler())
	server.Close()
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", server.URL)
	r := runProgram(t)
	r.wantProof(t, 0)
	if r.code != 1 || strings.Count(r.stderr, "\n") != 1 || !strings.Contains(r.stderr, "spans were not delivered: ") {
		t.Errorf("exit code %d, stderr %q", r.code, r.stderr)
	}
}
