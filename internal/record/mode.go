package record

import "strconv"

// Mode says where the spans of a scope lie in a trace. Package scope has it as
// SpanMode, and its constants under the same numbers.
type Mode uint8

const (
	// Child makes the scope's span a child of the caller's. The default.
	Child Mode = iota
	// LinkedRoot makes the scope's span the root of a trace of its own,
	// linked to the caller's span: for work that outlives the request that began it.
	LinkedRoot
	// TeardownOnly draws no span for the scope's life. Its teardown is the
	// root of a trace of its own, linked to the caller's span.
	TeardownOnly
)

// String returns "child", "linked-root" or "teardown-only".
func (m Mode) String() string {
	switch m {
	case Child:
		return "child"
	case LinkedRoot:
		return "linked-root"
	case TeardownOnly:
		return "teardown-only"
	}
	return "SpanMode(" + strconv.Itoa(int(m)) + ")"
}
