package trace

import (
	"cmp"
	"slices"
	"time"

	"github.com/ebb-go/ebb/internal/dag"
)

// Complete sorts the entries by wave, keeping their order within one, and fills in
// what is missing and follows from the rest: Queued, ReleasedBy, Slack and the ends
// of what never ended, from Started, Ended, DependsOn and Schedule. It changes
// nothing that is there already, so a second call changes nothing. A scope calls it
// once, before it hands the report out. It must not run while the report is read.
//
// Under waves the slack is the time until the end of the entry's wave. Under eager
// it is the slack of the critical path method, in which the time of a drop counts
// from the moment it was queued. Under sequential it is 0. Under a limit on
// concurrent drops, a drop that waited for a slot counts as a dependent of the drop
// that had the slot.
func (r *Report) Complete() {
	slices.SortStableFunc(r.Entries, func(a, b Entry) int { return cmp.Compare(a.Wave, b.Wave) })
	if r.Started.IsZero() {
		r.Started = orTime(r.firstStart(), r.Ended)
	}
	links := r.links()
	r.completeTimes(links)
	if r.Ended.IsZero() {
		r.Ended = r.lastEnd()
	}
	if r.Deadline.IsZero() && r.Grace > 0 {
		r.Deadline = r.Started.Add(r.Grace)
	}
	r.completeSlack(links)
}

// links are the edges of a report by the positions of its entries.
type links struct {
	dag.Edges
	at    map[string]int
	own   [][]int // of each entry; names that are not in the report, and its own, are left out
	spots []spot  // the entries of all lists
	spot  [][]int // of each entry, its spots
}

// spot is the place of an entry in a list.
type spot struct{ list, at int }

// links finds the edges. It visits each name that is not in a list once, and each
// list once, however many entries share it: this is what keeps a report of n daemons
// on n guards linear in n. Of two entries with one name, which a scope does not
// make, the later is the end of all edges to that name.
func (r *Report) links() *links {
	l := &links{
		Edges: dag.EdgesOf(len(r.Entries), func(i int) []string { return r.Entries[i].DependsOn }),
		at:    make(map[string]int, len(r.Entries)), own: make([][]int, len(r.Entries)), spot: make([][]int, len(r.Entries)),
	}
	for i := range r.Entries {
		l.at[r.Entries[i].Name] = i
	}
	for i := range r.Entries {
		for _, name := range l.Of[i].Own {
			if j, ok := l.at[name]; ok && j != i {
				l.own[i] = append(l.own[i], j)
			}
		}
	}
	for k, list := range l.Lists {
		for p, name := range list {
			if j, ok := l.at[name]; ok {
				l.spot[j] = append(l.spot[j], len(l.spots))
				l.spots = append(l.spots, spot{k, p})
			}
		}
	}
	return l
}

// trees makes a tree for each list.
func (l *links) trees(better func(a, b int) bool) []*fenwick {
	trees := make([]*fenwick, len(l.Lists))
	for k, list := range l.Lists {
		trees[k] = newFenwick(len(list)+1, better)
	}
	return trees
}

// completeTimes goes through the entries once, in the order of the waves. The wave
// of a dependent is smaller than the wave of what it depends on, so when an entry is
// reached its last dependent is known. That one is the last of two kinds: those that
// name the entry, which have left their number in last, and those with a beginning
// of a list that reaches to it. For the latter there is a tree for each list over
// the ends of beginnings, backwards, so that all beginnings that reach to a place
// are a prefix.
//
// Ties go to the earlier entry: the result does not depend on how the edges are
// kept.
func (r *Report) completeTimes(l *links) {
	later := func(a, b int) bool {
		if c := r.Entries[a].Ended.Compare(r.Entries[b].Ended); c != 0 {
			return c > 0
		}
		return a < b
	}
	last := make([]int, len(r.Entries)) // the dependent that ended last, -1 for none
	for i := range last {
		last[i] = -1
	}
	trees := l.trees(later)
	for i := range r.Entries {
		e := &r.Entries[i]
		for _, s := range l.spot[i] {
			at := l.spots[s]
			if j := trees[at.list].best(len(l.Lists[at.list]) - at.at); j >= 0 && (last[i] < 0 || later(j, last[i])) {
				last[i] = j
			}
		}
		var by *Entry
		if last[i] >= 0 {
			by = &r.Entries[last[i]]
			e.ReleasedBy = cmp.Or(e.ReleasedBy, by.Name)
		}
		switch {
		case !e.Queued.IsZero():
		case by != nil:
			e.Queued = by.Ended
		default:
			e.Queued = r.Started
		}
		switch {
		case e.Started.IsZero(): // never began
			e.Started = e.Queued
			e.Ended = orTime(e.Ended, e.Queued)
		default: // began, and was running when the report was made
			e.Ended = orTime(e.Ended, r.Ended, e.Started)
		}
		for _, j := range l.own[i] {
			if last[j] < 0 || later(i, last[j]) {
				last[j] = i
			}
		}
		if k := l.Of[i].List; k >= 0 {
			trees[k].put(len(l.Lists[k])-l.Of[i].First, i)
		}
	}
}

// firstStart returns the earliest start of an entry, zero if there is none.
func (r *Report) firstStart() time.Time {
	var first time.Time
	for i := range r.Entries {
		if t := r.Entries[i].Started; first.IsZero() || !t.IsZero() && t.Before(first) {
			first = t
		}
	}
	return first
}

// lastEnd returns the latest end of an entry, the report's start if there is
// none.
func (r *Report) lastEnd() time.Time {
	last := r.Started
	for i := range r.Entries {
		if t := r.Entries[i].Ended; t.After(last) {
			last = t
		}
	}
	return last
}

// orTime is cmp.Or for times, whose zero value is no zero once it has a zone.
func orTime(times ...time.Time) time.Time {
	for _, t := range times {
		if !t.IsZero() {
			return t
		}
	}
	return time.Time{}
}
