package trace

import (
	"context"
	"time"

	"go.opentelemetry.io/otel/metric"
	oteltrace "go.opentelemetry.io/otel/trace"
)

// ScopeName is the name of the tracer and the meter that ebb records with.
const ScopeName = "github.com/ebb-go/ebb"

// Config is what [Start] has to know of a scope.
type Config struct {
	Name     string // as written in code; "" for a scope without a name
	Path     string // "orders/request"
	Schedule string // the lower-case word

	TracerProvider oteltrace.TracerProvider // nil: that of a recording span in ctx, else the global one if it is set
	MeterProvider  metric.MeterProvider     // nil: the global one if it is set

	Mode      SpanMode
	TaskSpans bool      // whether Task starts spans
	Parent    *Recorder // of the scope around this one, to share what is made once per provider; may be nil
	At        time.Time // when the scope began; zero: now
}

// Recorder records the life of one scope.
type Recorder struct{}

// Start begins recording.
func Start(ctx context.Context, c Config) (context.Context, *Recorder) { return ctx, nil }

// Acquire starts the span of an acquire.
func (r *Recorder) Acquire(ctx context.Context, guard, typ string) (context.Context, *Span) {
	return ctx, nil
}

// Task starts the span of a task.
func (r *Recorder) Task(ctx context.Context, name string) (context.Context, *Span) { return ctx, nil }

// GuardLive moves ebb.guards.live by delta.
func (r *Recorder) GuardLive(delta int) {}

// Drop starts the span of an early drop.
func (r *Recorder) Drop(ctx context.Context, d DropInfo) (context.Context, *DropSpan) {
	return ctx, nil
}

// Teardown starts the span of the teardown.
func (r *Recorder) Teardown(ctx context.Context, t TeardownInfo) (context.Context, *Teardown) {
	return ctx, nil
}

// End ends the scope's span.
func (r *Recorder) End(at time.Time, exit string, err error) {}
