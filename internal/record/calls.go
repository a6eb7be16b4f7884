package record

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"reflect"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/otel"
	oteltrace "go.opentelemetry.io/otel/trace"

	"github.com/ebb-go/ebb/internal/fault"
)

// Tracers, spans, meters and instruments are the program's, and behind them lie
// processors, exporters and samplers that anyone wrote. A recorder calls them
// through [foreign.do] only, and by the rules of package fault: with no lock held,
// so that a processor may call ebb; on another goroutine, so that a Goexit or a
// call that blocks takes no drop with it; and without a second try, so that
// whatever fails costs a span and no more.

// A sort is a kind of foreign code. The first failure of each is reported, and after a
// call that is stuck no more of its sort are made.
type sort uint8

const (
	tracing  sort = iota // tracers and spans
	metering             // meters and instruments
	sorts
)

// String is what a report of a failure calls the sort.
func (s sort) String() string { return [...]string{"tracer", "meter"}[s] }

const (
	// patience is how long a call may take. After one that took longer, the
	// recorder makes no more calls of its sort: each would take as long.
	patience = time.Second
	// leastPatience is what is left of it when the grace has run out.
	leastPatience = 10 * time.Millisecond
)

// foreign is how one recorder calls code that is not ebb's.
type foreign struct {
	door     fault.Door
	report   func(what string, err error) // nil: to OpenTelemetry's error handler
	deadline atomic.Pointer[time.Time]    // set by the teardown; nil: none
	reported [sorts]atomic.Bool           // set by the first failure
	stuck    [sorts]atomic.Bool           // set by the first call that did not return
}

// do calls f and reports whether it returned. If it did not, what f was to
// produce must not be read: f may still be running.
func (c *foreign) do(s sort, f func()) bool {
	if c.stuck[s].Load() {
		return false
	}
	return c.passed(s, c.door.Within(c.patience(), f))
}

// quick is do for code that is known not to block and to call no processor.
func (c *foreign) quick(s sort, known bool, f func()) bool {
	if !known {
		return c.do(s, f)
	}
	return c.passed(s, fault.Inline(f))
}

// patience is how long a call may take now: a tracer that blocks must not outlast
// the grace, and after the deadline each call still gets a moment, in which nearly
// all return.
func (c *foreign) patience() time.Duration {
	if d := c.deadline.Load(); d != nil {
		return min(patience, max(leastPatience, time.Until(*d)))
	}
	return patience
}

// passed reports whether err, of a call, is nil, and reports the first failure of each
// sort. The swap decides between calls that fail at the same time.
func (c *foreign) passed(s sort, err error) bool {
	if err == nil {
		return true
	}
	if errors.Is(err, fault.ErrStuck) {
		c.stuck[s].Store(true)
	}
	if !c.reported[s].Swap(true) {
		if c.report != nil {
			c.report(s.String(), err)
		} else {
			handle(fmt.Errorf("ebb: %v: %w", s, err))
		}
	}
	return false
}

// handle hands err to OpenTelemetry's error handler, which is foreign code too.
func handle(err error) { fault.Within(patience, func() { otel.Handle(err) }) }

// must fails a call that returned nothing where there has to be something.
func must(what string, value any) {
	if value == nil {
		panic(errors.New("returned a nil " + what))
	}
}

// start starts a span. If that fails the span is nil and ctx is as it was, so
// that what comes below hangs on the span above. A context that the tracer did
// not derive from ctx is not used: it could end at another time.
func (r *Recorder) start(ctx context.Context, name string, opts ...oteltrace.SpanStartOption) (context.Context, oteltrace.Span) {
	if r.idle {
		return r.tracer.Start(ctx, name, opts...)
	}
	return r.startApart(ctx, name, opts)
}

// startApart is apart from start, whose results do not escape where nothing records.
// The results are written by another goroutine, and read only if that has returned.
func (r *Recorder) startApart(ctx context.Context, name string, opts []oteltrace.SpanStartOption) (context.Context, oteltrace.Span) {
	var in context.Context
	var span oteltrace.Span
	if r.calls.do(tracing, func() {
		in, span = r.tracer.Start(ctx, name, opts...)
		must("span", span)
		if in == nil || in.Done() != ctx.Done() {
			in = oteltrace.ContextWithSpan(ctx, span)
		}
	}) {
		return in, span
	}
	return ctx, nil
}

// finish ends a span that is not nil, after change, which may be nil, has set what
// is only known now.
func (r *Recorder) finish(span oteltrace.Span, at time.Time, f failure, change func(oteltrace.Span)) {
	if r.idle {
		return
	}
	r.calls.do(tracing, func() {
		if change != nil {
			change(span)
		}
		f.mark(span)
		span.End(oteltrace.WithTimestamp(at))
	})
}

// known reports whether the methods of v that only return what it holds can be
// called where they are, as the methods of OpenTelemetry's own types can.
func known(v any) bool {
	t := reflect.TypeOf(v)
	if t == nil {
		return false
	}
	path := t.PkgPath()
	if t.Kind() == reflect.Pointer {
		path = cmp.Or(path, t.Elem().PkgPath())
	}
	switch path {
	case "go.opentelemetry.io/otel/trace", "go.opentelemetry.io/otel/trace/noop", "go.opentelemetry.io/otel/sdk/trace",
		"go.opentelemetry.io/otel/metric/noop", "go.opentelemetry.io/otel/sdk/metric", "go.opentelemetry.io/otel/internal/global":
		return true
	}
	return false
}

// spanIn returns the span in ctx; nil if there is none or the context's own Value
// method panics. It is on the way of every Run, so there is no other goroutine.
func spanIn(ctx context.Context) (span oteltrace.Span) {
	defer func() {
		if recover() != nil {
			span = nil
		}
	}()
	return oteltrace.SpanFromContext(ctx)
}

// callerOf returns the span context of the span in ctx.
func (c *foreign) callerOf(ctx context.Context) (sc oteltrace.SpanContext) {
	span := spanIn(ctx)
	if span == nil {
		return sc
	}
	var got oteltrace.SpanContext
	if c.quick(tracing, known(span), func() { got = span.SpanContext() }) {
		return got
	}
	return sc
}
