package trace_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/ebb-go/ebb/trace"
)

// limited runs drops with a limit: among those that may start, the first in order
// of registration gets the slot that is free first.
func limited(schedule string, limit int, drops []simDrop) *trace.Report {
	r := &trace.Report{Scope: "limited", Exit: "succeeded", Schedule: schedule, DropLimit: limit, Started: sampleEpoch}
	waves := waveNumbers(drops)
	entries := make([]trace.Entry, len(drops))
	left := make([]int, len(drops)) // dependents that have not ended
	at := make(map[string]int)
	for i, d := range drops {
		at[d.name] = i
		entries[i] = trace.Entry{Name: d.name, Kind: "guard", Wave: waves[i], DependsOn: d.deps, Outcome: "ok"}
	}
	for _, d := range drops {
		for _, dep := range d.deps {
			left[at[dep]]++
		}
	}
	now, wave := sampleEpoch, 0
	queued, running := make([]bool, len(drops)), map[int]bool{}
	ended, ending := 0, make([]int, maxOf(waves)+1)
	for ended < len(drops) {
		for i := range drops {
			may := left[i] == 0
			if schedule == "waves" {
				may = waves[i] == wave
			}
			if may && !queued[i] {
				queued[i], entries[i].Queued = true, now
			}
			if queued[i] && entries[i].Started.IsZero() && len(running) < limit {
				entries[i].Started, entries[i].Ended = now, now.Add(drops[i].took)
				running[i] = true
			}
		}
		first := -1
		for i := range drops {
			if running[i] && (first < 0 || entries[i].Ended.Before(entries[first].Ended)) {
				first = i
			}
		}
		now = entries[first].Ended
		delete(running, first)
		ended++
		for _, dep := range drops[first].deps {
			left[at[dep]]--
		}
		if ending[waves[first]]++; wave < len(ending) {
			for wave < len(ending) && ending[wave] == count(waves, wave) {
				wave++
			}
		}
	}
	r.Entries, r.Ended = entries, now
	slices.SortStableFunc(r.Entries, func(a, b trace.Entry) int { return a.Wave - b.Wave })
	r.Complete()
	return r
}

// replay returns by how much the teardown, or a wave of it, would end later if
// entry k had taken longer by its slack, the slots going from drop to drop as they
// did.
func replay(r *trace.Report, k int) time.Duration {
	slots, at := trace.Slots(r), map[string]int{}
	order := make([]int, len(r.Entries))
	for i := range r.Entries {
		order[i], at[r.Entries[i].Name] = i, i
	}
	slices.SortStableFunc(order, func(a, b int) int { return r.Entries[a].Started.Compare(r.Entries[b].Started) })
	start, late := make([]time.Time, len(r.Entries)), time.Duration(0)
	wave := map[int]time.Time{}
	for _, e := range r.Entries {
		if e.Ended.After(wave[e.Wave]) {
			wave[e.Wave] = e.Ended
		}
	}
	for _, i := range order {
		e := &r.Entries[i]
		if e.Started.After(start[i]) && slots[i] < 0 && (r.Schedule == "waves" || e.ReleasedBy == "") {
			start[i] = e.Started // of a wave, or of the teardown
		}
		end := start[i].Add(e.Took())
		if i == k {
			end = end.Add(e.Slack)
		}
		limit := r.Ended
		if r.Schedule == "waves" {
			limit = wave[e.Wave]
		}
		late = max(late, end.Sub(limit))
		push := func(j int) {
			if end.After(start[j]) {
				start[j] = end
			}
		}
		if r.Schedule == "eager" {
			for _, d := range e.DependsOn {
				push(at[d])
			}
		}
		for j, before := range slots {
			if before == i {
				push(j)
			}
		}
	}
	return late
}

func count(list []int, v int) (n int) {
	for _, w := range list {
		if w == v {
			n++
		}
	}
	return n
}

// A drop that takes longer by its slack does not lengthen the teardown, if the
// slots go from drop to drop as they did, and the
// critical path leads from its beginning to its end without a gap.
func TestSlackUnderALimit(t *testing.T) {
	for seed := range uint64(150) {
		rng := rand.New(rand.NewPCG(seed, 11))
		var drops []simDrop
		n := 4 + rng.IntN(12)
		for i := range n {
			d := simDrop{name: fmt.Sprint("g", i), took: time.Duration(1+rng.IntN(50)) * milli}
			for k := i + 1; k < n; k++ {
				if rng.IntN(6) == 0 {
					d.deps = append(d.deps, fmt.Sprint("g", k))
				}
			}
			drops = append(drops, d)
		}
		for _, schedule := range []string{"waves", "eager"} {
			limit := 1 + rng.IntN(3)
			r := limited(schedule, limit, drops)
			if got := trace.Slots(r); slices.Max(got) < 0 && limit == 1 && n > 1 {
				t.Errorf("seed %d, %s: no drop waited for another's slot", seed, schedule)
			}
			for i := range r.Entries {
				if late := replay(r, i); late > 0 {
					t.Errorf("seed %d, %s, limit %d: %s takes longer by its slack of %v, and the teardown by %v",
						seed, schedule, limit, r.Entries[i].Name, r.Entries[i].Slack, late)
				}
			}
			path := r.CriticalPath()
			at := r.Started
			for _, e := range path {
				if !e.Started.Equal(at) {
					t.Errorf("seed %d, %s, limit %d: on the path %s begins %v after the one before", seed, schedule, limit, e.Name, e.Started.Sub(at))
				}
				if e.Slack != 0 {
					t.Errorf("seed %d, %s, limit %d: %s is on the path and has %v of slack", seed, schedule, limit, e.Name, e.Slack)
				}
				at = e.Ended
			}
			if !at.Equal(r.Ended) {
				t.Errorf("seed %d, %s, limit %d: the path ends %v early", seed, schedule, limit, r.Ended.Sub(at))
			}
		}
	}
}

// Three drops on one slot, the last to end of which is short: all of them set the
// total, and none could have taken longer.
func TestOneSlot(t *testing.T) {
	r := limited("waves", 1, []simDrop{{name: "a", took: 50 * milli}, {name: "b", took: 30 * milli}, {name: "c", took: milli}})
	var names []string
	for _, e := range r.CriticalPath() {
		names = append(names, e.Name)
	}
	if !slices.Equal(names, []string{"a", "b", "c"}) || r.Entries[0].Slack != 0 || r.Entries[1].Slack != 0 {
		t.Errorf("path %v, entries %+v", names, r.Entries)
	}
}

// Drops that take no time, and begin at one moment after a wait, do not wait for each
// other: the critical path ends, in whatever order they stand.
func TestNoTimeUnderALimit(t *testing.T) {
	at := func(d time.Duration) time.Time { return sampleEpoch.Add(d) }
	quick := func(name string) trace.Entry {
		return trace.Entry{
			Name: name, Kind: "guard", Outcome: "ok", Queued: sampleEpoch, Started: at(time.Second), Ended: at(time.Second),
		}
	}
	slow := trace.Entry{Name: "slow", Kind: "guard", Outcome: "ok", Queued: sampleEpoch, Started: sampleEpoch, Ended: at(time.Second)}
	for _, schedule := range []string{"waves", "eager"} {
		for _, entries := range [][]trace.Entry{
			{slow, quick("a"), quick("b"), quick("c")}, {quick("a"), quick("b"), slow}, {quick("a"), quick("b")},
		} {
			r := &trace.Report{
				Scope: "x", Exit: "succeeded", Schedule: schedule, DropLimit: 1, Started: sampleEpoch, Ended: at(time.Second),
				Entries: slices.Clone(entries),
			}
			r.Complete()
			if path := r.CriticalPath(); len(path) == 0 || len(path) > len(entries) {
				t.Errorf("%s: a path of %d entries from %d", schedule, len(path), len(entries))
			}
		}
	}
}
