package group

import (
	"time"

	"golang.org/x/sync/errgroup"
)

// wait blocks until the run is over. Meanwhile the caller's goroutine is the one
// that looks after slow drops and Force; no drop and no observer ever runs on it.
func (r *run) wait() {
	r.mu.Lock()
	if r.active.Load() == 0 { // who counted it down looks for done after this, or has before
		r.mu.Unlock()
		return
	}
	r.done = make(chan struct{})
	r.mu.Unlock()
	timer, due := (*time.Timer)(nil), (<-chan time.Time)(nil)
	if r.Slow > 0 {
		timer = time.NewTimer(time.Until(r.started.Add(r.Slow)))
		defer timer.Stop()
		due = timer.C
	}
	force := r.Force
	for {
		select {
		case <-r.done:
			return
		case <-due:
			timer.Reset(time.Until(r.findSlow()))
		case <-force:
			force = nil
			r.endNow()
		}
	}
}

// findSlow tells of the drops that have become slow, and returns when to look
// again: at the earliest moment at which another can become slow. For one that
// runs that is known; one that has not started takes the whole time from now, at
// least. So every drop is told of when it is due, and one timer serves them all.
func (r *run) findSlow() time.Time {
	now := r.now()
	next := r.Slow
	var told errgroup.Group
	told.SetLimit(1)
	for pos := range r.records {
		rec := &r.records[pos]
		clock := rec.clock.Load()
		p, start := read(clock)
		if p != underWay {
			continue
		}
		if left := start + r.Slow - now; left > 0 {
			next = min(next, left)
		} else if rec.clock.CompareAndSwap(clock, clock-int64(underWay)+int64(slow)) {
			told.Go(func() error { return r.work(&turn{step: slowing, pos: int32(pos), now: now}) })
		}
	}
	_ = told.Wait()
	return r.at(now + next)
}

// endNow abandons what runs; what does not yet, the workers find to be forced.
func (r *run) endNow() {
	r.forced.Store(true)
	r.extra.cancel(ErrForced)
	for pos := range r.extra.bounds {
		if b := r.extra.bounds[pos].Load(); b != nil {
			b.abandon()
		}
	}
}

// Running returns the nodes whose drops the graph's teardown is running at the
// moment, and since when.
func (g *Graph) Running() map[*Node]time.Time {
	g.mu.Lock()
	r := g.teardown
	g.mu.Unlock()
	if r == nil {
		return nil
	}
	running := make(map[*Node]time.Time)
	for pos := range r.records {
		if p, start := r.records[pos].get(); p == underWay || p == slow {
			running[r.node(int32(pos))] = r.at(start)
		}
	}
	return running
}
