package trace_test

import (
	"fmt"
	"testing"

	"github.com/ebb-go/ebb/trace"
)

func TestUnknownSpanMode(t *testing.T) {
	if got := trace.SpanMode(9).String(); got != "SpanMode(9)" {
		t.Errorf("an unknown mode calls itself %q", got)
	}
}

func ExampleSpanMode() {
	fmt.Println(trace.SpanChild, trace.SpanLinkedRoot, trace.SpanTeardownOnly)
	// Output: child linked-root teardown-only
}
