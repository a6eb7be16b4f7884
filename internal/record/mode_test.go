package record_test

import (
	"fmt"
	"testing"

	"github.com/ebb-go/ebb/internal/record"
)

func TestUnknownMode(t *testing.T) {
	if got := record.Mode(9).String(); got != "SpanMode(9)" {
		t.Errorf("an unknown mode calls itself %q", got)
	}
}

func ExampleMode() {
	fmt.Println(record.Child, record.LinkedRoot, record.TeardownOnly)
	// Output: child linked-root teardown-only
}
