package trace_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/ebb-go/ebb/internal/term"
	"github.com/ebb-go/ebb/trace"
)

// However a report folds: every entry is in exactly one line, there are not
// many more lines than asked for, and waves come in order.
func TestRowsCoverTheReport(t *testing.T) {
	const most, limit = 120, 60
	for name, r := range samples() {
		rows, entries := trace.Rows(r, most, limit), 0
		for _, row := range rows {
			if row.Folded > 0 {
				entries += row.Folded
				if want := "+ " + term.Thousands(row.Folded) + " more"; row.Name != want {
					t.Errorf("%s: a fold of %d is called %q", name, row.Folded, row.Name)
				}
			} else {
				entries++
			}
		}
		if entries != len(r.Entries) {
			t.Errorf("%s: %d entries in %d rows, want %d", name, entries, len(rows), len(r.Entries))
		}
		if len(r.Entries) <= most && len(rows) != len(r.Entries) {
			t.Errorf("%s: %d entries folded to %d rows", name, len(r.Entries), len(rows))
		}
		if len(rows) > most {
			t.Errorf("%s: %d rows", name, len(rows))
		}
	}
}

func TestRowsOfRandomShapes(t *testing.T) {
	for seed := range uint64(100) {
		rng := rand.New(rand.NewPCG(seed, 3))
		r := &trace.Report{Started: sampleEpoch, Schedule: "waves"}
		waves := 1 + rng.IntN(300)
		for i := range rng.IntN(2_000) {
			e := trace.Entry{Name: fmt.Sprint(i), Wave: rng.IntN(waves), Started: sampleEpoch, Outcome: "ok"}
			e.Ended = e.Started.Add(milli * 5)
			if rng.IntN(40) == 0 {
				e.Outcome = "panic"
			}
			r.Entries = append(r.Entries, e)
		}
		r.Complete()
		entries := 0
		rows := trace.Rows(r, 60, 40)
		for _, row := range rows {
			entries += max(1, row.Folded)
		}
		if entries != len(r.Entries) || len(rows) > 60 {
			t.Errorf("seed %d: %d of %d entries in %d rows", seed, entries, len(r.Entries), len(rows))
		}
	}
}

// What matters has a line of its own: of ten thousand guards the four that
// failed, the critical path and the longest.
func TestRowsShowWhatMatters(t *testing.T) {
	rows := trace.Rows(big(10_000), 120, 60)
	failed, critical := 0, 0
	for _, row := range rows {
		if row.Folded > 0 && row.Outcome != "all ok" {
			t.Errorf("a fold hides %q", row.Outcome)
		}
		if row.Outcome == "error" {
			failed++
		}
		if row.Critical && row.Folded == 0 {
			critical++
		}
	}
	if failed != 4 || critical != 4 {
		t.Errorf("%d failures and %d critical drops have a line, want 4 and 4", failed, critical)
	}
}

func TestRowsOfEquals(t *testing.T) {
	rows := trace.Rows(chain(10_000), 120, 60)
	for _, row := range rows {
		if row.Folded == 0 {
			t.Errorf("%s has a line, out of many that are alike", row.Name)
		}
	}
	if !rows[0].Critical {
		t.Error("a fold with drops of the critical path is not marked")
	}
	if rows[0].Wave != "0–833" {
		t.Errorf("first fold: wave %s", rows[0].Wave)
	}
	if rows := trace.Rows(allFailed(2_000), 120, 60); len(rows) < 40 || rows[0].Outcome != "error" {
		t.Errorf("what went wrong is named as long as there is room: got %+v", rows)
	}
}

// A fold that hides several outcomes says so.
func TestMixedFold(t *testing.T) {
	var drops []simDrop
	for i := range 300 {
		drops = append(drops, simDrop{name: fmt.Sprint("a", i), took: milli, outcome: []string{"error", "panic"}[i%2]})
	}
	for i := range 30 {
		drops = append(drops, simDrop{name: fmt.Sprint("b", i), took: milli})
	}
	text := formatOf("txt").render(t, simulate("waves", drops...))
	if !strings.Contains(text, "mixed") || !strings.Contains(text, "30 ok, longest 1ms") {
		t.Errorf("got\n%s", text)
	}
}
