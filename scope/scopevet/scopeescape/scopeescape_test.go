package scopeescape_test

import (
	"testing"

	"github.com/ebb-go/ebb/scope/scopevet/internal/vettest"
	"github.com/ebb-go/ebb/scope/scopevet/scopeescape"
)

func TestScopeEscape(t *testing.T) { vettest.Run(t, scopeescape.Analyzer) }
