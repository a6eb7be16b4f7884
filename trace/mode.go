package trace

import "strconv"

// SpanMode says where the spans of a scope lie in a trace. A trace shows a
// span only once it has ended, so a scope that lives for days wants
// [SpanTeardownOnly].
type SpanMode uint8

const (
	// SpanChild makes the scope's span a child of the caller's. The default.
	SpanChild SpanMode = iota
	// SpanLinkedRoot makes the scope's span the root of a trace of its own,
	// linked to the caller's span: for work that outlives who asked for it.
	SpanLinkedRoot
	// SpanTeardownOnly draws no span for the scope's life. Its teardown is the
	// root of a trace of its own, linked to the caller's span.
	SpanTeardownOnly
)

// String returns "child", "linked-root" or "teardown-only".
func (m SpanMode) String() string {
	switch m {
	case SpanChild:
		return "child"
	case SpanLinkedRoot:
		return "linked-root"
	case SpanTeardownOnly:
		return "teardown-only"
	}
	return "SpanMode(" + strconv.Itoa(int(m)) + ")"
}
