// Jaeger is a made-up service that stops, and sends to Jaeger how it stopped:
// requests that were still running, a drop that was slow, one that failed, and
// one that never returned.
//
//	go run ./jaeger
//
// Spans go by OTLP over HTTP to where OTEL_EXPORTER_OTLP_ENDPOINT says or, if it
// is not set, to http://127.0.0.1:4318. README.md shows how to start a Jaeger
// that listens there, and what to look for on its page.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"time"

	oteltrace "go.opentelemetry.io/otel/trace"
	"go.uber.org/multierr"

	"github.com/ebb-go/ebb/scope"
	"github.com/ebb-go/ebb/trace"
)

func main() {
	os.Exit(run(context.Background(), os.Args[1:], os.Stdout, os.Stderr))
}

// run is the program. It returns the exit code: 0 if the spans were delivered,
// however the service stopped, for that it does not stop well is the story; 1
// if they were not; 2 if the command line cannot be used, or if there is no Jaeger
// to send them to.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("jaeger", flag.ContinueOnError)
	flags.SetOutput(stderr)
	page := flags.String("page", pageURL(), "`URL` of Jaeger's page")
	otlp := flags.String("otlp", endpoint, "`URL` to send spans to, unless the environment has one")
	pace := flags.Duration("pace", 100*time.Millisecond, "how long a quick drop takes")
	switch err := flags.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		return 0
	case err != nil:
		return 2
	}
	provider, lost, err := telemetry(ctx, *otlp)
	if err != nil {
		fmt.Fprintln(stderr, "jaeger:", err)
		if errors.As(err, new(*noJaegerError)) {
			return 2
		}
		return 1
	}

	var report *trace.Report
	var id oteltrace.TraceID
	v := &service{pace: *pace}
	err = scope.Run(ctx, func(ctx context.Context, s *scope.Scope) error {
		id = oteltrace.SpanContextFromContext(ctx).TraceID()
		return v.run(ctx, s)
	},
		scope.WithName("shop"),
		scope.WithGrace(100*v.pace),
		scope.WithTracerProvider(provider),
		scope.WithTelemetry(provider.Shutdown), // when the last span, the scope's own, has ended
		scope.WithReport(func(r *trace.Report) { report = r }))
	if report != nil {
		report.WriteText(stdout)
	}
	for _, err := range multierr.Errors(err) {
		fmt.Fprintln(stdout, "  -", err)
	}
	if err := lost(); err != nil {
		fmt.Fprintln(stderr, "jaeger: the spans were not delivered:", err)
		return 1
	}
	fmt.Fprintf(stdout, "\n%s/trace/%s\n", *page, id)
	return 0
}

// pageURL is where Jaeger's page is, unless the environment says otherwise.
func pageURL() string {
	if url := os.Getenv("JAEGER_URL"); url != "" {
		return url
	}
	return "http://127.0.0.1:16686"
}
