package trace_test

import (
	"bytes"
	"errors"
	"flag"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/ebb-go/ebb/trace"
)

var update = flag.Bool("update", false, "write the golden files instead of comparing with them")

// format is one way to write a report.
type format struct {
	ext   string
	write func(*trace.Report, io.Writer) error
}

// formats are those of the table; what is said of every format is tried with each.
var formats = func() (all []format) {
	for _, f := range trace.Formats() {
		all = append(all, format{f.Ext, f.Report})
	}
	return all
}()

func (f format) render(t *testing.T, r *trace.Report) string {
	t.Helper()
	var b bytes.Buffer
	if err := f.write(r, &b); err != nil {
		t.Fatalf("%s: %v", f.ext, err)
	}
	return b.String()
}

func formatOf(ext string) format {
	for _, f := range formats {
		if f.ext == ext {
			return f
		}
	}
	panic("no format " + ext)
}

// empty is the report of a scope that owned nothing.
func empty() *trace.Report {
	return &trace.Report{Scope: "empty", Exit: "succeeded", Schedule: "waves", Started: sampleEpoch, Ended: sampleEpoch}
}

// samples are the reports that every format has to render well.
func samples() map[string]*trace.Report { return samplesOf(10_000) }

// samplesOf are the samples, of which the big ones have n guards.
func samplesOf(n int) map[string]*trace.Report {
	return map[string]*trace.Report{
		"empty": empty(), "small": small("waves"), "outcomes": everyOutcome(), "hostile": hostile(),
		"service": service("waves"), "service-eager": service("eager"), "service-sequential": service("sequential"),
		"big": big(n), "chain": chain(n), "one-failed-wave": allFailed(n / 5),
	}
}

// golden compares with a file in testdata.
func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", "report", name)
	if *update {
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatalf("%v (go test -update writes it)", err)
	}
	if got != string(want) {
		t.Errorf("%s differs from what was looked at and found right; first difference:\n%s", file, firstDifference(got, string(want)))
	}
}

func firstDifference(got, want string) string {
	g, w := strings.Split(got, "\n"), strings.Split(want, "\n")
	for i := range g {
		if i >= len(w) || g[i] != w[i] {
			wanted := "(end)"
			if i < len(w) {
				wanted = w[i]
			}
			return " got: " + g[i] + "\nwant: " + wanted
		}
	}
	return "the text ends early"
}

// The golden files were looked at as pictures; a change of one is to be looked
// at again.
func TestGolden(t *testing.T) {
	all := samples()
	for _, name := range []string{
		"empty.txt", "empty.svg", "small.txt", "small.svg", "small.dot", "small.mmd", "outcomes.txt", "outcomes.html", "outcomes.dot", "outcomes.mmd",
		"hostile.txt", "hostile.svg", "hostile.dot", "hostile.mmd", "service.txt", "service-eager.svg", "big.txt", "big.mmd", "chain.txt", "chain.svg",
	} {
		t.Run(name, func(t *testing.T) {
			base, ext, _ := strings.Cut(name, ".")
			golden(t, name, formatOf(ext).render(t, all[base]))
		})
	}
}

// failAfter is a writer whose disk is full after n bytes.
type failAfter struct{ n int }

var errDisk = errors.New("disk full")

func (w *failAfter) Write(p []byte) (int, error) {
	if w.n -= len(p); w.n < 0 {
		return 0, errDisk
	}
	return len(p), nil
}

func TestErrorOfTheWriter(t *testing.T) {
	for _, f := range formats {
		for _, n := range []int{0, 5_000} {
			if err := f.write(service("waves"), &failAfter{n}); !errors.Is(err, errDisk) && n == 0 {
				t.Errorf("%s after %d bytes: got %v", f.ext, n, err)
			}
		}
	}
	writers := map[string]func(io.Writer) error{
		"plan text": func(w io.Writer) error { return samplePlan().WriteText(w) }, "plan svg": samplePlan().WriteSVG, "plan dot": samplePlan().WriteDOT, "plan mermaid": samplePlan().WriteMermaid,
		"snapshot text": func(w io.Writer) error { return sampleSnapshot().WriteText(w) }, "snapshot svg": sampleSnapshot().WriteSVG, "diff": func(w io.Writer) error { return trace.Diff{}.WriteText(w) },
	}
	for name, write := range writers {
		if err := write(&failAfter{}); !errors.Is(err, errDisk) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

// A completed report is read by many at once; the race detector watches.
func TestConcurrentReaders(t *testing.T) {
	r := service("eager")
	var wg sync.WaitGroup
	for _, f := range formats {
		want := f.render(t, r)
		for range 4 {
			wg.Go(func() {
				var b bytes.Buffer
				if err := f.write(r, &b); err != nil || b.String() != want {
					t.Errorf("%s: another text than alone, or %v", f.ext, err)
				}
			})
		}
	}
	wg.Wait()
}
