package benchmarks

import (
	"flag"
	"fmt"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"
)

// only keeps the profile of one side free of the others.
var only = flag.String("side", "", "measure this side alone, for profiles; there is nothing to compare then")

// A side is one of those that a benchmark compares.
type side struct {
	name string
	// loop does n operations. What does not belong to an operation it puts
	// between w.stop and w.start. What else is to be told of the operations it
	// gives to w.metric.
	loop func(w *watch, n int) error
}

// each is a side whose operations are calls of op.
func each(name string, op func() error) side {
	return side{name, func(_ *watch, n int) error {
		for range n {
			if err := op(); err != nil {
				return err
			}
		}
		return nil
	}}
}

// A watch measures the operations of one side. It runs when loop is called.
type watch struct {
	began   time.Time // zero: stopped
	elapsed time.Duration
	n       int
	allocs  uint64
	bytes   uint64
	paused  bool // allocations cannot be told apart from those of the preparation
	metrics map[string][]float64
}

func (w *watch) start() { w.began = time.Now() }

func (w *watch) stop() {
	w.elapsed += time.Since(w.began)
	w.began, w.paused = time.Time{}, true
}

// lap returns the time since the last start, and goes on.
func (w *watch) lap() time.Duration { return time.Since(w.began) }

// metric reports v of some operations; the mean of all is printed.
func (w *watch) metric(v float64, unit string) {
	if w.metrics == nil {
		w.metrics = make(map[string][]float64)
	}
	w.metrics[unit] = append(w.metrics[unit], v)
}

// measure does n operations. The heap is collected before, as package testing
// does, so that no side pays for the garbage of another.
func (w *watch) measure(s side, n int) error {
	runtime.GC()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	w.start()
	err := s.loop(w, n)
	if !w.began.IsZero() {
		w.elapsed += time.Since(w.began)
	}
	runtime.ReadMemStats(&after)
	w.n += n
	w.allocs += after.Mallocs - before.Mallocs
	w.bytes += after.TotalAlloc - before.TotalAlloc
	return err
}

// rounds is in how many slices each side's time is cut.
const rounds = 20

// compare measures sides in turns: a slice of the first, one of the second, and
// so on, twenty times, every other time in reverse order. What else the machine
// does meets all sides alike, and the ratio of two lines of one run is that of
// their code. With -count, every run is a comparison of its own.
func compare(b *testing.B, sides ...side) {
	b.Helper()
	var runs [][]watch // by run and side
	for i, s := range sides {
		run := -1
		b.Run("side="+s.name, func(b *testing.B) {
			if *only != "" && *only != s.name {
				b.Skip("not the side that was asked for")
			}
			// Package testing calls this with N = 1 first in every run. If that
			// took less than the benchtime it tries larger N up to a
			// thousand million, while what is known already serves as well.
			if b.N == 1 {
				run++
			}
			fresh := run == len(runs)
			if fresh {
				runs = append(runs, compareOnce(b, sides))
			}
			w := &runs[run][i]
			if _, fixed := benchtime(b); fresh || fixed > 0 || b.N == 1e9 {
				b.N = max(w.n, 1) // the last call: so many were measured
			}
			w.report(b)
		})
	}
}

// compareOnce is one run of compare.
func compareOnce(b *testing.B, sides []side) []watch {
	budget, fixed := benchtime(b)
	watches, err := compareFor(budget, fixed, sides)
	if err != nil {
		b.Fatal(err)
	}
	return watches
}

// compareFor measures each side for budget, or for a fixed number of operations
// if that is not 0.
func compareFor(budget time.Duration, fixed int, sides []side) ([]watch, error) {
	watches, sizes := make([]watch, len(sides)), make([]int, len(sides))
	turns := rounds
	for i, s := range sides {
		if *only != "" && *only != s.name {
			continue
		}
		if sizes[i] = fixed; fixed > 0 {
			turns = 1
			continue
		}
		var err error
		if sizes[i], err = calibrate(s, budget/rounds); err != nil {
			return nil, fmt.Errorf("%s: %w", s.name, err)
		}
	}
	for turn := range turns {
		for k := range sides {
			i := k
			if turn%2 == 1 {
				i = len(sides) - 1 - k
			}
			w := &watches[i]
			if sizes[i] == 0 || fixed == 0 && w.elapsed >= budget {
				continue // one operation of this side takes longer than a slice
			}
			if err := w.measure(sides[i], sizes[i]); err != nil {
				return nil, fmt.Errorf("%s: %w", sides[i].name, err)
			}
		}
	}
	return watches, nil
}

// calibrate returns how many operations of s fill a slice, and warms it up.
func calibrate(s side, slice time.Duration) (int, error) {
	for n := 1; ; {
		var w watch
		if err := w.measure(s, n); err != nil {
			return 0, err
		}
		switch {
		case w.elapsed >= slice:
			return n, nil
		case w.elapsed >= slice/2:
			return n * 2, nil
		case w.elapsed < slice/100:
			n *= 50
		default:
			n = int(float64(n)*float64(slice)/float64(w.elapsed)) + 1
		}
	}
}

// benchtime returns what -benchtime says: a time for each side, or with 100x the
// number of operations.
func benchtime(b *testing.B) (time.Duration, int) {
	v := flag.Lookup("test.benchtime").Value.String()
	if count, ok := strings.CutSuffix(v, "x"); ok {
		n, err := strconv.Atoi(count)
		if err != nil {
			b.Fatal(err)
		}
		return 0, n
	}
	d, err := time.ParseDuration(v)
	if err != nil {
		b.Fatal(err)
	}
	return d, 0
}

func (w *watch) report(b *testing.B) {
	n := float64(max(w.n, 1))
	b.ReportMetric(float64(w.elapsed.Nanoseconds())/n, "ns/op")
	if !w.paused {
		b.ReportAllocs() // else package testing leaves out the two
		b.ReportMetric(float64(w.bytes)/n, "B/op")
		b.ReportMetric(float64(w.allocs)/n, "allocs/op")
	}
	for unit, vs := range w.metrics {
		sum := 0.0
		for _, v := range vs {
			sum += v
		}
		b.ReportMetric(sum/float64(len(vs)), unit)
	}
}

// names returns n names as a service has them, made beforehand.
func names(n int) []string {
	all := make([]string, n)
	for i := range all {
		all[i] = fmt.Sprintf("guard-%d", i)
	}
	return all
}
