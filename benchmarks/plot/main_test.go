package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestRun draws every chart from a text with two runs of everything.
func TestRun(t *testing.T) {
	var text strings.Builder
	line := func(name, rest string) {
		for range 2 {
			fmt.Fprintf(&text, "Benchmark%s-2 10 %s\n", name, rest)
		}
	}
	for _, tasks := range []int{0, 1, 4} {
		for _, side := range []string{"ebb", "errgroup", "conc", "defers"} {
			line(fmt.Sprintf("Request/guards=3/tasks=%d/side=%s", tasks, side), "2000 ns/op")
		}
	}
	for _, n := range []int{10, 1_000, 10_000} {
		line(fmt.Sprintf("Flat/guards=%d/side=ebb", n), "2000 ns/op 30 ns/guard")
		line(fmt.Sprintf("Plan/guards=%d/side=group", n), "2000 ns/op 30 ns/guard")
	}
	line("DAG/side=ebb-eager", "2000 ns/op 1.01 x-path")
	line("DAG/side=fx", "2000 ns/op 1.9 x-path")
	results, out := t.TempDir(), filepath.Join(t.TempDir(), "new")
	if err := os.WriteFile(filepath.Join(results, "raw.txt"), []byte(text.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := run(results, out); err != nil {
		t.Fatal(err)
	}
	for file, want := range map[string]string{
		"request.svg": "errgroup, tasks: 4", "flat.svg": "ns per guard", "dag.svg": "ebb-eager", "plan.svg": "group",
	} {
		svg, err := os.ReadFile(filepath.Join(out, file))
		if err != nil {
			t.Error(err)
		} else if !strings.Contains(string(svg), want) {
			t.Errorf("%s does not say %q", file, want)
		}
	}
	if err := run(t.TempDir(), out); err == nil {
		t.Error("charts were drawn of nothing")
	}
}
