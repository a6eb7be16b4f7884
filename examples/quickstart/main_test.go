package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/ebb-go/ebb/scope"
	"github.com/ebb-go/ebb/trace"
)

// A buffer flushed after its file was closed would be an error, and exit code 1.
func TestHello(t *testing.T) {
	tmp := t.TempDir()
	t.Setenv("TMPDIR", tmp)
	var report *trace.Report
	if code := scope.Main(hello, scope.WithReport(func(r *trace.Report) { report = r })); code != 0 {
		t.Fatalf("exit code %d", code)
	}
	for wave, want := range []string{"buffer", "file", "dir"} {
		if e := report.Entries[wave]; e.Name != want || e.Wave != wave || e.Outcome != "ok" {
			t.Errorf("wave %d: %s in wave %d, %s, want %s", wave, e.Name, e.Wave, e.Outcome, want)
		}
	}
	for i, e := range report.Entries[1:] {
		if before := report.Entries[i]; e.Started.Before(before.Ended) {
			t.Errorf("%s began to drop before %s had ended", e.Name, before.Name)
		}
	}
	if left, err := filepath.Glob(filepath.Join(tmp, "*")); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

// What cannot be made costs what was made before it.
func TestHelloFails(t *testing.T) {
	t.Setenv("TMPDIR", filepath.Join(t.TempDir(), "missing"))
	err := scope.Run(t.Context(), hello)
	if !os.IsNotExist(err) {
		t.Errorf("%v, want that there is no such directory", err)
	}
}
