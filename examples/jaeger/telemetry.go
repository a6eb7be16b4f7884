package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"
	"sync"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
)

// endpoint is where Jaeger takes spans, by OTLP over HTTP, unless it was started
// otherwise.
const endpoint = "http://127.0.0.1:4318"

// exportTime bounds one export, so that a collector that is not there costs no
// more than this.
const exportTime = 2 * time.Second

// telemetry returns a provider that exports over OTLP, to where the environment
// says or, if it says nothing, to otlp, which must take spans then. lost returns
// what became of the exports, and is called after the provider's Shutdown.
func telemetry(ctx context.Context, otlp string) (_ *sdktrace.TracerProvider, lost func() error, err error) {
	options := []otlptracehttp.Option{
		otlptracehttp.WithRetry(otlptracehttp.RetryConfig{Enabled: false}),
		otlptracehttp.WithTimeout(exportTime),
	}
	if os.Getenv("OTEL_EXPORTER_OTLP_ENDPOINT") == "" && os.Getenv("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT") == "" {
		url := strings.TrimSuffix(otlp, "/") + "/v1/traces" // WithEndpointURL takes it as it is, and adds no path
		if err := probe(ctx, url); err != nil {
			return nil, nil, err
		}
		options = append(options, otlptracehttp.WithEndpointURL(url))
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

// noJaegerError says that a URL takes no spans, and what to do.
type noJaegerError struct {
	url   string
	cause error
}

func (e *noJaegerError) Error() string {
	return fmt.Sprintf("%s takes no spans (%v): start Jaeger as examples/jaeger/README.md says, or set OTEL_EXPORTER_OTLP_ENDPOINT", e.url, e.cause)
}

func (e *noJaegerError) Unwrap() error { return e.cause }

// probe sends an empty request, which is one of no spans.
func probe(ctx context.Context, url string) error {
	ctx, cancel := context.WithTimeout(ctx, exportTime)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, url, http.NoBody)
	if err != nil {
		return &noJaegerError{url, err}
	}
	request.Header.Set("Content-Type", "application/x-protobuf")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return &noJaegerError{url, errors.Unwrap(err)} // without the URL, once more
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return &noJaegerError{url, errors.New(response.Status)}
	}
	return nil
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
