package record

import (
	"context"
	"reflect"
	"runtime/debug"
	"sync"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/metric"
	oteltrace "go.opentelemetry.io/otel/trace"

	"github.com/ebb-go/ebb/internal/fault"
	"github.com/ebb-go/ebb/trace"
)

// process holds what is the same for the whole process. It is the package's
// only variable, and is never written to.
//
// OpenTelemetry has a global provider from the start. Until the program sets one,
// it is a stand-in that does nothing, and that costs 135 ns and three
// allocations a span to do. Nothing in the API distinguishes the stand-in from a
// real one, so they are distinguished by identity: what is global now, while
// packages are initialised, is the stand-in. (A provider that the
// initialisation of another package has set even before this one is mistaken
// for it; it has to be given as an option.)
var process = struct {
	tracers any           // oteltrace.TracerProvider; nil if it cannot be compared
	meters  any           // metric.MeterProvider; likewise
	version func() string // of ebb's module; reads the build information once, when first asked
}{comparableOrNil(otel.GetTracerProvider()), comparableOrNil(otel.GetMeterProvider()), sync.OnceValue(moduleVersion)}

// Wanted reports whether [Start] would record with these providers, either of
// which may be nil. It allocates nothing, and spares a scope that is not recorded the
// making of a [Config].
func Wanted(ctx context.Context, tp oteltrace.TracerProvider, mp metric.MeterProvider) bool {
	return tracerProvider(ctx, tp) != nil || meterProvider(mp) != nil
}

// tracerProvider returns the provider that a scope started on ctx records
// with: the option's, else that of the span in ctx if it is recording, else the
// global one if it has been set, else nil.
func tracerProvider(ctx context.Context, option oteltrace.TracerProvider) oteltrace.TracerProvider {
	if option != nil {
		return option
	}
	if tp := recordingIn(ctx); tp != nil {
		return tp
	}
	if tp := otel.GetTracerProvider(); !same(tp, process.tracers) {
		return tp
	}
	return nil
}

// recordingIn returns the provider of the span in ctx, if that is recording. A
// span of foreign make is asked from outside, which costs a microsecond that
// those of OpenTelemetry do not.
func recordingIn(ctx context.Context) oteltrace.TracerProvider {
	span := spanIn(ctx)
	switch {
	case span == nil:
		return nil
	case known(span):
		return recordedBy(span)
	}
	return askedFor(span)
}

// recordedBy returns the provider of span, or nil if span is not recording.
func recordedBy(span oteltrace.Span) oteltrace.TracerProvider {
	if !span.IsRecording() {
		return nil
	}
	return span.TracerProvider()
}

// askedFor is recordedBy for a span of foreign make.
func askedFor(span oteltrace.Span) oteltrace.TracerProvider {
	var tp oteltrace.TracerProvider
	if fault.Within(patience, func() { tp = recordedBy(span) }) != nil {
		return nil
	}
	return tp
}

// meterProvider returns the option's provider, else the global one if it has
// been set, else nil.
func meterProvider(option metric.MeterProvider) metric.MeterProvider {
	if option != nil {
		return option
	}
	if mp := otel.GetMeterProvider(); !same(mp, process.meters) {
		return mp
	}
	return nil
}

// comparableOrNil returns provider, or nil if == would panic at it: comparing with
// what it returns never does.
func comparableOrNil(provider any) any {
	if provider == nil || !reflect.TypeOf(provider).Comparable() {
		return nil
	}
	return provider
}

// same reports whether two providers are one. Providers that cannot be
// compared, at which == would panic, are not.
func same(a, b any) bool {
	t := reflect.TypeOf(a)
	if t == nil || t != reflect.TypeOf(b) {
		return false
	}
	// The usual pointer is looked at first: asking a Value allocates.
	return (t.Kind() == reflect.Pointer || reflect.ValueOf(a).Comparable() && reflect.ValueOf(b).Comparable()) && a == b
}

// moduleVersion looks ebb up among the modules that this binary was built
// from. It is "(devel)" in ebb's own tests, and "" when the binary has no
// build information.
func moduleVersion() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return ""
	}
	return versionIn(info)
}

// versionIn is moduleVersion for given build information: ebb can be the main
// module, a dependency, or one that is replaced, whose version is that of the
// replacement.
func versionIn(info *debug.BuildInfo) string {
	if info.Main.Path == trace.ScopeName {
		return info.Main.Version
	}
	for _, m := range info.Deps {
		if m.Path != trace.ScopeName {
			continue
		}
		if m.Replace != nil && m.Replace.Version != "" {
			return m.Replace.Version
		}
		return m.Version
	}
	return ""
}
