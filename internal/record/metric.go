package record

import (
	"context"
	"sync"
	"time"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/metric/noop"

	"github.com/ebb-go/ebb/internal/fault"
	"github.com/ebb-go/ebb/internal/term"
	"github.com/ebb-go/ebb/trace"
)

// maxLabels bounds how many attribute sets are kept prepared. The words of the
// outcomes are few and an error.type is meant to be low in cardinality, but it
// comes from the user's errors.
const maxLabels = 256

// instruments are made once for each provider, and shared by the scopes that
// record to it and descend from one another.
type instruments struct {
	provider metric.MeterProvider
	known    bool // the instruments are OpenTelemetry's own; see known

	teardown metric.Float64Histogram
	drop     metric.Float64Histogram
	drops    metric.Int64Counter
	guards   metric.Int64UpDownCounter
	scopes   metric.Int64UpDownCounter

	mu       sync.Mutex // protects following field
	prepared map[labels]*measured
}

// labels are the attributes of a measurement; "" leaves one out.
type labels struct{ outcome, errorType string }

// measured is a set of attributes, prepared as the arguments of Add and Record.
type measured struct {
	add    []metric.AddOption
	record []metric.RecordOption
}

// newInstruments makes the instruments. Those that the provider refuses, or leaves
// out without a word, do nothing; the reasons are returned.
func newInstruments(mp metric.MeterProvider) (_ *instruments, refused []error) {
	m := meter(mp)
	i := &instruments{provider: mp, prepared: make(map[labels]*measured)}
	buckets := metric.WithExplicitBucketBoundaries(
		.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60)
	i.teardown = made(m.Float64Histogram("ebb.teardown.duration", metric.WithUnit("s"), buckets,
		metric.WithDescription("How long teardowns took.")))(noop.Float64Histogram{}, &refused)
	i.drop = made(m.Float64Histogram("ebb.drop.duration", metric.WithUnit("s"), buckets,
		metric.WithDescription("How long drops took.")))(noop.Float64Histogram{}, &refused)
	i.drops = made(m.Int64Counter("ebb.drops", metric.WithUnit("{drop}"),
		metric.WithDescription("Drops that have ended, by outcome.")))(noop.Int64Counter{}, &refused)
	i.guards = made(m.Int64UpDownCounter("ebb.guards.live", metric.WithUnit("{guard}"),
		metric.WithDescription("Guards, daemons and child scopes that are registered.")))(noop.Int64UpDownCounter{}, &refused)
	i.scopes = made(m.Int64UpDownCounter("ebb.scopes.live", metric.WithUnit("{scope}"),
		metric.WithDescription("Scopes that have started and not ended.")))(noop.Int64UpDownCounter{}, &refused)
	i.known = known(i.teardown) && known(i.drop) && known(i.drops) && known(i.guards) && known(i.scopes)
	return i, refused
}

// meter returns ebb's meter of mp, and panics if there is none: it is called through
// the door.
func meter(mp metric.MeterProvider) metric.Meter {
	m := mp.Meter(trace.ScopeName, metric.WithInstrumentationVersion(process.version()))
	must("meter", m)
	return m
}

// made returns a function that chooses the instrument, or the fallback if it
// could not be made, and then appends why.
func made[I any](instrument I, err error) func(fallback I, refused *[]error) I {
	return func(fallback I, refused *[]error) I {
		switch {
		case err != nil:
			*refused = append(*refused, err)
			return fallback
		case any(instrument) == nil:
			return fallback
		}
		return instrument
	}
}

// quantity is what a measurement is of.
type quantity uint8

const (
	liveGuards quantity = iota
	liveScopes
	droppedOne  // a drop that ran
	skippedOne  // a drop that never ran, which has no duration
	tornDownOne // a teardown
)

// measurement is one measurement, as a value: a closure for each would be an
// allocation where the instruments are known.
type measurement struct {
	of    quantity
	delta int64           // of a gauge
	ctx   context.Context // with a span, for exemplars
	took  time.Duration
	how   string // the outcome of a drop
	f     failure
}

// take makes the measurement.
func (i *instruments) take(m measurement) {
	switch m.of {
	case liveGuards:
		i.guards.Add(context.Background(), m.delta)
	case liveScopes:
		i.scopes.Add(context.Background(), m.delta)
	case droppedOne:
		o := i.measured(labels{term.Word(m.how), m.f.kind})
		i.drop.Record(m.ctx, m.took.Seconds(), o.record...)
		i.drops.Add(m.ctx, 1, o.add...)
	case skippedOne:
		i.drops.Add(m.ctx, 1, i.measured(labels{term.Word(m.how), m.f.kind}).add...)
	case tornDownOne:
		i.teardown.Record(m.ctx, m.took.Seconds(), i.measured(labels{errorType: m.f.kind}).record...)
	}
}

// measure makes the measurement with the scope's instruments, if there are any.
// Those of OpenTelemetry neither block nor call a processor, so they are called in
// place.
func (r *Recorder) measure(m measurement) {
	switch i := r.meters; {
	case i == nil:
	case i.known:
		r.calls.passed(metering, fault.Inline(func() { i.take(m) }))
	default:
		r.measureApart(m)
	}
}

// measureApart is apart from measure, whose closure stays on the stack.
func (r *Recorder) measureApart(m measurement) {
	r.calls.do(metering, func() { r.meters.take(m) })
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

// prepare makes the arguments of measurements with l. A set of attributes is sorted
// and hashed when it is made, which is what preparing it spares each measurement.
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
// that is set only later. The error is the one of making the counter. The function
// contains what the counter does: it is called from a cleanup, which has no caller for
// an error.
func LeakCounter(mp metric.MeterProvider) (func(ctx context.Context, typ string), error) {
	if mp == nil {
		mp = otel.GetMeterProvider()
	}
	var leaks metric.Int64Counter
	var err error
	if failed := fault.Within(patience, func() {
		leaks, err = meter(mp).Int64Counter("ebb.guard.leaks", metric.WithUnit("{guard}"),
			metric.WithDescription("Guards that were collected without having been dropped."))
		if err == nil {
			must("counter", leaks)
		}
	}); failed != nil {
		return nil, failed
	}
	if err != nil {
		return nil, err
	}
	calls := new(foreign)
	return func(ctx context.Context, typ string) {
		calls.quick(metering, known(leaks), func() {
			leaks.Add(ctx, 1, metric.WithAttributes(attribute.String(keyGuardType, term.Word(typ))))
		})
	}, nil
}
