package record

import (
	"context"
	"time"

	"go.opentelemetry.io/otel/attribute"
	oteltrace "go.opentelemetry.io/otel/trace"

	"github.com/ebb-go/ebb/internal/term"
)

// Span is the span of an acquire or a task. The nil *Span records nothing.
type Span struct {
	r    *Recorder
	span oteltrace.Span
}

// Acquire starts the span of opening a guard, a child of the scope's span, and
// returns ctx with it. typ is the type of the guarded value. In
// [TeardownOnly] there is none.
func (r *Recorder) Acquire(ctx context.Context, guard, typ string) (context.Context, *Span) {
	if r == nil || r.span == nil {
		return ctx, nil
	}
	return r.now(ctx, named("acquire", guard), r.label().path, attribute.String(keyGuardName, term.Word(guard)), attribute.String(keyGuardType, term.Word(typ)))
}

// Task starts the span of a task, a child of the scope's span, and returns ctx
// with it. There is none unless [Config] asks for it, nor in
// [TeardownOnly].
func (r *Recorder) Task(ctx context.Context, name string) (context.Context, *Span) {
	if r == nil || r.span == nil || !r.taskSpans {
		return ctx, nil
	}
	return r.now(ctx, named("task", name), r.label().path, attribute.String(keyTaskName, term.Word(name)))
}

// now starts a child of the scope's span that begins now.
func (r *Recorder) now(ctx context.Context, name string, attrs ...attribute.KeyValue) (context.Context, *Span) {
	ctx, span := r.start(oteltrace.ContextWithSpan(ctx, r.span), name,
		oteltrace.WithTimestamp(time.Now()), oteltrace.WithAttributes(attrs...))
	if span == nil {
		return ctx, nil
	}
	return ctx, &Span{r, span}
}

// End ends the span now, and marks it as failed if err is not nil. It is called
// once.
func (s *Span) End(err error) {
	if s == nil {
		return
	}
	s.r.finish(s.span, time.Now(), failureOf(err), nil)
}
