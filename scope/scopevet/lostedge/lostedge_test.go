package lostedge_test

import (
	"testing"

	"github.com/ebb-go/ebb/scope/scopevet/internal/vettest"
	"github.com/ebb-go/ebb/scope/scopevet/lostedge"
)

func TestLostEdge(t *testing.T) { vettest.Run(t, lostedge.Analyzer) }
