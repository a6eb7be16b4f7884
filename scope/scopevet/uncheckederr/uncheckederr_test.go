package uncheckederr_test

import (
	"testing"

	"github.com/ebb-go/ebb/scope/scopevet/internal/vettest"
	"github.com/ebb-go/ebb/scope/scopevet/uncheckederr"
)

func TestUncheckedErr(t *testing.T) { vettest.Run(t, uncheckederr.Analyzer) }
