package record

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	oteltrace "go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"

	"github.com/ebb-go/ebb/internal/term"
	"github.com/ebb-go/ebb/trace"
)

// Config is what [Start] has to know of a scope.
type Config struct {
	Name     string // as written in code; "" for a scope without a name, whose spans are plain "scope" and "teardown"
	Path     string // "orders/request"
	Schedule string // the lower-case word

	TracerProvider oteltrace.TracerProvider // nil: that of a recording span in ctx, else the global one if it is set
	MeterProvider  metric.MeterProvider     // nil: the global one if it is set

	Mode      Mode
	TaskSpans bool      // whether [Recorder.Task] starts spans
	Parent    *Recorder // of the scope around this one, which shares what is made once per provider; may be nil
	At        time.Time // when the scope began; zero: now

	// Failed is called with the first failure of the tracer and of the meter each:
	// a [*fault.PanicError], [fault.ErrGoexit], or [fault.ErrStuck] of a call that
	// took longer than a second. Nil: OpenTelemetry's error handler is.
	Failed func(what string, err error)
}

// Recorder turns the life of one scope into spans and metrics. It is made by
// [Start] and ended by [Recorder.End].
//
// A scope that is not recorded has a nil *Recorder: its methods return their ctx as it
// is and nil, and allocate nothing. So do the methods of the nil *Span, *Teardown and
// *DropSpan that it returns. All methods may be called from any
// goroutine at any time. A tracer, processor or meter that panics or calls
// runtime.Goexit costs the span or measurement and nothing else; one that blocks
// is waited for a second, and then no more is recorded with it. Recording ignores
// whether ctx is canceled.
type Recorder struct {
	calls    foreign
	provider oteltrace.TracerProvider
	tracer   oteltrace.Tracer // of provider; nil: no spans
	idle     bool             // tracer is the one of OpenTelemetry that does nothing
	meters   *instruments     // nil: no metrics

	span   oteltrace.Span        // of the scope; nil without tracer and in TeardownOnly
	caller oteltrace.SpanContext // of the span that the scope was started under

	given     label                 // what the scope was called when it opened
	renamed   atomic.Pointer[label] // what it is called since; nil: given
	mode      Mode
	taskSpans bool
	ended     atomic.Bool

	mu   sync.Mutex // protects following field
	last time.Time  // when the latest of the spans that the scope's span is to enclose ended
}

// Start begins to record a scope and returns ctx with the scope's span in it.
// When there is no provider, or none but the stand-ins of package otel, it
// returns ctx as it is and nil, calls no tracer and allocates nothing. The
// providers are chosen once: one that becomes global later is not used by this
// scope.
func Start(ctx context.Context, c Config) (context.Context, *Recorder) {
	tp, mp := tracerProvider(ctx, c.TracerProvider), meterProvider(c.MeterProvider)
	if tp == nil && mp == nil {
		return ctx, nil
	}
	r := &Recorder{
		given:     labelOf(c.Name, c.Path),
		mode:      c.Mode,
		taskSpans: c.TaskSpans,
	}
	r.calls.report = c.Failed
	if mp != nil {
		r.meters = r.instrumentsOf(c.Parent, mp)
		r.measure(measurement{of: liveScopes, delta: 1})
	}
	if tp == nil {
		return ctx, r
	}
	r.provider, r.tracer = tp, r.tracerOf(c.Parent, tp)
	if r.tracer == nil {
		return ctx, r
	}
	_, r.idle = r.tracer.(noop.Tracer)
	r.caller = r.calls.callerOf(ctx)
	if r.mode == TeardownOnly {
		return ctx, r
	}
	opts := []oteltrace.SpanStartOption{
		oteltrace.WithTimestamp(orNow(c.At)),
		oteltrace.WithAttributes(r.given.path, attribute.String(keyScopeSchedule, term.Word(c.Schedule))),
	}
	if r.mode == LinkedRoot {
		opts = append(opts, r.linkedRoot()...)
	}
	ctx, r.span = r.start(ctx, named("scope", c.Name), opts...)
	return ctx, r
}

// label is what a scope is called in its spans.
type label struct {
	name string // "" for a scope without one
	path attribute.KeyValue
}

func labelOf(name, path string) label {
	return label{name, attribute.String(keyScopePath, term.Word(path))}
}

// label returns what the scope is called now.
func (r *Recorder) label() *label {
	if l := r.renamed.Load(); l != nil {
		return l
	}
	return &r.given
}

// Rename gives the scope another name and path, its span too, unless that has ended.
// Spans of it that have begun before keep theirs.
func (r *Recorder) Rename(name, path string) {
	if r == nil {
		return
	}
	l := labelOf(name, path)
	r.renamed.Store(&l)
	if r.span != nil && !r.ended.Load() {
		r.calls.do(tracing, func() {
			r.span.SetName(named("scope", name))
			r.span.SetAttributes(l.path)
		})
	}
}

// GuardLive moves the gauge of live guards, daemons and children by delta: 1
// when one is registered, -1 when it is gone.
func (r *Recorder) GuardLive(delta int) {
	if r != nil {
		r.measure(measurement{of: liveGuards, delta: int64(delta)})
	}
}

// End ends the scope's span at the time at, with the exit case as a lower-case
// word. The span is marked as failed when err is not nil, which is the error of
// the body or of a task: a failed drop marks its own span and the teardown's.
// Later calls do nothing.
func (r *Recorder) End(at time.Time, exit string, err error) {
	if r == nil || r.ended.Swap(true) {
		return
	}
	r.measure(measurement{of: liveScopes, delta: -1})
	if r.span == nil {
		return
	}
	r.mu.Lock()
	at = later(orNow(at), r.last)
	r.mu.Unlock()
	r.finish(r.span, at, failureOf(err), func(span oteltrace.Span) {
		span.SetAttributes(attribute.String(keyScopeExit, term.Word(exit)))
	})
}

// under returns ctx with the scope's span in it, whatever span it has now, so
// that the next span is the scope's child; and the options that make it a root
// of its own where the scope has no span.
func (r *Recorder) under(ctx context.Context) (context.Context, []oteltrace.SpanStartOption) {
	if r.span == nil {
		return ctx, r.linkedRoot()
	}
	return oteltrace.ContextWithSpan(ctx, r.span), nil
}

// linkedRoot makes a span the root of a trace of its own, linked to the span
// that the scope was started under if there is one.
func (r *Recorder) linkedRoot() []oteltrace.SpanStartOption {
	opts := []oteltrace.SpanStartOption{oteltrace.WithNewRoot()}
	if r.caller.IsValid() {
		opts = append(opts, oteltrace.WithLinks(oteltrace.Link{SpanContext: r.caller}))
	}
	return opts
}

// reach makes the scope's span end no earlier than at.
func (r *Recorder) reach(at time.Time) {
	r.mu.Lock()
	r.last = later(r.last, at)
	r.mu.Unlock()
}

// tracerOf returns the parent's tracer if it is of that provider, else a new one;
// nil if the provider has none. The parent may be nil.
func (r *Recorder) tracerOf(parent *Recorder, tp oteltrace.TracerProvider) oteltrace.Tracer {
	if parent != nil && parent.tracer != nil && same(parent.provider, tp) {
		return parent.tracer
	}
	var tracer oteltrace.Tracer
	if !r.calls.do(tracing, func() {
		tracer = tp.Tracer(trace.ScopeName, oteltrace.WithInstrumentationVersion(process.version()))
		must("tracer", tracer)
	}) {
		return nil
	}
	return tracer
}

// instrumentsOf returns the parent's instruments if they are of that provider,
// else new ones; nil if the provider has none. The parent may be nil.
func (r *Recorder) instrumentsOf(parent *Recorder, mp metric.MeterProvider) *instruments {
	if parent != nil && parent.meters != nil && same(parent.meters.provider, mp) {
		return parent.meters
	}
	var made *instruments
	var refused []error
	if !r.calls.do(metering, func() { made, refused = newInstruments(mp) }) {
		return nil
	}
	for _, err := range refused {
		handle(err)
	}
	return made
}
