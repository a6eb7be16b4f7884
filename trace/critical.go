package trace

import (
	"maps"
	"slices"

	"github.com/ebb-go/ebb/internal/schedule"
)

// A critical path explains the total: each drop on it began when the one before had
// ended, and to shorten a drop that is not on it gains nothing. What was skipped
// took no time and is on no path.

// CriticalPath returns the chain of drops that set the total, in order. Under
// waves these are the last to end of each wave, under eager the last to end,
// the dependent that released it, and so on, and under sequential all. Before a
// drop that waited for a slot comes the one that had it. What was skipped is on
// no path. It needs a report that is complete.
func (r *Report) CriticalPath() []Entry {
	path := r.critical()
	entries := make([]Entry, len(path))
	for i, at := range path {
		entries[i] = r.Entries[at]
	}
	return entries
}

// critical returns the positions of the critical path's entries. They are found anew
// for each picture: a report is a value that anyone may read, and nothing in it is
// written for the sake of a picture.
func (r *Report) critical() []int {
	switch s := schedule.Of(r.Schedule); {
	case s.IsLine():
		return r.criticalSequential()
	case s.HasWaves():
		return r.criticalWaves()
	}
	return r.criticalEager()
}

// criticalWaves takes the last to end of each wave, the first of equal ones: the
// next wave began when it ended.
func (r *Report) criticalWaves() []int {
	last := make(map[int]int) // wave to the entry that ended last
	for i := range r.Entries {
		e := &r.Entries[i]
		if e.skipped() {
			continue
		}
		if j, ok := last[e.Wave]; !ok || e.Ended.After(r.Entries[j].Ended) {
			last[e.Wave] = i
		}
	}
	var path []int
	for _, wave := range slices.Sorted(maps.Keys(last)) {
		path = append(path, last[wave])
	}
	return r.withSlots(path)
}

// criticalEager goes from the last to end to what released it, and so on. It visits
// each entry at most once, so it ends even in a report whose entries release each
// other in a circle.
func (r *Report) criticalEager() []int {
	at := make(map[string]int, len(r.Entries))
	last := -1
	for i := range r.Entries {
		e := &r.Entries[i]
		at[e.Name] = i
		if !e.skipped() && (last < 0 || e.Ended.After(r.Entries[last].Ended)) {
			last = i
		}
	}
	var path []int
	before := r.slots()
	for i, ok := last, last >= 0; ok; {
		e := &r.Entries[i]
		if !e.skipped() {
			path = append(path, i)
		}
		delete(at, e.Name)
		if before != nil && before[i] >= 0 {
			i = before[i]
			_, ok = at[r.Entries[i].Name]
			continue
		}
		i, ok = at[e.ReleasedBy]
	}
	slices.Reverse(path)
	return path
}

// criticalSequential takes all drops in the order in which they ran.
func (r *Report) criticalSequential() []int {
	var path []int
	for i := range r.Entries {
		if !r.Entries[i].skipped() {
			path = append(path, i)
		}
	}
	slices.SortStableFunc(path, func(a, b int) int { return r.Entries[a].Started.Compare(r.Entries[b].Started) })
	return path
}
