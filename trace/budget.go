package trace

import (
	"slices"
	"time"

	"github.com/ebb-go/ebb/internal/budget"
	"github.com/ebb-go/ebb/internal/schedule"
)

// What a wave was allowed follows from the deadline and from how much of the grace
// was kept for the waves after it. Package budget knows the shares: the teardown
// itself asks the same functions, so a report cannot claim another share than the
// one that the drops had.

// waveBudget says what one wave of a teardown was allowed and what it used.
type waveBudget struct {
	Index   int
	Size    int           // entries in this wave
	Started time.Time     // of its first drop
	Ended   time.Time     // of its last drop
	Share   time.Duration // from Started until the wave had to be over; 0 without a grace
	Spent   time.Duration // from Started to Ended
}

// budget returns what each wave was allowed and what it used, in the order of
// the waves; nil for a report without entries. It needs a report that is
// complete.
//
// A quarter of the grace is kept in equal parts for the waves that have not
// started. So of K waves, wave k had to be over (K-1-k)/K of that quarter before
// the deadline. Under sequential, each drop that has not started counts as a
// wave: there it is (drops that start later)/(all drops) of the quarter.
func (r *Report) budget() []waveBudget {
	var waves []waveBudget
	var lastStart []time.Time // of the wave's drops
	at := make(map[int]int)
	for i := range r.Entries {
		e := &r.Entries[i]
		k, ok := at[e.Wave]
		if !ok {
			k = len(waves)
			at[e.Wave] = k
			waves = append(waves, waveBudget{Index: e.Wave, Started: e.Started})
			lastStart = append(lastStart, time.Time{})
		}
		w := &waves[k]
		w.Size++
		if e.Started.Before(w.Started) {
			w.Started = e.Started
		}
		if e.Ended.After(w.Ended) {
			w.Ended = e.Ended
		}
		if e.Started.After(lastStart[k]) {
			lastStart[k] = e.Started
		}
	}
	starts := r.starts()
	for k := range waves {
		w := &waves[k]
		w.Spent = between(w.Started, w.Ended)
		if r.Grace <= 0 || r.Deadline.IsZero() {
			continue
		}
		after, of := len(waves)-1-k, len(waves)
		if schedule.Of(r.Schedule).IsLine() {
			later, _ := slices.BinarySearchFunc(starts, lastStart[k].Add(1), time.Time.Compare)
			after, of = len(starts)-later, len(starts)
		}
		reserve := budget.Share(budget.Reserve(r.Grace), after, of)
		w.Share = between(w.Started, r.Deadline.Add(-reserve))
	}
	return waves
}

// starts returns when the drops started, sorted.
func (r *Report) starts() []time.Time {
	starts := make([]time.Time, len(r.Entries))
	for i := range r.Entries {
		starts[i] = r.Entries[i].Started
	}
	slices.SortFunc(starts, time.Time.Compare)
	return starts
}

// totals returns the time spent in drops and waiting for them, added up over
// all entries: what the teardown would have taken one by one, and what an
// eager or unlimited one could win at most.
func (r *Report) totals() (ran, waited time.Duration) {
	for i := range r.Entries {
		ran = plus(ran, r.Entries[i].Took())
		waited = plus(waited, r.Entries[i].waited())
	}
	return ran, waited
}
