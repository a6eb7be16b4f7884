package record_test

import (
	"runtime/debug"
	"testing"

	"github.com/ebb-go/ebb/internal/record"
	"github.com/ebb-go/ebb/trace"
)

func TestVersionIn(t *testing.T) {
	ebb := func(version string, replace *debug.Module) *debug.Module {
		return &debug.Module{Path: trace.ScopeName, Version: version, Replace: replace}
	}
	other := &debug.Module{Path: "example.com/other", Version: "v9.9.9"}
	for _, tt := range []struct {
		rule string
		info debug.BuildInfo
		want string
	}{
		{"a dependency", debug.BuildInfo{Main: *other, Deps: []*debug.Module{other, ebb("v1.2.3", nil)}}, "v1.2.3"},
		{"replaced by a folder", debug.BuildInfo{Deps: []*debug.Module{ebb("v1.2.3", &debug.Module{Path: "../"})}}, "v1.2.3"},
		{"replaced by a fork", debug.BuildInfo{Deps: []*debug.Module{ebb("v1.2.3", &debug.Module{Path: "example.com/fork", Version: "v2.0.0"})}}, "v2.0.0"},
		{"the main module", debug.BuildInfo{Main: *ebb("(devel)", nil), Deps: []*debug.Module{other}}, "(devel)"},
		{"not at all", debug.BuildInfo{Main: *other}, ""},
	} {
		if got := record.VersionIn(&tt.info); got != tt.want {
			t.Errorf("%s: version %q, want %q", tt.rule, got, tt.want)
		}
	}
}
