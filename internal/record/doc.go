// Package record turns the life of a scope into spans and metrics, through the
// OpenTelemetry API. Package scope calls it; the spans, their attributes and the
// metrics are described in package trace, which users read.
//
// [Start] returns a [Recorder] for one scope. Where there is no provider it
// returns a nil one, and recording costs a comparison with nil.
//
// # What it relies on
//
// Jaeger reads microseconds. Its critical path goes from a span to the sibling
// that ended before it began, so the spans of waves, and of drops that waited
// for one another, are set apart by a microsecond.
//
// A span that ends after its provider was shut down is lost, so the provider has
// to outlive the scope. WithTelemetry of package scope takes care of that.
package record
