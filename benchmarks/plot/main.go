// Command plot draws the charts of the README from the raw text of the
// benchmarks.
//
//	go run ./plot [-results results] [-out plots]
package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/ebb-go/ebb/benchmarks/internal/chart"
	"github.com/ebb-go/ebb/benchmarks/internal/result"
)

func main() {
	results := flag.String("results", "results", "the directory with the raw text")
	out := flag.String("out", "plots", "the directory to draw into")
	flag.Parse()
	if err := run(*results, *out); err != nil {
		fmt.Fprintln(os.Stderr, "plot:", err)
		os.Exit(1)
	}
}

func run(results, out string) error {
	set, err := result.ReadDir(results)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(out, 0o755); err != nil {
		return err
	}
	d := drawing{set, out}
	for _, draw := range []func() error{d.request, d.flat, d.dag, d.plan} {
		if err := draw(); err != nil {
			return err
		}
	}
	return nil
}

// A drawing draws charts of set into the directory out.
type drawing struct {
	set *result.Set
	out string
}

func (d drawing) path(name string) string { return filepath.Join(d.out, name) }

// bar is what the runs say of a quantity, in another unit.
func (d drawing) bar(label string, q result.Quantity, scale float64) (chart.Bar, error) {
	s, err := d.set.Spread(func(v []float64) float64 { return v[0] * scale }, q)
	return chart.Bar{Label: label, Value: s.Median, Lo: s.Min, Hi: s.Max}, err
}

func (d drawing) request() error {
	var bars []chart.Bar
	for _, tasks := range []int{0, 1, 4} {
		for _, side := range []string{"ebb", "errgroup", "conc", "defers"} {
			name := fmt.Sprintf("Request/guards=3/tasks=%d/side=%s", tasks, side)
			b, err := d.bar(fmt.Sprintf("%s, tasks: %d", side, tasks), result.Quantity{Name: name, Unit: "ns/op"}, 1e-3)
			if err != nil {
				return err
			}
			b.Text, b.Highlight = chart.Duration(b.Value*1e-6), side == "ebb"
			bars = append(bars, b)
		}
	}
	return chart.Bars(d.path("request.svg"), "A request that opens and drops three values, and runs tasks", "µs", bars)
}

func (d drawing) dag() error {
	var bars []chart.Bar
	for _, side := range d.set.Sides("DAG") {
		b, err := d.bar(side, result.Quantity{Name: "DAG/side=" + side, Unit: "x-path"}, 1)
		if err != nil {
			return err
		}
		b.Text, b.Mark = fmt.Sprintf("%.2f", b.Value), 1
		b.Highlight = len(side) >= 3 && side[:3] == "ebb"
		bars = append(bars, b)
	}
	slices.SortStableFunc(bars, func(a, b chart.Bar) int {
		switch {
		case a.Value < b.Value:
			return -1
		case a.Value > b.Value:
			return 1
		}
		return 0
	})
	return chart.Bars(d.path("dag.svg"), "Teardown of 200 random services", "times the critical path", bars)
}

func (d drawing) flat() error {
	return d.lines("flat.svg", "Teardown of guards that do nothing", "Flat",
		[]int{10, 1_000, 100_000, 1_000_000}, []string{"ebb", "errgroup", "conc", "naive", "do", "fx", "defers", "run"})
}

func (d drawing) plan() error {
	return d.lines("plan.svg", "Planning guards with five edges each", "Plan",
		[]int{10_000, 100_000, 1_000_000}, []string{"group", "gonum"})
}

// lines draws the time per guard over the number of guards, as far as each side
// was measured.
func (d drawing) lines(file, title, benchmark string, sizes []int, sides []string) error {
	var lines []chart.Line
	for _, side := range sides {
		l := chart.Line{Label: side}
		for _, n := range sizes {
			q := result.Quantity{Name: fmt.Sprintf("%s/guards=%d/side=%s", benchmark, n, side), Unit: "ns/guard"}
			if len(d.set.Values(q)) == 0 {
				continue
			}
			b, err := d.bar(side, q, 1)
			if err != nil {
				return err
			}
			l.X, l.Y = append(l.X, float64(n)), append(l.Y, b.Value)
		}
		if len(l.X) > 0 {
			lines = append(lines, l)
		}
	}
	if len(lines) == 0 {
		return fmt.Errorf("no results of %s", benchmark)
	}
	return chart.Lines(d.path(file), title, "guards", "ns per guard", lines)
}
