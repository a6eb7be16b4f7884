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
	timer, slow := (*time.Timer)(nil), (<-chan time.Time)(nil)
	if r.began != nil {
		timer = time.NewTimer(time.Until(r.started.Add(r.Slow)))
		defer timer.Stop()
		slow = timer.C
	}
	force := r.Force
	for {
		select {
		case <-r.done:
			return
		case <-slow:
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
//
// In began, a drop that runs has the time of its start, counted from that of the
// run and one nanosecond more; the negative of that once it was told of; and all
// others 0.
func (r *run) findSlow() time.Time {
	now := r.now()
	next := now.Add(r.Slow)
	var told errgroup.Group
	told.SetLimit(1)
	for pos := range r.began {
		began := r.began[pos].Load()
		if began <= 0 {
			continue
		}
		due := r.started.Add(time.Duration(began-1) + r.Slow)
		if due.After(now) {
			if due.Before(next) {
				next = due
			}
		} else if r.began[pos].CompareAndSwap(began, -began) {
			told.Go(func() error { return r.work(&turn{step: slowing, pos: int32(pos), now: now}) })
		}
	}
	_ = told.Wait()
	return next
}

// endNow abandons what runs; what does not yet, the workers find to be forced.
func (r *run) endNow() {
	r.forced.Store(true)
	r.cancel(ErrForced)
	for pos := range r.bounds {
		if b := r.bounds[pos].Load(); b != nil {
			b.abandon()
		}
	}
}

// watch lets Running look at the run that is the graph's teardown.
func (g *Graph) watch(r *run) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.watched = r
}

// Running returns the nodes whose drops the teardown is running at the moment,
// and since when. It knows them only with the option [Slow], for which they are
// kept, and is empty otherwise.
func (g *Graph) Running() map[*Node]time.Time {
	g.mu.Lock()
	r := g.watched
	g.mu.Unlock()
	if r == nil {
		return nil
	}
	running := make(map[*Node]time.Time)
	for pos := range r.began {
		if began := r.began[pos].Load(); began != 0 {
			running[r.out[pos].Node] = r.started.Add(time.Duration(max(began, -began) - 1))
		}
	}
	return running
}
