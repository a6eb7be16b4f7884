package record_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/metric/noop"
	oteltrace "go.opentelemetry.io/otel/trace"
)

// gauge is a MeterProvider, and its own only meter, that writes down every
// measurement as a line: instrument, value, attributes, and the id of the span
// in the context if there is one.
type gauge struct {
	noop.MeterProvider
	noopMeter

	refuse bool // to make an instrument

	mu      sync.Mutex
	lines   []string
	made    []string // instruments: name, unit, and buckets
	cancels int      // measurements on a context that is canceled
}

type noopMeter = noop.Meter

func (g *gauge) Meter(string, ...metric.MeterOption) metric.Meter { return g }

func (g *gauge) note(ctx context.Context, name string, value any, set attribute.Set) {
	line := fmt.Sprint(name, " ", value)
	for _, kv := range set.ToSlice() {
		line += fmt.Sprintf(" %s=%s", kv.Key, kv.Value.String())
	}
	if sc := oteltrace.SpanContextFromContext(ctx); sc.IsValid() {
		line += " in " + sc.SpanID().String()
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.lines = append(g.lines, line)
	if ctx.Err() != nil {
		g.cancels++
	}
}

func (g *gauge) declare(name, unit, description string, buckets []float64) error {
	if g.refuse {
		return fmt.Errorf("no %s", name)
	}
	if description == "" {
		return fmt.Errorf("%s has no description", name)
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	line := name + " " + unit
	if buckets != nil {
		line += fmt.Sprintf(" %v..%v", slices.Min(buckets), slices.Max(buckets))
	}
	g.made = append(g.made, line)
	return nil
}

// of returns the lines of an instrument, without its name.
func (g *gauge) of(name string) (lines []string) {
	for _, l := range g.lines {
		if rest, ok := strings.CutPrefix(l, name+" "); ok {
			lines = append(lines, rest)
		}
	}
	return lines
}

type gaugeHistogram struct {
	noop.Float64Histogram
	*gauge
	name string
}

type gaugeCounter struct {
	noop.Int64Counter
	*gauge
	name string
}

type gaugeUpDown struct {
	noop.Int64UpDownCounter
	*gauge
	name string
}

func (g *gauge) Float64Histogram(name string, opts ...metric.Float64HistogramOption) (metric.Float64Histogram, error) {
	c := metric.NewFloat64HistogramConfig(opts...)
	if err := g.declare(name, c.Unit(), c.Description(), c.ExplicitBucketBoundaries()); err != nil {
		return nil, err
	}
	return gaugeHistogram{gauge: g, name: name}, nil
}

func (g *gauge) Int64Counter(name string, opts ...metric.Int64CounterOption) (metric.Int64Counter, error) {
	c := metric.NewInt64CounterConfig(opts...)
	if err := g.declare(name, c.Unit(), c.Description(), nil); err != nil {
		return nil, err
	}
	return gaugeCounter{gauge: g, name: name}, nil
}

func (g *gauge) Int64UpDownCounter(name string, opts ...metric.Int64UpDownCounterOption) (metric.Int64UpDownCounter, error) {
	c := metric.NewInt64UpDownCounterConfig(opts...)
	if err := g.declare(name, c.Unit(), c.Description(), nil); err != nil {
		return nil, err
	}
	return gaugeUpDown{gauge: g, name: name}, nil
}

func (h gaugeHistogram) Record(ctx context.Context, v float64, opts ...metric.RecordOption) {
	c := metric.NewRecordConfig(opts)
	h.note(ctx, h.name, v, c.Attributes())
}

func (c gaugeCounter) Add(ctx context.Context, n int64, opts ...metric.AddOption) {
	o := metric.NewAddConfig(opts)
	c.note(ctx, c.name, n, o.Attributes())
}

func (c gaugeUpDown) Add(ctx context.Context, n int64, opts ...metric.AddOption) {
	o := metric.NewAddConfig(opts)
	c.note(ctx, c.name, n, o.Attributes())
}

func (h gaugeHistogram) Enabled(context.Context) bool { return true }
func (c gaugeCounter) Enabled(context.Context) bool   { return true }
func (c gaugeUpDown) Enabled(context.Context) bool    { return true }
