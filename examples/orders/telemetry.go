package main

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"sync"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.uber.org/multierr"

	"github.com/ebb-go/ebb/scope"
)

// spanQueue has room for the spans of all requests of a run: some six each.
const spanQueue = 1 << 16

// exportTime bounds one export, so that a collector that is not there costs no
// more than this.
const exportTime = 2 * time.Second

// telemetry returns the options that send spans to where the environment says:
// none if it does not say. The provider is shut down after the scope's own span
// has ended, for a span that ends later is lost.
func telemetry(ctx context.Context) ([]scope.Option, error) {
	const general, traces = "OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"
	if os.Getenv(general) == "" && os.Getenv(traces) == "" {
		return nil, nil
	}
	for _, name := range []string{general, traces} {
		if _, err := url.Parse(os.Getenv(name)); err != nil {
			return nil, usagef("%s: %w", name, err) // the exporter would take its default
		}
	}
	exporter, err := otlptracehttp.New(ctx, // reads the environment itself
		otlptracehttp.WithRetry(otlptracehttp.RetryConfig{Enabled: false}),
		otlptracehttp.WithTimeout(exportTime))
	if err != nil {
		return nil, err
	}
	about, err := resource.New(ctx, resource.WithTelemetrySDK(),
		resource.WithAttributes(attribute.String("service.name", "orders")),
		resource.WithFromEnv()) // has the last word
	if err != nil {
		return nil, err
	}
	provider := sdktrace.NewTracerProvider(
		sdktrace.WithBatcher(&countLost{SpanExporter: exporter}, sdktrace.WithMaxQueueSize(spanQueue)),
		sdktrace.WithResource(about))
	return []scope.Option{scope.WithTracerProvider(provider), scope.WithTelemetry(provider.Shutdown)}, nil
}

// countLost has Shutdown say, once, what the exporter that it wraps could not
// deliver. Without it each batch would be a line in the log, and the program
// would end as if all had been delivered.
type countLost struct {
	sdktrace.SpanExporter

	mu    sync.Mutex // protects the following
	lost  int        // spans
	first error
}

// ExportSpans exports the spans, or counts them as lost.
func (c *countLost) ExportSpans(ctx context.Context, spans []sdktrace.ReadOnlySpan) error {
	err := c.SpanExporter.ExportSpans(ctx, spans)
	if err == nil {
		return nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.first == nil {
		c.first = err
	}
	c.lost += len(spans)
	return nil
}

// Shutdown is called when the last batch has been exported.
func (c *countLost) Shutdown(ctx context.Context) error {
	err := c.SpanExporter.Shutdown(ctx)
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.first != nil {
		err = multierr.Append(err, fmt.Errorf("%d spans were not delivered: %w", c.lost, c.first))
	}
	return err
}
