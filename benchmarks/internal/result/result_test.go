package result_test

import (
	"strings"
	"testing"

	"github.com/ebb-go/ebb/benchmarks/internal/result"
)

const text = `goos: linux
cpu: some
BenchmarkEmpty/side=context-2   10   400.0 ns/op   96 B/op   2 allocs/op
BenchmarkEmpty/side=context-2   10   500.0 ns/op   96 B/op   2 allocs/op
BenchmarkEmpty/side=context-2   10   200.0 ns/op   96 B/op   2 allocs/op
BenchmarkEmpty/side=ebb-2   10   800.0 ns/op   96 B/op   5 allocs/op
BenchmarkEmpty/side=ebb-2   10   750.0 ns/op   96 B/op   5 allocs/op
BenchmarkEmpty/side=ebb-2   10   500.0 ns/op   96 B/op   5 allocs/op
BenchmarkFlat/guards=10/side=ebb-eager   10   800.0 ns/op   80.5 ns/guard
PASS
`

func read(t *testing.T) *result.Set {
	t.Helper()
	s, err := result.Read(strings.NewReader(text), "text")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestRows: a ratio is taken within a run, and then the median of the ratios;
// the ratio of medians would be 750/400 here.
func TestRows(t *testing.T) {
	rows := read(t).Rows()
	r := rows[0]
	if r.Measured() != "2.00 × (1.50 × to 2.50 ×)" || r.Verdict() != "yes" || r.Limit() != "≤ 2.00 ×" || r.Runs != 3 {
		t.Errorf("%s, %s, %s, %d", r.Measured(), r.Verdict(), r.Limit(), r.Runs)
	}
	if r = rows[1]; r.Measured() != "5" || r.Verdict() != "yes" {
		t.Errorf("%s, %s", r.Measured(), r.Verdict())
	}
	if r = rows[2]; r.Err == nil || r.Measured() != "not measured" || r.Verdict() != "" {
		t.Errorf("%v, %s, %s", r.Err, r.Measured(), r.Verdict())
	}
}

func TestRead(t *testing.T) {
	s := read(t)
	if s.Config["cpu"] != "some" {
		t.Errorf("config: %v", s.Config)
	}
	if got := s.Sides("Empty"); len(got) != 2 || got[0] != "context" {
		t.Errorf("sides: %v", got)
	}
	got := s.Values(result.Quantity{Name: "Flat/guards=10/side=ebb-eager", Unit: "ns/guard"})
	if len(got) != 1 || got[0] != 80.5 {
		t.Errorf("ns/guard: %v", got)
	}
}

// TestLacking: numbers of different runs are never compared.
func TestLacking(t *testing.T) {
	short, _, _ := strings.Cut(text, "BenchmarkFlat")
	short = strings.Replace(short, "BenchmarkEmpty/side=ebb-2   10   500.0 ns/op   96 B/op   5 allocs/op\n", "", 1)
	s, err := result.Read(strings.NewReader(short), "text")
	if err != nil {
		t.Fatal(err)
	}
	if r := s.Rows()[0]; r.Err == nil {
		t.Errorf("2 runs against 3: %s", r.Measured())
	}
}
