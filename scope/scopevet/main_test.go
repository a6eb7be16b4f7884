package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/tools/go/analysis"
)

// TestCommand: the command reports by itself and as a tool of go vet, and only what
// its flags ask for; both fail if there is something to report.
func TestCommand(t *testing.T) {
	tool := filepath.Join(t.TempDir(), "scopevet")
	if out, err := exec.Command("go", "build", "-o", tool, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, c := range []struct {
		name string
		args []string
		want string // in the output; empty for a run that succeeds
	}{
		{"alone", []string{tool, "./guardleak"}, "the guard of pool.Open is neither"}, // by a fact of another package
		{"go vet", []string{"go", "vet", "-vettool=" + tool, "./guardleak"}, "the guard of pool.Open is neither"},
		{"go vet, another check", []string{"go", "vet", "-vettool=" + tool, "-lostedge", "./guardleak"}, ""},
	} {
		cmd := exec.Command(c.args[0], c.args[1:]...)
		cmd.Dir = "testdata"
		out, err := cmd.CombinedOutput()
		if (err != nil) != (c.want != "") || !strings.Contains(string(out), c.want) {
			t.Errorf("%s: %v, want %q in:\n%s", c.name, err, c.want, out)
		}
	}
}

// TestDocumented: every check has a section of the README, under its own summary, and
// what it does not find is among the limits.
func TestDocumented(t *testing.T) {
	if err := analysis.Validate(checks); err != nil {
		t.Error(err)
	}
	text, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	sections, limits, _ := strings.Cut(string(text), "\n## Limits\n")
	for _, a := range checks {
		summary, _, _ := strings.Cut(a.Doc, "\n")
		if heading := "\n### " + a.Name + ": " + strings.TrimPrefix(summary, "report ") + "\n"; !strings.Contains(sections, heading) {
			t.Errorf("README.md has no section %q", strings.TrimSpace(heading))
		}
		if !strings.Contains(limits, "\n- "+a.Name+" ") {
			t.Errorf("README.md has no limit of %s", a.Name)
		}
	}
}
