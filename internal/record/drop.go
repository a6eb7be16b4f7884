package record

import (
	"cmp"
	"context"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/otel/attribute"
	oteltrace "go.opentelemetry.io/otel/trace"

	"github.com/ebb-go/ebb/internal/outcome"
	"github.com/ebb-go/ebb/internal/term"
)

// A drop is recorded by up to three goroutines: the one that runs it, the one that
// abandons it, and the one that ends its wave. The fields of a DropSpan are written
// before it is handed out; the one exception is the span of a late drop, which is
// written by the only call of End that the swap of ended lets through.

// DropInfo is what is known of a drop when it begins, or is given up.
type DropInfo struct {
	Guard, Type string // Type is that of the guarded value
	Written     string // the name as it is written in the code, which the span's name has; "": Guard
	Wave        int
	DependsOn   []string  // not to be changed until the drop has ended
	ReleasedBy  string    // the dependent that ended last; "": none
	Queued      time.Time // when that ended, or the teardown began; zero for an early drop
	Started     time.Time
}

// DropSpan records one drop. The nil *DropSpan records nothing.
type DropSpan struct {
	r     *Recorder
	t     *Teardown // nil for an early drop
	w     *wave     // nil for an early drop, and where there are no waves
	info  DropInfo
	start time.Time       // of the span
	ctx   context.Context // with the span, or else its parent: for exemplars, and to start the span late
	span  oteltrace.Span  // nil without tracer, after a failed start, and while late
	late  bool            // it has none until it is known how it ended
	ended atomic.Bool
}

// Drop starts the span of an early drop, a child of the scope's span, and
// returns ctx with it. In [TeardownOnly] it is a root linked to the
// caller's span.
func (r *Recorder) Drop(ctx context.Context, i DropInfo) (context.Context, *DropSpan) {
	if r == nil {
		return ctx, nil
	}
	i.Started = orNow(i.Started)
	d := &DropSpan{r: r, info: i, start: i.Started}
	if r.tracer == nil {
		d.ctx = context.WithoutCancel(ctx)
		return ctx, d
	}
	under, opts := r.under(ctx)
	ctx = d.begin(under, opts...)
	return ctx, d
}

// Drop starts the span of a drop, a child of its wave's span or, where there
// are no waves, of the teardown's, and returns ctx with it. Beyond the first
// thousand drops, ctx has the parent's span instead, and [DropSpan.End] decides
// whether the drop gets a span of its own.
func (t *Teardown) Drop(ctx context.Context, i DropInfo) (context.Context, *DropSpan) {
	if t == nil {
		return ctx, nil
	}
	d, under, ahead := t.drop(ctx, i)
	if ahead {
		under = d.begin(under)
	}
	return under, d
}

// shortest is how long the span of a drop is that never began. Jaeger takes one
// that ends when it starts for one that ends before, and warns.
const shortest = time.Nanosecond

// Skip records a drop that was given up before it began, with the outcome skipped and
// the [shortest] length. err names what held it back.
func (t *Teardown) Skip(i DropInfo, err error) {
	if t == nil {
		return
	}
	d, under, ahead := t.drop(t.ctx, i)
	if ahead {
		d.begin(under)
	}
	f := failureOf(err)
	t.r.measure(measurement{of: skippedOne, ctx: d.ctx, how: outcome.Skipped.String(), f: f})
	d.end(later(d.start, d.info.Started).Add(shortest), outcome.Skipped.String(), f)
}

// drop makes a DropSpan, without its span; ahead reports whether to start that now. The context is ctx with the span's parent.
func (t *Teardown) drop(ctx context.Context, i DropInfo) (d *DropSpan, under context.Context, ahead bool) {
	i.Started = orNow(i.Started)
	d = &DropSpan{r: t.r, t: t, info: i}
	if t.span != nil {
		var parent oteltrace.Span
		d.w, parent, d.start, ahead = t.admit(&i)
		ctx = oteltrace.ContextWithSpan(ctx, parent)
		d.late = !ahead
	}
	if !ahead {
		d.ctx = context.WithoutCancel(ctx) // else begin's
	}
	return d, ctx, ahead
}

// begin starts the span and returns ctx with it.
func (d *DropSpan) begin(ctx context.Context, opts ...oteltrace.SpanStartOption) context.Context {
	i := &d.info
	attrs := make([]attribute.KeyValue, 0, 8)
	attrs = append(attrs,
		d.r.label().path,
		attribute.String(keyGuardName, term.Word(i.Guard)),
		attribute.String(keyGuardType, term.Word(i.Type)),
		names(keyGuardDependsOn, i.DependsOn),
		attribute.Int(keyWaveIndex, i.Wave),
		attribute.Int64(keyDropQueuedMS, i.queued().Milliseconds()),
	)
	if i.ReleasedBy != "" {
		attrs = append(attrs, attribute.String(keyGuardReleasedBy, term.Word(i.ReleasedBy)))
	}
	opts = append(opts, oteltrace.WithTimestamp(d.start), oteltrace.WithAttributes(attrs...))
	ctx, d.span = d.r.start(ctx, named("drop", cmp.Or(i.Written, i.Guard)), opts...)
	d.ctx = context.WithoutCancel(ctx)
	return ctx
}

// queued is how long the drop could have run and did not.
func (i *DropInfo) queued() time.Duration {
	if i.Queued.IsZero() {
		return 0
	}
	return between(i.Queued, i.Started)
}

// End ends the drop at the time at, with the word of an outcome, and
// marks its span as failed if err is not nil. The first call wins and later
// ones do nothing: a drop ends at its abandonment, whatever it returns
// afterwards.
func (d *DropSpan) End(at time.Time, how string, err error) {
	if d == nil || d.ended.Swap(true) {
		return
	}
	at = orNow(at)
	f := failureOf(err)
	d.r.measure(measurement{of: droppedOne, ctx: d.ctx, took: between(d.info.Started, at), how: how, f: f})
	d.end(at, how, f)
}

// end ends the span, or makes one that has ended, or counts the drop with its
// wave.
func (d *DropSpan) end(at time.Time, how string, f failure) {
	if d.span == nil && d.late {
		if !d.t.keep(d.w, between(d.info.Started, at), f) {
			return
		}
		d.begin(d.ctx)
	}
	if d.span == nil { // nothing records, or the tracer has failed
		return
	}
	at = later(at, d.start)
	if d.t != nil {
		d.t.reach(d.w, d.info.Guard, at)
	} else {
		d.r.reach(at)
	}
	d.r.finish(d.span, at, f, func(span oteltrace.Span) {
		span.SetAttributes(attribute.String(keyDropOutcome, term.Word(how)))
	})
}
