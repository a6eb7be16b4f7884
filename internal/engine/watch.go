package engine

import (
	"sync/atomic"
	"time"
)

// wait blocks until the run is over. Meanwhile the caller's goroutine is the one
// that looks after slow drops and Force. No code of anyone else ever runs on it: no
// drop, no observer, and no notice.
func (r *run) wait() {
	r.mu.Lock()
	if r.active.Load() == 0 { // who counted it down looks for the waiter after this, or has before
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
			force = nil
			r.endNow()
		}
	}
}

// A waiter is a caller that waits for the end of its run.
type waiter struct {
	done   chan struct{} // closed when the run is over
	asleep atomic.Bool   // it has no timer, and wants to know of the next drop that begins
	wake   chan struct{} // holds a value when it is to look
}

// rouse is called for every drop that has begun.
func (w *waiter) rouse() {
	if w == nil || !w.asleep.Load() || !w.asleep.CompareAndSwap(true, false) {
		return
	}
	select {
	case w.wake <- struct{}{}:
	default: // there is a value, which will do for this drop too
	}
}

// A watcher finds the drops that have become slow. While one of those that run can
// still become slow, its timer is set for the first; else it has none, and sleeps
// until the next drop begins. So nothing polls, and a run in which all that can
// happen has happened has no timer.
type watcher struct {
	run     *run
	waiter  *waiter
	timer   *time.Timer
	due     <-chan time.Time
	passed  int      // drops, in the order in which they began, that have ended or are known to be slow
	notices *notices // nil: none so far
}

// look gives notice of what has become slow, and sets the timer for what will.
//
// No drop is missed: a drop is marked as under way first, and then its worker looks
// whether the watcher is asleep; the watcher marks itself as asleep first, and then
// looks again what is under way.
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

// find gives notice of the drops that have become slow. It returns after which
// time the next of those that run will, or a negative number.
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
		case p == waiting: // taken, and not begun
		case p != underWay:
			if w.passed == k {
				w.passed++
			}
		case now-start < r.Slow:
			if left := r.Slow - (now - start); next < 0 || left < next {
				next = left
			}
		case rec.clock.CompareAndSwap(clock, clock-int64(underWay)+int64(slow)):
			if r.extra == nil || r.extra.others[pos] == nil { // else the run that drops it gives notice
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

// endNow abandons what runs; what does not yet, the workers find to be forced.
func (r *run) endNow() {
	r.forced.Store(true)
	r.extra.cancel(forcing{})
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
