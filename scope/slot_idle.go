package scope

import (
	"sync"
	"sync/atomic"
	"time"
)

// An idleQueue holds the values of Slots that nothing uses, the one that has been unused
// for longest in front, and evicts each when it has been so for long enough. It has one
// timer, for the first of them. Its lock is a leaf.
type idleQueue struct {
	after time.Duration // immutable

	mu          sync.Mutex // protects the following, and the fields of unused that say so
	first, last *unused
	timer       *time.Timer // nil before the first
	armed       bool        // the timer runs, for the first or for one that was first
	stopped     bool        // the turn of the slots has come; terminal
}

// unused is the place of a value in the queue. A nil *unused has none.
type unused struct {
	queue *idleQueue
	evict func()

	// Guarded by the queue's mu.
	prev, next *unused
	listed     bool
	since      time.Time
}

// changed is called when the first pin of a value has begun, the last has ended, or it was
// retired, without a lock of the queue. bits are those of the value, which are zero when
// nothing uses it. It looks at what holds now, so that of two calls that overlap the later
// one leaves what is right.
func (u *unused) changed(bits *atomic.Int64) {
	if u == nil {
		return
	}
	q := u.queue
	q.mu.Lock()
	defer q.mu.Unlock()
	if u.listed {
		q.remove(u)
	}
	if bits.Load() != 0 || q.stopped {
		return
	}
	u.listed, u.since, u.prev = true, time.Now(), q.last
	if u.prev != nil {
		u.prev.next = u
	} else {
		q.first = u
	}
	q.last = u
	q.arm()
}

// remove takes u, which is listed, out of the queue. mu is held.
func (q *idleQueue) remove(u *unused) {
	if u.prev != nil {
		u.prev.next = u.next
	} else {
		q.first = u.next
	}
	if u.next != nil {
		u.next.prev = u.prev
	} else {
		q.last = u.prev
	}
	u.prev, u.next, u.listed = nil, nil, false
}

// arm starts the timer for the first, unless it runs: then it comes earlier, and looks
// again. mu is held.
func (q *idleQueue) arm() {
	if q.armed || q.first == nil || q.stopped {
		return
	}
	q.armed = true
	due := time.Until(q.first.since.Add(q.after))
	if q.timer == nil {
		q.timer = time.AfterFunc(due, q.fire)
		return
	}
	q.timer.Reset(due)
}

// fire is the timer's function. What it evicts is dropped on goroutines that the slot
// waits for.
func (q *idleQueue) fire() {
	q.mu.Lock()
	q.armed = false
	var due []*unused
	for u := q.first; u != nil && !q.stopped && time.Since(u.since) >= q.after; u = q.first {
		q.remove(u)
		due = append(due, u)
	}
	q.arm()
	q.mu.Unlock()
	for _, u := range due {
		u.evict()
	}
}

// stop ends the queue; nil has nothing to end.
func (q *idleQueue) stop() {
	if q == nil {
		return
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	q.stopped = true
	if q.timer != nil {
		q.timer.Stop()
	}
}
