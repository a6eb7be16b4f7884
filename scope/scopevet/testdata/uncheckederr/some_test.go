package uncheckederr

import (
	"context"
	"testing"

	"github.com/ebb-go/ebb/scope"
)

func Test(t *testing.T) { scope.Run(context.Background(), body) }
