package main

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ebb-go/ebb/scope"
)

// diamond is a service in which each schedule takes another time:
//
//	api 40 -> cache 10 -> db 5
//	log 1  -> queue 30
const diamond = `
name: diamond
grace: 80ms
guards:
  - {name: api, drop: 40ms, uses: [cache]}
  - {name: cache, drop: 10ms, uses: [db]}
  - {name: db, drop: 5ms}
  - {name: log, drop: 1ms, uses: [queue]}
  - {name: queue, drop: 30ms}
`

func measureText(t *testing.T, text string, rounds int, scale float64) *Measurement {
	t.Helper()
	s, err := Parse(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	m, err := Measure(t.Context(), s, rounds, scale, 1)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// TestMeasure: in virtual time, where only the drops take any, a shutdown takes
// exactly what its schedule makes of it.
func TestMeasure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := measureText(t, diamond, 4, 2)
		for _, r := range m.Results {
			want := map[scope.Schedule]time.Duration{
				scope.Eager: 110 * time.Millisecond, scope.Waves: 150 * time.Millisecond, scope.Sequential: 172 * time.Millisecond,
			}[r.Schedule]
			if r.Median() != want || r.Bound() != want || len(r.Took) != 4 {
				t.Errorf("%s took %v, at least %v, want %v", r.Schedule, r.Took, r.Bound(), want)
			}
		}
		if got := strings.Join(m.Path, " "); got != "api cache db" {
			t.Errorf("critical path: %s", got)
		}
	})
}

// TestMeasureRanges: times that are ranges are the same for all schedules of a
// round, others in the next, and the same again for the same seed.
func TestMeasureRanges(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const text = "guards: [{name: a, drop: 1ms..1s}]"
		m := measureText(t, text, 3, 1)
		eager, again := m.Results[0].Took, measureText(t, text, 3, 1).Results[2].Took
		for i := range eager {
			if eager[i] != m.Results[1].Took[i] || eager[i] != again[i] {
				t.Errorf("round %d: %v, %v and %v", i, eager[i], m.Results[1].Took[i], again[i])
			}
		}
		if eager[0] == eager[1] || eager[0] < time.Millisecond || eager[0] > time.Second {
			t.Errorf("rounds: %v", eager)
		}
	})
}

// TestMeasureLimit: the limit of the file is that of the scope.
func TestMeasureLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := measureText(t, "limit: 2\nguards: [{name: a, drop: 1s}, {name: b, drop: 1s}, {name: c, drop: 1s}]", 1, 1)
		if got := m.Results[0].Median(); got != 2*time.Second {
			t.Errorf("three drops of a second, two at a time, took %v", got)
		}
	})
}

func TestMeasureCanceled(t *testing.T) {
	s, err := load("")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	enough := errors.New("enough")
	cancel(enough)
	if _, err := Measure(ctx, s, 1, 0.001, 1); !errors.Is(err, enough) {
		t.Errorf("got %v", err)
	}
}

func TestRun(t *testing.T) {
	dir := t.TempDir()
	file, svg := filepath.Join(dir, "service.yaml"), filepath.Join(dir, "out.svg")
	if err := os.WriteFile(file, []byte(diamond), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		args []string
		code int
		want string // in what is printed
	}{
		{[]string{"-n", "1", "-svg", svg, file}, 0, "critical path: api -> cache -> db"},
		{[]string{"-n", "1", "-svg", svg, file}, 0, "sequential takes longer than the grace of 80ms"},
		{[]string{"-n", "1", "-scale", "0.01", "-svg", ""}, 0, "orders: 16 guards, 1 rounds"},
		{[]string{"-svg", filepath.Join(dir, "no", "out.svg"), "-n", "1", file}, 1, "no such file"},
		{[]string{filepath.Join(dir, "none.yaml")}, 2, "no such file"},
		{[]string{"-n", "0"}, 2, "must be positive"},
		{[]string{"-scale", "x"}, 2, "invalid value"},
		{[]string{file, file}, 2, "one file at most"},
		{[]string{"-h"}, 0, "multiply all drop times"},
	} {
		var out, errs bytes.Buffer
		code := run(t.Context(), c.args, &out, &errs)
		if text := out.String() + errs.String(); code != c.code || !strings.Contains(text, c.want) {
			t.Errorf("%q: code %d, want %d and %q in\n%s", c.args, code, c.code, c.want, text)
		}
	}
	drawn, err := os.ReadFile(svg)
	if err != nil || !strings.Contains(string(drawn), "Shutdown of diamond") || !strings.Contains(string(drawn), "sequential") {
		t.Errorf("the drawing: %v\n%.200s", err, drawn)
	}
}
