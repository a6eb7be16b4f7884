package scope

import "github.com/ebb-go/ebb/internal/record"

// SpanMode says where the spans of a scope lie in a trace. A trace shows a span
// only once the span has ended, so a scope that lives for days wants
// [SpanTeardownOnly].
type SpanMode uint8

const (
	// SpanChild makes the scope's span a child of the caller's. It is the default.
	SpanChild SpanMode = iota
	// SpanLinkedRoot makes the scope's span the root of a trace of its own, linked to
	// the caller's span: for work that outlives the request that began it.
	SpanLinkedRoot
	// SpanTeardownOnly draws no span for the scope's life. Its teardown is the root of
	// a trace of its own, linked to the caller's span.
	SpanTeardownOnly
)

// String returns "child", "linked-root" or "teardown-only".
func (m SpanMode) String() string { return m.recorded().String() }

// recorded is m for package record, which has the modes in the same order.
func (m SpanMode) recorded() record.Mode { return record.Mode(m) }
