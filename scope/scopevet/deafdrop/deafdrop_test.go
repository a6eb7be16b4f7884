package deafdrop_test

import (
	"testing"

	"github.com/ebb-go/ebb/scope/scopevet/deafdrop"
	"github.com/ebb-go/ebb/scope/scopevet/internal/vettest"
)

func TestDeafDrop(t *testing.T) { vettest.Run(t, deafdrop.Analyzer) }
