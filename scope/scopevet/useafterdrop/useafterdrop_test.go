package useafterdrop_test

import (
	"testing"

	"github.com/ebb-go/ebb/scope/scopevet/internal/vettest"
	"github.com/ebb-go/ebb/scope/scopevet/useafterdrop"
)

func TestUseAfterDrop(t *testing.T) { vettest.Run(t, useafterdrop.Analyzer) }
