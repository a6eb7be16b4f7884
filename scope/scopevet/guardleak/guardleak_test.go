package guardleak_test

import (
	"testing"

	"github.com/ebb-go/ebb/scope/scopevet/guardleak"
	"github.com/ebb-go/ebb/scope/scopevet/internal/vettest"
)

func TestGuardLeak(t *testing.T) { vettest.Run(t, guardleak.Analyzer) }
