package record

import (
	"go.opentelemetry.io/otel/attribute"

	"github.com/ebb-go/ebb/internal/term"
	"github.com/ebb-go/ebb/trace"
)

// drained are the attributes of a teardown's span for why it began and what came
// before. There are none for what was not: a scope that ended by itself has
// no cause, and one that had nothing to wait for no drain.
func drained(cause string, d trace.Drain) []attribute.KeyValue {
	var attrs []attribute.KeyValue
	if cause != "" {
		attrs = append(attrs, attribute.String(keyCause, term.Bounded(cause, term.MaxText)))
	}
	if d.Started.IsZero() && len(d.Items) == 0 {
		return attrs
	}
	var ran, canceled, abandoned, refused int
	for _, it := range d.Items {
		ran += it.Ended + it.Canceled + it.Abandoned + it.Running
		canceled += it.Canceled
		abandoned += it.Abandoned
		refused += it.Refused
	}
	return append(attrs,
		attribute.Int64(keyDrainMS, d.Took().Milliseconds()),
		attribute.Int(keyDrainTasks, ran),
		attribute.Int(keyDrainCanceled, canceled),
		attribute.Int(keyDrainAbandoned, abandoned),
		attribute.Int(keyDrainRefused, refused),
		attribute.StringSlice(keyDrainItems, d.Summary()),
	)
}
