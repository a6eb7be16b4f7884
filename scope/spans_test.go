package scope_test

import (
	"context"
	"encoding/binary"
	"strings"
	"sync"
	"testing"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	oteltrace "go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/embedded"
	"go.opentelemetry.io/otel/trace/noop"
)

// spans is a TracerProvider, and its own only tracer, that keeps every span in
// the order of their starts.
type spans struct {
	embedded.TracerProvider
	tracer

	mu  sync.Mutex
	all []*span
}

type tracer struct{ embedded.Tracer }

// span is a span of spans. Its provider's mu protects what changes.
type span struct {
	noop.Span
	of     *spans
	name   string
	ctx    oteltrace.SpanContext
	parent oteltrace.SpanContext
	links  int

	attrs        map[string]attribute.Value
	status       codes.Code
	text         string
	began, ended time.Time
	ends, events int
}

func (p *spans) Tracer(string, ...oteltrace.TracerOption) oteltrace.Tracer { return p }

func (p *spans) Start(ctx context.Context, name string, opts ...oteltrace.SpanStartOption) (context.Context, oteltrace.Span) {
	c := oteltrace.NewSpanStartConfig(opts...)
	s := &span{of: p, name: name, began: c.Timestamp(), links: len(c.Links()), attrs: map[string]attribute.Value{}}
	if !c.NewRoot() {
		s.parent = oteltrace.SpanContextFromContext(ctx)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	id := oteltrace.SpanContextConfig{TraceID: s.parent.TraceID(), TraceFlags: oteltrace.FlagsSampled}
	binary.BigEndian.PutUint64(id.SpanID[:], uint64(len(p.all)+1))
	if !id.TraceID.IsValid() {
		copy(id.TraceID[:], id.SpanID[:])
	}
	s.ctx = oteltrace.NewSpanContext(id)
	s.setLocked(c.Attributes())
	p.all = append(p.all, s)
	return oteltrace.ContextWithSpan(ctx, s), s
}

func (s *span) setLocked(kvs []attribute.KeyValue) {
	for _, kv := range kvs {
		s.attrs[string(kv.Key)] = kv.Value
	}
}

func (s *span) IsRecording() bool                           { return true }
func (s *span) SpanContext() oteltrace.SpanContext          { return s.ctx }
func (s *span) TracerProvider() oteltrace.TracerProvider    { return s.of }
func (s *span) AddEvent(string, ...oteltrace.EventOption)   { s.events++ }
func (s *span) RecordError(error, ...oteltrace.EventOption) { s.events++ }

func (s *span) SetStatus(c codes.Code, text string) {
	s.of.mu.Lock()
	defer s.of.mu.Unlock()
	s.status, s.text = c, text
}

func (s *span) SetAttributes(kvs ...attribute.KeyValue) {
	s.of.mu.Lock()
	defer s.of.mu.Unlock()
	s.setLocked(kvs)
}

func (s *span) End(opts ...oteltrace.SpanEndOption) {
	c := oteltrace.NewSpanEndConfig(opts...)
	s.of.mu.Lock()
	defer s.of.mu.Unlock()
	s.ends++
	s.ended = c.Timestamp()
}

// str returns a string attribute, "" without one.
func (s *span) str(key string) string { return s.attrs[key].AsString() }

// named returns the spans of that name.
func (p *spans) named(name string) (found []*span) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, s := range p.all {
		if s.name == name {
			found = append(found, s)
		}
	}
	return found
}

// one returns the only span of that name.
func (p *spans) one(t *testing.T, name string) *span {
	t.Helper()
	found := p.named(name)
	if len(found) != 1 {
		t.Fatalf("%d spans named %q, want 1; all: %s", len(found), name, p)
	}
	return found[0]
}

func (p *spans) String() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	var names []string
	for _, s := range p.all {
		names = append(names, s.name)
	}
	return strings.Join(names, ", ")
}

// under reports whether s is a child of parent.
func (s *span) under(parent *span) bool { return s.parent.SpanID() == parent.ctx.SpanID() }
