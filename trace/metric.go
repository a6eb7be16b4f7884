package trace

import (
	"context"
	"sync"
	"time"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/metric/noop"
)

// maxLabels bounds how many attribute sets are kept prepared. The words of the
// outcomes are few and an error.type is meant to be low in cardinality, but it
// comes from the user's errors.
const maxLabels = 256

// instruments are made once for each provider, and shared by the scopes that
// record to it and descend from one another.
type instruments struct {
	provider metric.MeterProvider

	teardown metric.Float64Histogram
	drop     metric.Float64Histogram
	drops    metric.Int64Counter
	guards   metric.Int64UpDownCounter
	scopes   metric.Int64UpDownCounter

	mu       sync.Mutex // protects following field
	prepared map[labels]*measured
}

// labels are what a measurement is told apart by; "" leaves one out.
type labels struct{ outcome, errorType string }

// measured is a set of attributes, prepared as the arguments of Add and Record.
type measured struct {
	add    []metric.AddOption
	record []metric.RecordOption
}

// newInstruments makes the instruments. Those that the provider refuses do
// nothing, and the reason is told to OpenTelemetry's error handler.
func newInstruments(mp metric.MeterProvider) *instruments {
	m := meter(mp)
	i := &instruments{provider: mp, prepared: make(map[labels]*measured)}
	buckets := metric.WithExplicitBucketBoundaries(
		.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60)
	i.teardown = made(m.Float64Histogram("ebb.teardown.duration", metric.WithUnit("s"), buckets,
		metric.WithDescription("How long teardowns took.")))(noop.Float64Histogram{})
	i.drop = made(m.Float64Histogram("ebb.drop.duration", metric.WithUnit("s"), buckets,
		metric.WithDescription("How long drops took.")))(noop.Float64Histogram{})
	i.drops = made(m.Int64Counter("ebb.drops", metric.WithUnit("{drop}"),
		metric.WithDescription("Drops that have ended, by outcome.")))(noop.Int64Counter{})
	i.guards = made(m.Int64UpDownCounter("ebb.guards.live", metric.WithUnit("{guard}"),
		metric.WithDescription("Guards, daemons and child scopes that are registered.")))(noop.Int64UpDownCounter{})
	i.scopes = made(m.Int64UpDownCounter("ebb.scopes.live", metric.WithUnit("{scope}"),
		metric.WithDescription("Scopes that have started and not ended.")))(noop.Int64UpDownCounter{})
	return i
}

func meter(mp metric.MeterProvider) metric.Meter {
	return mp.Meter(ScopeName, metric.WithInstrumentationVersion(process.version()))
}

// made returns a function that chooses the instrument, or the fallback if it
// could not be made.
func made[I any](instrument I, err error) func(fallback I) I {
	return func(fallback I) I {
		if err == nil {
			return instrument
		}
		otel.Handle(err)
		return fallback
	}
}

// dropped records a drop that ran. ctx has the drop's span, for exemplars.
func (i *instruments) dropped(ctx context.Context, took time.Duration, outcome string, err error) {
	m := i.measured(labels{outcome, errorType(err)})
	i.drop.Record(ctx, took.Seconds(), m.record...)
	i.drops.Add(ctx, 1, m.add...)
}

// skipped counts a drop that never ran, which has no duration.
func (i *instruments) skipped(ctx context.Context, outcome string, err error) {
	i.drops.Add(ctx, 1, i.measured(labels{outcome, errorType(err)}).add...)
}

// tornDown records a teardown. ctx has the teardown's span, for exemplars.
func (i *instruments) tornDown(ctx context.Context, took time.Duration, err error) {
	i.teardown.Record(ctx, took.Seconds(), i.measured(labels{errorType: errorType(err)}).record...)
}

// measured returns the prepared attributes for l.
func (i *instruments) measured(l labels) *measured {
	i.mu.Lock()
	defer i.mu.Unlock()
	m, ok := i.prepared[l]
	if !ok {
		m = prepare(l)
		if len(i.prepared) < maxLabels {
			i.prepared[l] = m
		}
	}
	return m
}

func prepare(l labels) *measured {
	var kvs []attribute.KeyValue
	if l.outcome != "" {
		kvs = append(kvs, attribute.String(keyDropOutcome, l.outcome))
	}
	if l.errorType != "" {
		kvs = append(kvs, attribute.String(keyErrorType, l.errorType))
	}
	o := metric.WithAttributeSet(attribute.NewSet(kvs...))
	return &measured{add: []metric.AddOption{o}, record: []metric.RecordOption{o}}
}

// LeakCounter returns a function that counts a guard, by the type of its value,
// that was collected without having been dropped, in the counter
// ebb.guard.leaks. Without a provider it counts in the global one, also when
// that is set only later. The error is that of making the counter.
func LeakCounter(mp metric.MeterProvider) (func(ctx context.Context, typ string), error) {
	if mp == nil {
		mp = otel.GetMeterProvider()
	}
	leaks, err := meter(mp).Int64Counter("ebb.guard.leaks", metric.WithUnit("{guard}"),
		metric.WithDescription("Guards that were collected without having been dropped."))
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context, typ string) {
		leaks.Add(ctx, 1, metric.WithAttributes(attribute.String(keyGuardType, typ)))
	}, nil
}
