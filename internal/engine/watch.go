package engine

import (
	"sync/atomic"
	"time"
)

// wait blocks until the run is over. Meanwhile the caller's goroutine looks for slow
// drops and for Force. No user code runs on it, neither a drop nor an observer nor a
// notice, so nothing can keep it from either.
func (r *run) wait() {
	r.mu.Lock()
	// The last worker counts itself off and then looks for a waiter with mu held. It
	// has either counted itself off before this, or it will find the waiter.
	if r.active.Load() == 0 {
		r.mu.Unlock()
		return
	}
	w := &waiter{done: make(chan struct{}), wake: make(chan struct{}, 1)}
	r.waiter.Store(w)
	r.mu.Unlock()
	watch := watcher{run: r, waiter: w}
	if r.Slow > 0 {
		watch.timer = time.NewTimer(time.Until(r.started.Add(r.Slow)))
		defer watch.timer.Stop()
		watch.due = watch.timer.C
	}
	defer func() { watch.notices.await() }()
	force := r.Force
	for {
		select {
		case <-w.done:
			return
		case <-watch.due:
			watch.look()
		case <-w.wake:
			watch.look()
		case <-force:
			force = nil // a closed channel would be received from again and again
			r.endNow()
		}
	}
}

// A waiter is a caller that waits for the end of its run. Neither of its channels is
// ever blocked on by a worker.
type waiter struct {
	done   chan struct{} // closed when the run is over
	asleep atomic.Bool   // it has no timer, and is to be woken by the next drop that begins
	wake   chan struct{} // of capacity 1: holds a value when the waiter is to look
}

// rouse is called for every drop that has begun. It wakes a waiter that is asleep. The
// nil waiter, of a run whose caller has not come to wait yet, is not: it looks first.
func (w *waiter) rouse() {
	if w == nil || !w.asleep.Load() || !w.asleep.CompareAndSwap(true, false) {
		return
	}
	select {
	case w.wake <- struct{}{}:
	default: // the value that is there will do for this drop too
	}
}

// A watcher finds the drops that have become slow. While a running drop can still become
// slow, the timer is set for the first that can; otherwise there is no timer, and the
// watcher sleeps until the next drop begins. So nothing polls, and a run that only waits
// for drops which are known to be slow has no timer at all.
type watcher struct {
	run     *run
	waiter  *waiter
	timer   *time.Timer
	due     <-chan time.Time
	passed  int      // so many of the drops, in the order of the queue, have ended or are known to be slow
	notices *notices // nil: none so far
}

// look gives notice of what has become slow, and sets the timer for what will.
//
// No drop is missed: a worker first marks its drop as under way and then looks whether
// the watcher is asleep; the watcher first marks itself as asleep and then looks again
// for drops that are under way. So at least one of the two sees the other.
func (w *watcher) look() {
	next := w.find()
	if next < 0 {
		w.waiter.asleep.Store(true)
		if next = w.find(); next < 0 {
			return
		}
		w.waiter.asleep.Store(false)
	}
	w.timer.Reset(next)
}

// find gives notice of the drops that have become slow. It returns how long it takes
// until the next running drop does, or a negative number if none can.
func (w *watcher) find() (next time.Duration) {
	r := w.run
	now := r.now()
	next = -1
	var slows []slowDrop
	for k := w.passed; k < int(r.queue.head.Load()); k++ {
		pos := r.queued(int32(k))
		rec := &r.records[pos]
		clock := rec.clock.Load()
		p, start := read(clock)
		switch {
		case p == waiting: // taken, but not begun: its worker calls rouse when it begins
		case p != underWay:
			if w.passed == k {
				w.passed++
			}
		case now-start < r.Slow:
			if left := r.Slow - (now - start); next < 0 || left < next {
				next = left
			}
		case rec.clock.CompareAndSwap(clock, clock-int64(underWay)+int64(slow)):
			if r.extra == nil || r.extra.others[pos] == nil { // otherwise the run that drops it gives notice
				slows = append(slows, slowDrop{pos, now})
			}
		}
	}
	if len(slows) > 0 {
		if w.notices == nil {
			w.notices = &notices{run: r}
		}
		w.notices.give(slows)
	}
	return next
}

// endNow abandons the running drops. What has not started is skipped by the workers,
// which find the run forced; see bind for a drop that starts at this moment.
func (r *run) endNow() {
	r.forced.Store(true)
	r.extra.cancel(forcing{})
	for pos := range r.extra.bounds {
		if b := r.extra.bounds[pos].Load(); b != nil {
			b.abandon()
		}
	}
}

// Running returns the nodes that the graph's teardown is dropping now, and since when.
// It may be called at any time; a clock is one word, so it needs no lock for that.
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
