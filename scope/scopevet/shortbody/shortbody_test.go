package shortbody_test

import (
	"testing"

	"github.com/ebb-go/ebb/scope/scopevet/internal/vettest"
	"github.com/ebb-go/ebb/scope/scopevet/shortbody"
)

func TestShortBody(t *testing.T) { vettest.Run(t, shortbody.Analyzer) }
