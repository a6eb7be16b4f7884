package trace

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	oteltrace "go.opentelemetry.io/otel/trace"
)

// ScopeName is the name of the tracer and of the meter that ebb records with.
// It is also the path of ebb's module, whose version theirs is.
const ScopeName = "github.com/ebb-go/ebb"

// Config tells [Start] what it has to know of a scope.
type Config struct {
	Name     string // as written in code; "" for a scope without a name, whose spans are plain "scope" and "teardown"
	Path     string // "orders/request"
	Schedule string // the lower-case word

	TracerProvider oteltrace.TracerProvider // nil: that of a recording span in ctx, else the global one if it is set
	MeterProvider  metric.MeterProvider     // nil: the global one if it is set

	Mode      SpanMode
	TaskSpans bool      // whether [Recorder.Task] starts spans
	Parent    *Recorder // of the scope around this one, which shares what is made once per provider; may be nil
	At        time.Time // when the scope began; zero: now
}

// Recorder turns the life of one scope into spans and metrics. It is made by
// [Start] and ended by [Recorder.End].
//
// A nil *Recorder is that of a scope nobody looks at: its methods return their
// ctx as it is and nil, and allocate nothing; and so do those of the nil *Span,
// *Teardown and *DropSpan that it returns. All methods may be called from any
// goroutine at any time, and none blocks, unless a span processor does.
// Recording ignores whether ctx is cancelled.
type Recorder struct {
	provider oteltrace.TracerProvider
	tracer   oteltrace.Tracer // of provider; nil: no spans
	meters   *instruments     // nil: no metrics

	span   oteltrace.Span        // of the scope; nil without tracer and in SpanTeardownOnly
	caller oteltrace.SpanContext // of the span that the scope was started under

	name      string
	path      attribute.KeyValue
	mode      SpanMode
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
		name:      c.Name,
		path:      attribute.String(keyScopePath, c.Path),
		mode:      c.Mode,
		taskSpans: c.TaskSpans,
	}
	if mp != nil {
		r.meters = c.Parent.instruments(mp)
		r.meters.scopes.Add(context.Background(), 1)
	}
	if tp == nil {
		return ctx, r
	}
	r.provider, r.tracer = tp, c.Parent.tracerOf(tp)
	r.caller = oteltrace.SpanContextFromContext(ctx)
	if r.mode == SpanTeardownOnly {
		return ctx, r
	}
	opts := []oteltrace.SpanStartOption{
		oteltrace.WithTimestamp(orNow(c.At)),
		oteltrace.WithAttributes(r.path, attribute.String(keyScopeSchedule, c.Schedule)),
	}
	if r.mode == SpanLinkedRoot {
		opts = append(opts, r.linkedRoot()...)
	}
	ctx, r.span = r.tracer.Start(ctx, named("scope", c.Name), opts...)
	return ctx, r
}

// GuardLive moves the gauge of live guards, daemons and children by delta: 1
// when one is registered, -1 when it is gone.
func (r *Recorder) GuardLive(delta int) {
	if r != nil && r.meters != nil {
		r.meters.guards.Add(context.Background(), int64(delta))
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
	if r.meters != nil {
		r.meters.scopes.Add(context.Background(), -1)
	}
	if r.span == nil {
		return
	}
	r.mu.Lock()
	at = later(orNow(at), r.last)
	r.mu.Unlock()
	r.span.SetAttributes(attribute.String(keyScopeExit, exit))
	fail(r.span, err)
	r.span.End(oteltrace.WithTimestamp(at))
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

// tracerOf returns r's tracer if it is of that provider, else a new one. r may
// be nil.
func (r *Recorder) tracerOf(tp oteltrace.TracerProvider) oteltrace.Tracer {
	if r != nil && r.tracer != nil && same(r.provider, tp) {
		return r.tracer
	}
	return tp.Tracer(ScopeName, oteltrace.WithInstrumentationVersion(process.version()))
}

// instruments returns r's instruments if they are of that provider, else new
// ones. r may be nil.
func (r *Recorder) instruments(mp metric.MeterProvider) *instruments {
	if r != nil && r.meters != nil && same(r.meters.provider, mp) {
		return r.meters
	}
	return newInstruments(mp)
}
