package chart_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ebb-go/ebb/benchmarks/internal/chart"
)

func TestBars(t *testing.T) {
	path := filepath.Join(t.TempDir(), "bars.svg")
	err := chart.Bars(path, "Title", "ms", []chart.Bar{
		{Label: "one", Value: 2, Lo: 1, Hi: 3, Mark: 1.5, Text: "two ms", Highlight: true},
		{Label: "none", Value: 0},
	})
	want(t, path, err, "Title", "one", "two ms", "none")
}

func TestLines(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lines.svg")
	err := chart.Lines(path, "Title", "guards", "ns", []chart.Line{
		{Label: "one", X: []float64{10, 1000}, Y: []float64{3, 4}},
		{Label: "other", X: []float64{10}, Y: []float64{30}},
	})
	want(t, path, err, "Title", "guards", "one", "other")
}

func want(t *testing.T, path string, err error, texts ...string) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	svg, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range texts {
		if !strings.Contains(string(svg), text) {
			t.Errorf("no %q in the drawing", text)
		}
	}
}

func TestDuration(t *testing.T) {
	for d, want := range map[float64]string{4e-8: "40 ns", 2.5e-6: "2.5 µs", 0.0123: "12.3 ms", 3.14159: "3.142 s"} {
		if got := chart.Duration(d); got != want {
			t.Errorf("%g: got %s, want %s", d, got, want)
		}
	}
}
