package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestRun(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		t.Helper()
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	write("raw.txt", "goos: linux\nBenchmarkHandle/side=value-2 10 1.5 ns/op\n")
	readme := write("README.md", "before\n"+begin+"\nold\n"+end+"\nafter\n")
	if err := run(dir, readme, true); err == nil {
		t.Error("-check found an old table to be right")
	}
	if err := run(dir, readme, false); err != nil {
		t.Fatal(err)
	}
	if err := run(dir, readme, true); err != nil {
		t.Error(err)
	}
	text, err := os.ReadFile(readme)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"before\n", "| `Handle.Value` | ns | ≤ 2.0 | 1.5 | yes |\n", "\nafter\n"} {
		if !strings.Contains(string(text), want) {
			t.Errorf("no %q in:\n%s", want, text)
		}
	}
	if strings.Contains(string(text), "old") {
		t.Error("the old table is still there")
	}
	if err := run(dir, write("empty.md", "nothing\n"), false); err == nil {
		t.Error("a README without the two lines was written")
	}
}

// TestREADME: the table in the repository is what results/ says.
func TestREADME(t *testing.T) {
	if err := run("../results", "../README.md", true); err != nil {
		t.Error(err)
	}
}
