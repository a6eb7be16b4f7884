package record_test

import (
	"context"
	"testing"

	"go.opentelemetry.io/otel/attribute"
	metricnoop "go.opentelemetry.io/otel/metric/noop"
	oteltrace "go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"

	"github.com/ebb-go/ebb/internal/record"
	"github.com/ebb-go/ebb/trace"
)

// What recording a scope with one guard costs with nothing configured, and with
// providers that do nothing: what is measured is ebb's part. "foreign" is a provider
// that does as little but could do anything, so each of its calls is contained. "bare" makes the
// same four spans by hand. What an SDK adds is measured in package benchmarks,
// which may require one.
func BenchmarkRecord(b *testing.B) {
	for _, bb := range []struct {
		name string
		c    record.Config
	}{
		{"nothing", record.Config{}},
		{"spans", record.Config{TracerProvider: noop.NewTracerProvider()}},
		{"foreign", record.Config{TracerProvider: foreignTraces{}}},
		{"metrics", record.Config{MeterProvider: metricnoop.NewMeterProvider()}},
	} {
		b.Run(bb.name, func(b *testing.B) {
			b.ReportAllocs()
			ctx, parent := record.Start(b.Context(), bb.c)
			bb.c.Parent = parent // as in a service, whose requests share its instruments
			for b.Loop() {
				recordLife(ctx, bb.c)
			}
		})
	}
	b.Run("bare", func(b *testing.B) {
		b.ReportAllocs()
		tracer := noop.NewTracerProvider().Tracer(trace.ScopeName)
		for b.Loop() {
			bare(b.Context(), tracer)
		}
	})
}

func recordLife(ctx context.Context, c record.Config) {
	c.Name, c.Path, c.Schedule, c.At = "s", "s", "waves", zero
	ctx, r := record.Start(ctx, c)
	r.GuardLive(1)
	ctx, td := r.Teardown(ctx, record.TeardownInfo{At: zero, Waves: 1, Guards: 1, Schedule: "waves"})
	td.StartWave(0, 1, zero)
	_, d := td.Drop(ctx, record.DropInfo{Guard: "db", Type: "*sql.DB", Queued: zero, Started: zero})
	d.End(zero, "ok", nil)
	td.EndWave(0, zero)
	td.End(zero, nil, nil)
	r.GuardLive(-1)
	r.End(zero, "succeeded", nil)
}

func bare(ctx context.Context, tracer oteltrace.Tracer) {
	at := oteltrace.WithTimestamp(zero)
	path := attribute.String("ebb.scope.path", "s")
	ctx, s := tracer.Start(ctx, "scope s", at, oteltrace.WithAttributes(path))
	ctx, td := tracer.Start(ctx, "teardown s", at, oteltrace.WithAttributes(path))
	ctx, w := tracer.Start(ctx, "wave 0", at, oteltrace.WithAttributes(attribute.Int("ebb.wave.index", 0)))
	_, d := tracer.Start(ctx, "drop db", at, oteltrace.WithAttributes(path, attribute.String("ebb.guard.name", "db")))
	for _, span := range []oteltrace.Span{d, w, td, s} {
		span.SetAttributes(path)
		span.End(at)
	}
}

// foreignTraces is a provider of nothing that package record does not know.
type foreignTraces struct{ noop.TracerProvider }

func (foreignTraces) Tracer(string, ...oteltrace.TracerOption) oteltrace.Tracer {
	return foreignTracer{}
}

type foreignTracer struct{ noop.Tracer }
