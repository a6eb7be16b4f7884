package trace

import "go.opentelemetry.io/otel/attribute"

// drained are the attributes of a teardown's span that say why it began and what
// came before. There are none for what was not: a scope that ended by itself has
// no cause, and one that had nothing to wait for no drain.
func drained(cause string, d Drain) []attribute.KeyValue {
	var attrs []attribute.KeyValue
	if cause != "" {
		attrs = append(attrs, attribute.String(keyCause, bounded(cause, maxText)))
	}
	if d.IsZero() {
		return attrs
	}
	t := d.total()
	attrs = append(attrs,
		attribute.Int64(keyDrainMS, d.Took().Milliseconds()),
		attribute.Int(keyDrainTasks, t.count()-t.Refused),
		attribute.Int(keyDrainCanceled, t.Canceled),
		attribute.Int(keyDrainAbandoned, t.Abandoned),
		attribute.Int(keyDrainRefused, t.Refused),
	)
	items, more := d.listed()
	list := make([]string, len(items), len(items)+1)
	for i, it := range items {
		list[i] = it.label(maxName) + ": " + it.outcome()
	}
	if more > 0 {
		list = append(list, "and "+thousands(more)+" more")
	}
	return append(attrs, attribute.StringSlice(keyDrainItems, list))
}
