package record

import (
	"context"
	"sync"
	"time"

	"go.opentelemetry.io/otel/attribute"
	oteltrace "go.opentelemetry.io/otel/trace"

	"github.com/ebb-go/ebb/internal/schedule"
	"github.com/ebb-go/ebb/trace"
)

// A batch processor's default queue holds 2,048 spans and drops silently what
// comes beyond; and since parents end last, what it dropped of a wave of 5,000
// guards was the wave, the teardown and the scope. So a teardown makes at most
// about so many spans, and keeps those worth a look: every failure, then
// what took time.
const (
	maxAhead = 1000 // drop spans that are started before their drop runs
	maxSlow  = 1500 // drop spans in all, but for failures
	maxWaves = 400  // wave spans; the drops of later waves hang on the teardown

	slow = time.Millisecond // a drop that takes this long is worth a span
)

// gap is how much later than the end of one wave the next one starts. Jaeger
// reckons in microseconds, and its critical path goes on to a sibling only if
// that ended before, not when, the span began that it comes from.
const gap = time.Microsecond

// TeardownInfo is what is known when a teardown begins.
type TeardownInfo struct {
	At            time.Time     // when it began
	Waves, Guards int           // how many
	Grace         time.Duration // 0: none
	Schedule      string        // the lower-case word
	Cause         string        // why the scope was canceled or asked to stop; "": it was not
	Drain         trace.Drain   // what came before; its Items no longer change
	Deadline      time.Time     // when the grace has run out, which a tracer that blocks does not outlast; zero: none
}

// Teardown records one teardown. The nil *Teardown records nothing.
//
// All its timestamps are those it is given, which are the report's, except where
// Jaeger would misread them: a span does not begin before its parent, a wave
// begins a microsecond after the end of the one before, and so does, where there
// are no waves, a drop after the one it waited for.
type Teardown struct {
	r     *Recorder
	ctx   context.Context // with the teardown's span: the parent of its waves, and the exemplar of its duration
	span  oteltrace.Span  // nil without tracer, or when its start has failed: then nothing in it has a span
	began time.Time
	order schedule.Schedule

	mu        sync.Mutex           // protects following fields
	wave      *wave                // the running one; nil before the first, between two, and always without waves
	prior     time.Time            // end of the span of the wave before or, one by one, of the drop before; zero before the first
	released  map[string]time.Time // eager: end of the span of each drop that has one
	last      time.Time            // when the latest span in the teardown ended
	waves     int                  // wave spans so far
	drops     int                  // drop spans so far
	collapsed int                  // drops that are counted on the teardown's span
	ended     bool                 // set once, by End
}

// Teardown starts the span of a teardown and returns ctx with it. The span is a
// child of the scope's; in [TeardownOnly], a root linked to the caller's.
func (r *Recorder) Teardown(ctx context.Context, i TeardownInfo) (context.Context, *Teardown) {
	if r == nil {
		return ctx, nil
	}
	t := &Teardown{r: r, ctx: context.WithoutCancel(ctx), began: orNow(i.At), order: schedule.Of(i.Schedule)}
	if !i.Deadline.IsZero() {
		deadline := i.Deadline // or all of i would be on the heap, also for the nil Recorder
		r.calls.deadline.Store(&deadline)
	}
	if r.tracer == nil {
		return ctx, t
	}
	attrs := []attribute.KeyValue{r.label().path, attribute.Int(keyWaves, i.Waves), attribute.Int(keyGuards, i.Guards)}
	if i.Grace > 0 {
		attrs = append(attrs, attribute.Int64(keyGraceMS, i.Grace.Milliseconds()))
	}
	attrs = append(attrs, drained(i.Cause, i.Drain)...)
	under, opts := r.under(ctx)
	opts = append(opts, oteltrace.WithTimestamp(t.began), oteltrace.WithAttributes(attrs...))
	under, t.span = r.start(under, named("teardown", r.label().name), opts...)
	if t.span == nil {
		return ctx, t
	}
	ctx = under
	t.ctx = context.WithoutCancel(ctx)
	t.last = t.began
	if !t.order.HasWaves() && !t.order.IsLine() {
		t.released = make(map[string]time.Time)
	}
	return ctx, t
}

// End ends the span of the teardown, with the names on its critical path in
// order, and marks it as failed when err is not nil. Later calls do nothing.
func (t *Teardown) End(at time.Time, critical []string, err error) {
	if t == nil {
		return
	}
	at = orNow(at)
	t.mu.Lock()
	if t.ended {
		t.mu.Unlock()
		return
	}
	t.ended = true
	end, collapsed := later(at, t.last), t.collapsed
	t.mu.Unlock()
	f := failureOf(err)
	t.r.measure(measurement{of: tornDownOne, ctx: t.ctx, took: between(t.began, at), f: f})
	if t.span == nil {
		return
	}
	t.r.reach(end)
	attrs := []attribute.KeyValue{names(keyCriticalPath, critical)}
	if collapsed > 0 {
		attrs = append(attrs, attribute.Int(keyWaveCollapsed, collapsed))
	}
	t.r.finish(t.span, end, f, func(span oteltrace.Span) { span.SetAttributes(attrs...) })
}

// admit finds the place of a drop: the wave it is in, the span it is a child
// of, when its span starts, and whether that is to be started now.
func (t *Teardown) admit(d *DropInfo) (w *wave, parent oteltrace.Span, start time.Time, ahead bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	w, parent, start = t.wave, t.span, later(d.Started, t.began)
	switch {
	case w != nil:
		parent, start = w.span, later(start, w.start)
	case t.order.IsLine():
		start = after(t.prior, start)
	default:
		start = after(t.released[d.ReleasedBy], start)
	}
	if ahead = t.drops < maxAhead; ahead {
		t.drops++
	}
	return w, parent, start, ahead
}

// keep decides whether a drop that ended without a span gets one, and counts it
// either way.
func (t *Teardown) keep(w *wave, took time.Duration, f failure) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	switch {
	case f != failure{}, took >= slow && t.drops < maxSlow:
		t.drops++
		return true
	case w != nil:
		w.collapsed++
	default:
		t.collapsed++
	}
	return false
}

// reach makes the spans around a drop's span end no earlier than that, and the
// one that waited for it begin later.
func (t *Teardown) reach(w *wave, guard string, end time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.last = later(t.last, end)
	switch {
	case w != nil:
		w.last = later(w.last, end)
	case t.order.IsLine():
		t.prior = end
	case t.released != nil:
		t.released[guard] = end
	}
}

// after returns start, or the first moment that Jaeger takes for later than
// prior, unless that is zero.
func after(prior, start time.Time) time.Time {
	if prior.IsZero() {
		return start
	}
	return later(start, prior.Add(gap))
}
