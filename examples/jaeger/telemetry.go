package main

import (
	"context"
	"os"
	"sync"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
)

// telemetry returns a provider that exports over OTLP, and what became of the
// exports, to be asked after its Shutdown.
func telemetry(ctx context.Context) (_ *sdktrace.TracerProvider, lost func() error, err error) {
	options := []otlptracehttp.Option{
		otlptracehttp.WithRetry(otlptracehttp.RetryConfig{Enabled: false}),
		otlptracehttp.WithTimeout(2 * time.Second), // what is not there is not waited for
	}
	if os.Getenv("OTEL_EXPORTER_OTLP_ENDPOINT") == "" && os.Getenv("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT") == "" {
		options = append(options, otlptracehttp.WithEndpointURL("http://127.0.0.1:4318"))
	}
	exporter, err := otlptracehttp.New(ctx, options...)
	if err != nil {
		return nil, nil, err
	}
	about, err := resource.New(ctx,
		resource.WithAttributes(attribute.String("service.name", "shop")),
		resource.WithFromEnv()) // has the last word
	if err != nil {
		return nil, nil, err
	}
	kept := &keptError{SpanExporter: exporter}
	return sdktrace.NewTracerProvider(sdktrace.WithBatcher(kept), sdktrace.WithResource(about)), kept.first, nil
}

// keptError keeps the first error of an exporter. The SDK would log each and
// return none.
type keptError struct {
	sdktrace.SpanExporter

	mu  sync.Mutex // protects the following
	err error      // set once
}

// ExportSpans exports the spans, and keeps the error if it cannot.
func (k *keptError) ExportSpans(ctx context.Context, spans []sdktrace.ReadOnlySpan) error {
	err := k.SpanExporter.ExportSpans(ctx, spans)
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.err == nil {
		k.err = err
	}
	return nil
}

func (k *keptError) first() error {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.err
}
