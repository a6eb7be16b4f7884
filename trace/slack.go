package trace

import (
	"time"

	"github.com/ebb-go/ebb/internal/schedule"
)

// The slack of a drop is how much longer it could have taken without lengthening the
// teardown as it was scheduled. A slack that is given is kept, so 0 counts as
// missing: a report that was written to a file and read back is completed to what it
// was.

// completeSlack asks the schedule for its two traits: drops in a line have no slack,
// since each lengthens the whole, and waves end together.
func (r *Report) completeSlack(links *links) {
	switch s := schedule.Of(r.Schedule); {
	case s.IsLine():
	case s.HasWaves():
		r.slackWaves()
	default:
		r.slackEager(links)
	}
}

// slackWaves gives each entry the time until the end of its wave, which is the end
// of its last drop: the next wave does not begin before. Under a limit, a drop whose
// slot another waited for could not have ended later than that other's latest start.
// Going through the entries from the last start backwards, that start is known, as
// a drop that waits begins after what it waits for.
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

// slackEager is the backward pass of the critical path method: the latest end of an
// entry is the earliest of the latest starts of what waits for it. What waits for it
// is what it depends on, and the drop that got its slot.
//
// Going through the entries backwards, those come first. A report whose waves
// contradict its edges may have one before an entry; that one does not count, so the
// pass ends for any report. For edges through lists there is a tree over the places
// of each list, whose prefixes have the earliest latest start.
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

// earlier returns the earlier of two times.
func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}
