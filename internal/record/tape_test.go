package record_test

import (
	"cmp"
	"context"
	"encoding/binary"
	"fmt"
	"slices"
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

// tape is a TracerProvider that keeps every span.
type tape struct {
	embedded.TracerProvider

	mu            sync.Mutex
	spans         []*taped // in the order of their starts
	tracers       int      // calls of Tracer
	name, version string   // of the latest
}

// head is the tracer of a tape.
type head struct {
	embedded.Tracer
	*tape
}

// taped is a span of a tape. Its fields are to be read once it has ended.
type taped struct {
	noop.Span
	tape   *tape
	name   string
	sc     oteltrace.SpanContext
	parent oteltrace.SpanContext
	links  []oteltrace.Link

	attrs        map[attribute.Key]attribute.Value
	status       codes.Code
	text         string
	began, ended time.Time
	ends, events int
}

func (p *tape) Tracer(name string, opts ...oteltrace.TracerOption) oteltrace.Tracer {
	p.mu.Lock()
	defer p.mu.Unlock()
	c := oteltrace.NewTracerConfig(opts...)
	p.tracers++
	p.name, p.version = name, c.InstrumentationVersion()
	return head{tape: p}
}

func (s *taped) SetName(name string) { s.name = name }

func (p *tape) Start(ctx context.Context, name string, opts ...oteltrace.SpanStartOption) (context.Context, oteltrace.Span) {
	c := oteltrace.NewSpanStartConfig(opts...)
	s := &taped{tape: p, name: name, links: c.Links(), began: c.Timestamp(), attrs: map[attribute.Key]attribute.Value{}}
	if !c.NewRoot() {
		s.parent = oteltrace.SpanContextFromContext(ctx)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	id := oteltrace.SpanContextConfig{TraceID: s.parent.TraceID(), TraceFlags: oteltrace.FlagsSampled}
	binary.BigEndian.PutUint64(id.SpanID[:], uint64(len(p.spans)+1))
	if !id.TraceID.IsValid() {
		copy(id.TraceID[:], id.SpanID[:])
	}
	s.sc = oteltrace.NewSpanContext(id)
	for _, kv := range c.Attributes() {
		s.attrs[kv.Key] = kv.Value
	}
	p.spans = append(p.spans, s)
	return oteltrace.ContextWithSpan(ctx, s), s
}

func (s *taped) IsRecording() bool                           { return true }
func (s *taped) SpanContext() oteltrace.SpanContext          { return s.sc }
func (s *taped) TracerProvider() oteltrace.TracerProvider    { return s.tape }
func (s *taped) AddEvent(string, ...oteltrace.EventOption)   { s.events++ }
func (s *taped) RecordError(error, ...oteltrace.EventOption) { s.events++ }
func (s *taped) SetStatus(c codes.Code, text string)         { s.status, s.text = c, text }
func (s *taped) End(opts ...oteltrace.SpanEndOption) {
	c := oteltrace.NewSpanEndConfig(opts...)
	s.ends++
	s.ended = c.Timestamp()
}
func (s *taped) SetAttributes(kvs ...attribute.KeyValue) {
	for _, kv := range kvs {
		s.attrs[kv.Key] = kv.Value
	}
}

// named returns the spans of that name.
func (p *tape) named(name string) (found []*taped) {
	for _, s := range p.spans {
		if s.name == name {
			found = append(found, s)
		}
	}
	return found
}

// one returns the only span of that name.
func (p *tape) one(t *testing.T, name string) *taped {
	t.Helper()
	found := p.named(name)
	if len(found) != 1 {
		t.Fatalf("%d spans named %q, want 1; all:\n%s", len(found), name, p.tree())
	}
	return found[0]
}

// tree draws the spans by parent and start, each with its times after [zero],
// its attributes without those that say the same on every span, and its status.
func (p *tape) tree() string {
	var b strings.Builder
	var draw func(parent oteltrace.SpanID, indent string)
	draw = func(parent oteltrace.SpanID, indent string) {
		var children []*taped
		for _, s := range p.spans {
			if s.parent.SpanID() == parent {
				children = append(children, s)
			}
		}
		slices.SortStableFunc(children, func(a, b *taped) int { return a.began.Compare(b.began) })
		for _, s := range children {
			fmt.Fprintf(&b, "%s%s %v..%v%s\n", indent, s.name, s.began.Sub(zero), s.ended.Sub(zero), s.detail())
			draw(s.sc.SpanID(), indent+"  ")
		}
	}
	draw(oteltrace.SpanID{}, "")
	return b.String()
}

func (s *taped) detail() string {
	var kvs []string
	for k, v := range s.attrs {
		kvs = append(kvs, fmt.Sprintf(" %s=%s", strings.TrimPrefix(string(k), "ebb."), v.String()))
	}
	slices.SortFunc(kvs, cmp.Compare[string])
	if s.status == codes.Error {
		kvs = append(kvs, fmt.Sprintf(" ERROR(%s)", s.text))
	}
	return strings.Join(kvs, "")
}

// zero is when the tests' teardowns begin.
var zero = time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC)

func after(d time.Duration) time.Time { return zero.Add(d) }

func atMS(n int) time.Time { return after(time.Duration(n) * time.Millisecond) }

// wantTree compares the tape's tree with a drawing, whose indentation by tabs
// does not count.
func wantTree(t *testing.T, p *tape, want string) {
	t.Helper()
	want = strings.TrimPrefix(strings.ReplaceAll(want, "\t", ""), "\n")
	if got := p.tree(); got != want {
		t.Errorf("spans:\n%s\nwant:\n%s", got, want)
	}
	for _, s := range p.spans {
		if s.ends != 1 || s.events != 0 || s.status == codes.Ok {
			t.Errorf("span %q: ended %d times, %d events, status %v", s.name, s.ends, s.events, s.status)
		}
	}
}
