package main

import (
	"bytes"
	"encoding/hex"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	collector "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	"google.golang.org/protobuf/proto"
)

// collected are the names of the spans that a collector was sent, in order.
type collected struct {
	mu    sync.Mutex // protects the following
	names []string
	trace string // of the last
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
		for _, in := range of.ScopeSpans {
			for _, span := range in.Spans {
				c.names = append(c.names, span.Name)
				c.trace = hex.EncodeToString(span.TraceId)
			}
		}
	}
}

// Every span arrives, the root's, which ends last, as the last.
func TestSpansArrive(t *testing.T) {
	c := &collected{}
	server := httptest.NewServer(c)
	defer server.Close()
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", server.URL)
	var stdout, stderr bytes.Buffer
	if code := run(t.Context(), []string{"-pace", "20ms", "-page", "http://page"}, &stdout, &stderr); code != 0 || stderr.Len() > 0 {
		t.Fatalf("exit code %d, stderr %q", code, &stderr)
	}
	if !strings.HasSuffix(stdout.String(), "\nhttp://page/trace/"+c.trace+"\n") {
		t.Errorf("it does not end with where the trace is:\n%s", &stdout)
	}
	for _, want := range []string{"drop reports", "drop disk", "scope POST /refund", "teardown shop"} {
		if !slices.Contains(c.names, want) {
			t.Errorf("no span %q among %v", want, c.names)
		}
	}
	if last := c.names[len(c.names)-1]; last != "scope shop" {
		t.Errorf("the last span is %q, want the root", last)
	}
	for _, want := range []string{"teardown of shop", `drop "mailer" (wave 1): 421 try again later`, `"audit" abandoned`, `held back by abandoned "audit"`} {
		if !strings.Contains(stdout.String(), want) {
			t.Errorf("no %q in\n%s", want, &stdout)
		}
	}
}

// Spans that cannot be delivered are an error that says so, and no URL of a
// trace that is not there is printed.
func TestSpansThatDoNotArrive(t *testing.T) {
	server := httptest.NewServer(http.NotFoundHandler())
	server.Close()
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", server.URL)
	var stdout, stderr bytes.Buffer
	if code := run(t.Context(), []string{"-pace", "5ms"}, &stdout, &stderr); code != 1 {
		t.Errorf("exit code %d, want 1", code)
	}
	if !strings.HasPrefix(stderr.String(), "jaeger: the spans were not delivered: ") || strings.Contains(stdout.String(), "/trace/") {
		t.Errorf("stderr %q, stdout\n%s", &stderr, &stdout)
	}
}

// Without the environment the spans go to the path that OTLP has for them, as
// they do with it.
func TestSpansArriveWithoutEnvironment(t *testing.T) {
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "")
	c := &collected{}
	server := httptest.NewServer(c)
	defer server.Close()
	for _, url := range []string{server.URL, server.URL + "/"} {
		c.names = nil
		var stdout, stderr bytes.Buffer
		if code := run(t.Context(), []string{"-pace", "5ms", "-otlp", url}, &stdout, &stderr); code != 0 || stderr.Len() > 0 {
			t.Fatalf("exit code %d, stderr %q", code, &stderr)
		}
		if !slices.Contains(c.names, "scope shop") {
			t.Errorf("the root span has not arrived: %v", c.names)
		}
	}
}

// Where no Jaeger is, the program says so before it does anything.
func TestNoJaeger(t *testing.T) {
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "")
	other := httptest.NewServer(http.NotFoundHandler())
	defer other.Close()
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	for url, why := range map[string]string{
		other.URL:           "404 Not Found",
		gone.URL:            "connection refused",
		"127.0.0.1:4318":    "first path segment in URL cannot contain colon",
		"unix://127.0.0.1/": "unsupported protocol scheme",
	} {
		var stdout, stderr bytes.Buffer
		if code := run(t.Context(), []string{"-otlp", url}, &stdout, &stderr); code != 2 || stdout.Len() > 0 {
			t.Errorf("%s: exit code %d, want 2; stdout %q", url, code, &stdout)
		}
		line := stderr.String()
		if !strings.HasPrefix(line, "jaeger: "+strings.TrimSuffix(url, "/")+"/v1/traces takes no spans (") || !strings.Contains(line, why) ||
			!strings.HasSuffix(line, "start Jaeger as examples/jaeger/README.md says, or set OTEL_EXPORTER_OTLP_ENDPOINT\n") || strings.Count(line, "\n") != 1 {
			t.Errorf("%s: %q, want one line with %q and what to do", url, line, why)
		}
	}
}

func TestHelp(t *testing.T) {
	var stdout, stderr bytes.Buffer
	if code := run(t.Context(), []string{"-h"}, &stdout, &stderr); code != 0 {
		t.Errorf("exit code %d, want 0", code)
	}
}

func TestUsage(t *testing.T) {
	var stdout, stderr bytes.Buffer
	if code := run(t.Context(), []string{"-pace", "fast"}, &stdout, &stderr); code != 2 || !strings.Contains(stderr.String(), "-pace") {
		t.Errorf("exit code %d, stderr %q", code, &stderr)
	}
}
