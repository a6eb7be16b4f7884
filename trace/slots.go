package trace

import (
	"cmp"
	"slices"

	"github.com/ebb-go/ebb/internal/schedule"
)

// Under a limit on concurrent drops, a drop that waited did so for the end of
// another, whose slot it got. That is an edge as a dependency is one: had the
// other taken longer, this one would have begun later. A report has no slots, but
// they follow from it: at the end of a wait the newest slot that is free is the
// one that was waited for. In a report without a limit there are none, and a wait
// is that for the scheduler.

// slots returns for each entry the one whose slot it waited for, -1 for none; nil
// without a limit.
func (r *Report) slots() []int {
	if r.DropLimit <= 0 || schedule.Of(r.Schedule).IsLine() {
		return nil
	}
	before := make([]int, len(r.Entries))
	var starts, ends []int
	for i := range r.Entries {
		before[i] = -1
		if !r.Entries[i].skipped() {
			starts, ends = append(starts, i), append(ends, i)
		}
	}
	slices.SortStableFunc(starts, func(a, b int) int { return r.Entries[a].Started.Compare(r.Entries[b].Started) })
	place := make([]int, len(r.Entries)) // in the order of starts
	for k, i := range starts {
		place[i] = k
	}
	slices.SortFunc(ends, func(a, b int) int {
		return cmp.Or(r.Entries[a].Ended.Compare(r.Entries[b].Ended), cmp.Compare(place[a], place[b]))
	})
	var free []int // drops that have ended and whose slot is free, the newest last
	next := 0
	for k, i := range starts {
		e := &r.Entries[i]
		// Of drops that take no time, one that begins at the same moment but later
		// in this order cannot be the one that was waited for: without that, two
		// could wait for each other.
		for next < len(ends) && !r.Entries[ends[next]].Ended.After(e.Started) && place[ends[next]] < k {
			free = append(free, ends[next])
			next++
		}
		if len(free) == 0 {
			continue
		}
		if newest := free[len(free)-1]; newest != i && e.Started.After(e.Queued) && r.Entries[newest].Ended.After(e.Queued) {
			before[i] = newest
			free = free[:len(free)-1]
		}
	}
	return before
}

// successors inverts what slots returns: the entry that waited for the slot of each,
// -1 for none.
func successors(before []int) []int {
	after := make([]int, len(before))
	for i := range after {
		after[i] = -1
	}
	for i, j := range before {
		if j >= 0 {
			after[j] = i
		}
	}
	return after
}

// byStart returns the entries in the order of their starts, the last first.
// Everything that waits for a drop, for its slot or because it depends on it the
// other way round, begins after it and so stands before it.
func (r *Report) byStart() []int {
	order := make([]int, len(r.Entries))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return r.Entries[a].Started.Compare(r.Entries[b].Started) })
	slices.Reverse(order)
	return order
}

// withSlots puts before each entry of a path those whose slots were waited for, in
// turn.
func (r *Report) withSlots(path []int) []int {
	before := r.slots()
	if before == nil {
		return path
	}
	var whole []int
	for _, i := range path {
		var chain []int
		for j := i; j >= 0; j = before[j] { // each comes earlier in the order of starts, so this ends
			chain = append(chain, j)
		}
		slices.Reverse(chain)
		whole = append(whole, chain...)
	}
	return whole
}
