package uncheckederr

import (
	"context"
	"testing"

	"github.com/ebb-go/ebb/scope"
)

// Test files are left out.
func Test(t *testing.T) { scope.Run(context.Background(), body) }
