// Package result reads what benchmarks have printed and compares their sides.
package result

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/perf/benchfmt"
)

// A Set is the raw text of any number of runs.
type Set struct {
	// Config is what the text says of where it was measured: goos, goarch, cpu.
	Config map[string]string

	values map[Quantity][]float64
}

// A Quantity is one of the numbers on a line: that of a benchmark, named as in
// "Empty/side=ebb", in a unit as it is printed.
type Quantity struct{ Name, Unit string }

// ReadDir reads the files of dir that are called raw*.txt, in the order of their
// names.
func ReadDir(dir string) (*Set, error) {
	paths, err := filepath.Glob(filepath.Join(dir, "raw*.txt"))
	if err != nil {
		return nil, err
	}
	s := &Set{Config: make(map[string]string), values: make(map[Quantity][]float64)}
	for _, path := range paths {
		f, err := os.Open(path)
		if err != nil {
			return nil, err
		}
		err = errors.Join(s.read(f, path), f.Close())
		if err != nil {
			return nil, err
		}
	}
	return s, nil
}

// Read reads one text.
func Read(r io.Reader, name string) (*Set, error) {
	s := &Set{Config: make(map[string]string), values: make(map[Quantity][]float64)}
	return s, s.read(r, name)
}

func (s *Set) read(r io.Reader, name string) error {
	in := benchfmt.NewReader(r, name)
	for in.Scan() {
		switch line := in.Result().(type) {
		case *benchfmt.SyntaxError:
			return line
		case *benchfmt.Result:
			for _, c := range line.Config {
				s.Config[c.Key] = string(c.Value)
			}
			for _, v := range line.Values {
				q := Quantity{name0(line.Name), v.Unit}
				value := v.Value
				if v.OrigUnit != "" { // benchfmt makes seconds of nanoseconds
					q.Unit, value = v.OrigUnit, v.OrigValue
				}
				s.values[q] = append(s.values[q], value)
			}
		}
	}
	return in.Err()
}

// name0 is the name without the number of processors, which is one for all.
func name0(n benchfmt.Name) string {
	base, parts := n.Parts()
	if len(parts) > 0 && strings.HasPrefix(string(parts[len(parts)-1]), "-") {
		parts = parts[:len(parts)-1]
	}
	name := string(base)
	for _, p := range parts {
		name += string(p)
	}
	return name
}

// Values returns a number as each of the runs has it, in their order.
func (s *Set) Values(q Quantity) []float64 { return s.values[q] }

// Sides returns the sides of a benchmark that the set has, sorted.
func (s *Set) Sides(benchmark string) []string {
	var sides []string
	for q := range s.values {
		side, ok := strings.CutPrefix(q.Name, benchmark+"/side=")
		if ok && !slices.Contains(sides, side) {
			sides = append(sides, side)
		}
	}
	slices.Sort(sides)
	return sides
}

// A Spread is what several runs say of one thing.
type Spread struct {
	Median, Min, Max float64
	Runs             int
}

// Spread returns the spread of f over the runs: f is given the i-th value of
// each of qs, which are of one run. It is an error if runs lack one of qs.
func (s *Set) Spread(f func(v []float64) float64, qs ...Quantity) (Spread, error) {
	runs := len(s.values[qs[0]])
	for _, q := range qs {
		if n := len(s.values[q]); n == 0 || n != runs {
			return Spread{}, fmt.Errorf("%s has %d runs with %s, not %d", q.Name, n, q.Unit, max(runs, 1))
		}
	}
	of := make([]float64, runs)
	v := make([]float64, len(qs))
	for i := range of {
		for k, q := range qs {
			v[k] = s.values[q][i]
		}
		of[i] = f(v)
	}
	slices.Sort(of)
	return Spread{Median: median(of), Min: of[0], Max: of[runs-1], Runs: runs}, nil
}

// median of sorted values.
func median(v []float64) float64 {
	n := len(v)
	return (v[(n-1)/2] + v[n/2]) / 2
}
