package trace_test

import (
	"testing"
	"time"

	"github.com/ebb-go/ebb/trace"
)

// Of a grace of 20s, 5s are kept for waves that have not started: of three
// waves, the first has to leave 10/3 s, the second 5/3 s, and the last none.
func TestBudget(t *testing.T) {
	waves := trace.Budget(small("waves"))
	if len(waves) != 3 {
		t.Fatalf("got %d waves", len(waves))
	}
	third := 5 * time.Second / 3
	for i, want := range []trace.WaveBudget{
		{Index: 0, Size: 2, Started: sampleEpoch, Ended: sampleEpoch.Add(120 * milli), Share: 20*time.Second - 2*third, Spent: 120 * milli},
		{Index: 1, Size: 2, Started: sampleEpoch.Add(120 * milli), Ended: sampleEpoch.Add(320 * milli), Share: 20*time.Second - third - 120*milli, Spent: 200 * milli},
		{Index: 2, Size: 1, Started: sampleEpoch.Add(320 * milli), Ended: sampleEpoch.Add(380 * milli), Share: 20*time.Second - 320*milli, Spent: 60 * milli},
	} {
		got := waves[i]
		if d := got.Share - want.Share; d < -2 || d > 2 { // thirds
			t.Errorf("wave %d: share %v, want %v", i, got.Share, want.Share)
		}
		got.Share = want.Share
		if got != want {
			t.Errorf("wave %d: got %+v, want %+v", i, got, want)
		}
	}
}

// Under sequential each drop that has not started counts as a wave: wave 0 of
// small is two of five drops, so three start later.
func TestBudgetSequential(t *testing.T) {
	waves := trace.Budget(small("sequential"))
	for i, later := range []time.Duration{3, 1, 0} {
		want := 20*time.Second - 5*time.Second*later/5 - waves[i].Started.Sub(sampleEpoch)
		if waves[i].Share != want {
			t.Errorf("wave %d: share %v, want %v", i, waves[i].Share, want)
		}
	}
}

func TestBudgetRunsFromTheDeadline(t *testing.T) {
	r := small("waves")
	r.Deadline = sampleEpoch.Add(10 * time.Second) // draining used the first half
	if got, want := trace.Budget(r)[2].Share, 10*time.Second-320*milli; got != want {
		t.Errorf("share %v, want %v", got, want)
	}
	r.Deadline = sampleEpoch.Add(-time.Hour)
	if got := trace.Budget(r)[2].Share; got != 0 {
		t.Errorf("after the deadline: share %v, want 0", got)
	}
}

func TestBudgetWithoutGrace(t *testing.T) {
	r := simulate("waves", simDrop{name: "a", took: milli})
	if got := trace.Budget(r); len(got) != 1 || got[0].Share != 0 || got[0].Spent != milli {
		t.Errorf("got %+v", got)
	}
	if got := trace.Budget(&trace.Report{Grace: time.Second}); got != nil {
		t.Errorf("of an empty report: %+v", got)
	}
}
