package trace

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"github.com/ebb-go/ebb/internal/dag"
	"github.com/ebb-go/ebb/internal/schedule"
)

// Complete sorts the entries by wave, keeping their order within one, and
// fills in what is missing and follows from the rest: Queued, ReleasedBy, Slack
// and the ends of what never ended, from Started, Ended, DependsOn and
// Schedule. What is there already it leaves alone, so a second call changes
// nothing. A scope calls it once, before anybody else sees the report; it must
// not run while the report is read.
//
// Under waves the slack is the time until the end of the entry's wave. Under
// eager it is that of the critical path method, in which a drop's time counts
// from the moment it was queued. Under sequential it is 0. A report does not
// know of a limit on concurrent drops: what another drop gains by a worker that
// is free earlier is not in the slack.
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

// completeTimes goes through the entries once. A dependent's wave is smaller
// than that of what it depends on, so by the time an entry is reached its last
// dependent is known: among those that name it, and among those with a beginning
// of a list that reaches to it, which a tree over the ends of beginnings,
// backwards, has.
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

func (r *Report) completeSlack(links *links) {
	switch s := schedule.Of(r.Schedule); {
	case s.IsLine():
	case s.HasWaves():
		r.slackWaves()
	default:
		r.slackEager(links)
	}
}

func (r *Report) slackWaves() {
	ends := make(map[int]time.Time)
	for i := range r.Entries {
		e := &r.Entries[i]
		if e.Ended.After(ends[e.Wave]) {
			ends[e.Wave] = e.Ended
		}
	}
	latest := make([]time.Time, len(r.Entries)) // end
	for i := range r.Entries {
		latest[i] = ends[r.Entries[i].Wave]
	}
	if before := r.slots(); before != nil {
		for _, i := range r.byStart() {
			if j := before[i]; j >= 0 {
				latest[j] = earlier(latest[j], latest[i].Add(-r.Entries[i].Took()))
			}
		}
	}
	for i := range r.Entries {
		if e := &r.Entries[i]; e.Slack == 0 {
			e.Slack = between(e.Ended, latest[i])
		}
	}
}

// slackEager is the backward pass of the critical path method: the latest end
// of an entry is the earliest of the latest starts of what waits for it, which is
// what it depends on, and what got its slot. Going through the entries backwards,
// those come first; what a report whose waves contradict its edges has before an
// entry does not count.
func (r *Report) slackEager(l *links) {
	end := r.lastEnd()
	start := make([]time.Time, len(r.Entries)) // the latest
	done := make([]bool, len(r.Entries))
	trees := l.trees(func(a, b int) bool { return start[a].Before(start[b]) })
	before, order := r.slots(), []int(nil)
	var after []int
	if before != nil {
		after, order = successors(before), r.byStart()
	}
	for n := range r.Entries {
		i := len(r.Entries) - 1 - n
		if order != nil {
			i = order[n]
		}
		e := &r.Entries[i]
		latest := end
		for _, j := range l.own[i] {
			if done[j] {
				latest = earlier(latest, start[j])
			}
		}
		if k := l.Of[i].List; k >= 0 {
			if j := trees[k].best(l.Of[i].First); j >= 0 {
				latest = earlier(latest, start[j])
			}
		}
		if after != nil && after[i] >= 0 && done[after[i]] {
			latest = earlier(latest, start[after[i]])
		}
		took := between(e.Queued, e.Ended)
		if before != nil && before[i] >= 0 {
			took = e.Took() // its wait was for a slot, and is no part of it
		}
		start[i], done[i] = latest.Add(-took), true
		for _, s := range l.spot[i] {
			trees[l.spots[s].list].put(l.spots[s].at, i)
		}
		if e.Slack == 0 {
			e.Slack = between(e.Ended, latest)
		}
	}
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

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

// critical returns the positions of the critical path's entries.
func (r *Report) critical() []int {
	switch s := schedule.Of(r.Schedule); {
	case s.IsLine():
		return r.criticalSequential()
	case s.HasWaves():
		return r.criticalWaves()
	}
	return r.criticalEager()
}

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

// criticalEager visits each entry at most once, so it ends even in a report
// whose entries release each other in a circle.
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
