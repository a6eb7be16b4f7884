package benchmarks

import (
	"context"
	"testing"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	oteltrace "go.opentelemetry.io/otel/trace"

	"github.com/ebb-go/ebb/guard"
	"github.com/ebb-go/ebb/internal/record"
	"github.com/ebb-go/ebb/scope"
)

// discard is an exporter for those who measure what comes before it.
type discard struct{}

func (discard) ExportSpans(context.Context, []sdktrace.ReadOnlySpan) error { return nil }
func (discard) Shutdown(context.Context) error                             { return nil }

// BenchmarkTracing is a request with three guards: without any provider, with
// the SDK's batch processor, and the same nine spans made by hand on the same
// provider, without any scope. off is what ebb asks of its tracing when there is
// no provider: what it costs that it is there.
func BenchmarkTracing(b *testing.B) {
	tp := sdktrace.NewTracerProvider(sdktrace.WithBatcher(discard{}))
	defer func() { _ = tp.Shutdown(context.Background()) }()
	ctx, r := b.Context(), request(3, 0)
	traced := []scope.Option{scope.WithTracerProvider(tp)}
	compare(b,
		each("none", func() error { return tracedRequest(ctx, r, nil) }),
		each("off", func() error { return askNothing(ctx) }),
		each("sdk", func() error { return tracedRequest(ctx, r, traced) }),
		each("bare", func() error { return bareSpans(ctx, tp, r) }),
	)
}

func tracedRequest(ctx context.Context, r Request, opts []scope.Option) error {
	return scope.Run(ctx, func(ctx context.Context, s *scope.Scope) error {
		for _, name := range r.Guards {
			if _, err := scope.Acquire(ctx, s, name, r.Open, guard.Nothing); err != nil {
				return err
			}
		}
		return nil
	}, opts...)
}

// askNothing calls of package record what a scope with three guards calls when
// nobody records.
func askNothing(ctx context.Context) error {
	_, rec := record.Start(ctx, record.Config{Name: "scope", Path: "scope", Schedule: "waves"})
	for range 3 {
		rec.GuardLive(+1)
		rec.GuardLive(-1)
	}
	rec.End(time.Time{}, "succeeded", nil)
	return nil
}

// bareSpans makes the spans that ebb makes, with the same attributes, as by hand.
func bareSpans(ctx context.Context, tp oteltrace.TracerProvider, r Request) error {
	tracer := tp.Tracer("bare")
	path := attribute.String("ebb.scope.path", "scope")
	ctx, root := tracer.Start(ctx, "scope", oteltrace.WithTimestamp(time.Now()),
		oteltrace.WithAttributes(path, attribute.String("ebb.scope.schedule", "waves")))
	for _, name := range r.Guards {
		_, span := tracer.Start(ctx, "acquire "+name, oteltrace.WithTimestamp(time.Now()), oteltrace.WithAttributes(
			path, attribute.String("ebb.guard.name", name), attribute.String("ebb.guard.type", "int")))
		span.End(oteltrace.WithTimestamp(time.Now()))
	}
	ctx, teardown := tracer.Start(ctx, "teardown", oteltrace.WithTimestamp(time.Now()), oteltrace.WithAttributes(
		path, attribute.Int("ebb.waves", 1), attribute.Int("ebb.guards", len(r.Guards))))
	wctx, wave := tracer.Start(ctx, "wave 0", oteltrace.WithTimestamp(time.Now()), oteltrace.WithAttributes(
		attribute.Int("ebb.wave.index", 0), attribute.Int("ebb.wave.size", len(r.Guards))))
	for _, name := range r.Guards {
		_, span := tracer.Start(wctx, "drop "+name, oteltrace.WithTimestamp(time.Now()), oteltrace.WithAttributes(
			path, attribute.String("ebb.guard.name", name), attribute.String("ebb.guard.type", "int"),
			attribute.StringSlice("ebb.guard.depends_on", nil), attribute.Int("ebb.wave.index", 0)))
		span.SetAttributes(attribute.String("ebb.drop.outcome", "ok"), attribute.Int64("ebb.drop.queued_ms", 0))
		span.SetStatus(codes.Unset, "")
		span.End(oteltrace.WithTimestamp(time.Now()))
	}
	wave.End(oteltrace.WithTimestamp(time.Now()))
	teardown.SetAttributes(attribute.StringSlice("ebb.critical_path", r.Guards[:1]))
	teardown.End(oteltrace.WithTimestamp(time.Now()))
	root.SetAttributes(attribute.String("ebb.scope.exit", "succeeded"))
	root.End(oteltrace.WithTimestamp(time.Now()))
	return nil
}
