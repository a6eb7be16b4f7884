package main

import (
	"context"
	"os"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"

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
	if os.Getenv("OTEL_EXPORTER_OTLP_ENDPOINT") == "" && os.Getenv("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT") == "" {
		return nil, nil
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
		sdktrace.WithBatcher(exporter, sdktrace.WithMaxQueueSize(spanQueue)),
		sdktrace.WithResource(about))
	return []scope.Option{scope.WithTracerProvider(provider), scope.WithTelemetry(provider.Shutdown)}, nil
}
