package plaingo_test

import (
	"testing"

	"github.com/ebb-go/ebb/scope/scopevet/internal/vettest"
	"github.com/ebb-go/ebb/scope/scopevet/plaingo"
)

func TestPlainGo(t *testing.T) { vettest.Run(t, plaingo.Analyzer) }
