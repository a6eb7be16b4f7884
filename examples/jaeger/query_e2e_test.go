//go:build e2e

package main

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"testing"
	"time"
)

// span is a span as Jaeger tells of it.
type span struct {
	TraceID string `json:"traceId"`
	ID      string `json:"spanId"`
	Parent  string `json:"parentSpanId"`
	Name    string `json:"name"`
	Start   int64  `json:"startTimeUnixNano,string"`
	End     int64  `json:"endTimeUnixNano,string"`
	Status  struct {
		Code    int    `json:"code"` // 0 unset, 1 ok, 2 error
		Message string `json:"message"`
	} `json:"status"`
	RawAttributes []keyValue        `json:"attributes"`
	Links         []link            `json:"links"`
	Events        []json.RawMessage `json:"events"`

	Service    string         `json:"-"`
	Scope      string         `json:"-"` // of the instrumentation
	Attributes map[string]any `json:"-"` // string, int64 or []string
}

// link is a span's reference to one of another trace.
type link struct {
	TraceID string `json:"traceId"`
	SpanID  string `json:"spanId"`
}

// keyValue is a name with a value of one of the types that ebb records.
type keyValue struct {
	Key   string `json:"key"`
	Value value  `json:"value"`
}

type value struct {
	String *string `json:"stringValue"`
	Int    *string `json:"intValue"`
	Array  *struct {
		Values []value `json:"values"`
	} `json:"arrayValue"`
}

// plain returns the value as a string, int64 or []string.
func (v value) plain() (any, error) {
	switch {
	case v.String != nil:
		return *v.String, nil
	case v.Int != nil:
		return strconv.ParseInt(*v.Int, 10, 64)
	case v.Array != nil:
		list := []string{}
		for _, e := range v.Array.Values {
			if e.String == nil {
				return nil, fmt.Errorf("a list of something else than strings")
			}
			list = append(list, *e.String)
		}
		return list, nil
	}
	return nil, fmt.Errorf("a value of a type that ebb has not recorded")
}

// traceOf asks Jaeger for one trace. It is complete: what the exporter has
// delivered is stored.
func traceOf(t *testing.T, id string) []*span {
	t.Helper()
	return query(t, "/api/v3/traces/"+id, nil)
}

// searched asks as Jaeger's search form does when it is sent as it opens: for
// twenty traces of the last hour. An operation or tags narrow it.
func searched(t *testing.T, service string, narrow url.Values) (traces [][]string) {
	t.Helper()
	now := time.Now()
	values := url.Values{
		"service":  {service},
		"limit":    {"20"},
		"lookback": {"1h"},
		"start":    {strconv.FormatInt(now.Add(-time.Hour).UnixMicro(), 10)},
		"end":      {strconv.FormatInt(now.UnixMicro(), 10)},
	}
	maps.Copy(values, narrow)
	var answer struct {
		Data []struct {
			Spans []struct {
				OperationName string `json:"operationName"`
			} `json:"spans"`
		} `json:"data"`
	}
	if err := json.Unmarshal(get(t, "/api/traces?"+values.Encode()), &answer); err != nil {
		t.Fatal(err)
	}
	for _, of := range answer.Data {
		var names []string
		for _, s := range of.Spans {
			names = append(names, s.OperationName)
		}
		traces = append(traces, names)
	}
	return traces
}

// spansOf asks Jaeger for all traces since then that have the service's spans of
// that name.
func spansOf(t *testing.T, since time.Time, service, name string) []*span {
	t.Helper()
	return query(t, "/api/v3/traces", url.Values{
		"query.service_name":   {service},
		"query.operation_name": {name},
		"query.start_time_min": {since.UTC().Format(time.RFC3339Nano)},
		"query.start_time_max": {time.Now().UTC().Format(time.RFC3339Nano)},
		"query.num_traces":     {"10000"},
	})
}

func query(t *testing.T, path string, values url.Values) (spans []*span) {
	t.Helper()
	var answer struct {
		Result struct {
			ResourceSpans []struct {
				Resource struct {
					Attributes []keyValue `json:"attributes"`
				} `json:"resource"`
				ScopeSpans []struct {
					Scope struct {
						Name string `json:"name"`
					} `json:"scope"`
					Spans []*span `json:"spans"`
				} `json:"scopeSpans"`
			} `json:"resourceSpans"`
		} `json:"result"`
	}
	text := get(t, path+"?"+values.Encode())
	if err := json.Unmarshal(text, &answer); err != nil {
		t.Fatalf("%s: %v\n%.2000s", path, err, text)
	}
	for _, of := range answer.Result.ResourceSpans {
		service := plain(t, "resource", of.Resource.Attributes)["service.name"]
		for _, in := range of.ScopeSpans {
			for _, s := range in.Spans {
				s.Service, _ = service.(string)
				s.Scope = in.Scope.Name
				s.Attributes = plain(t, s.Name, s.RawAttributes)
				spans = append(spans, s)
			}
		}
	}
	return spans
}

func plain(t *testing.T, of string, attributes []keyValue) map[string]any {
	t.Helper()
	m := map[string]any{}
	for _, a := range attributes {
		v, err := a.Value.plain()
		if err != nil {
			t.Errorf("%s: %s: %v", of, a.Key, err)
		}
		if _, ok := m[a.Key]; ok {
			t.Errorf("%s: %s is there twice", of, a.Key)
		}
		m[a.Key] = v
	}
	return m
}

// get gets a path of Jaeger.
func get(t *testing.T, path string) []byte {
	t.Helper()
	response, err := http.Get(jaegerURL(t) + path)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	if response.StatusCode != http.StatusOK {
		t.Fatalf("%s: %s: %s", path, response.Status, text)
	}
	return text
}

// jaegerURL is where the Jaeger is that the test was started with.
func jaegerURL(t *testing.T) string {
	t.Helper()
	at := os.Getenv("JAEGER_URL")
	if at == "" || os.Getenv("OTEL_EXPORTER_OTLP_ENDPOINT") == "" {
		t.Fatal("no Jaeger: run this as server/run go test -tags e2e ./jaeger, or make e2e")
	}
	return at
}
