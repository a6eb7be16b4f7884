package engine

import (
	"sync"
	"time"

	"github.com/ebb-go/ebb/internal/budget"
)

// notices tells of slow drops, one after another, on a goroutine of its own: the
// one who is told may block for as long as it likes, and call whatever it likes,
// without holding up the run.
type notices struct {
	run *run

	mu    sync.Mutex    // protects the following
	queue []slowDrop    // not told yet
	since time.Time     // when the goroutine was started
	done  chan struct{} // closed when it has told all; nil: there is none
}

// slowDrop is a drop that has become slow.
type slowDrop struct {
	pos int32
	now time.Duration // when that was found
}

// give adds drops to those that are told of.
func (n *notices) give(slows []slowDrop) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.queue = append(n.queue, slows...)
	if n.done == nil {
		n.since, n.done = time.Now(), make(chan struct{})
		go n.deliver()
	}
}

// tell empties the queue. If the one who is told ends the goroutine, another goes
// on with the rest.
func (n *notices) deliver() {
	empty := false
	defer func() {
		v := recover()
		if empty {
			return
		}
		n.run.contain(v)
		go n.deliver()
	}()
	for {
		slow, ok := n.next()
		if !ok {
			empty = true
			return
		}
		n.run.observeSlow(slow)
	}
}

// next takes the next drop from the queue, and ends the goroutine's time if there
// is none.
func (n *notices) next() (slow slowDrop, ok bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if len(n.queue) == 0 {
		close(n.done)
		n.done = nil
		return slow, false
	}
	slow, n.queue = n.queue[0], n.queue[1:]
	return slow, true
}

// await is called when the run is over. It waits for what was told just now, but
// from when that was begun no longer than for a drop that was canceled, nor beyond
// the run's deadline. What the one who is told is stuck in is left behind.
func (n *notices) await() {
	if n == nil {
		return
	}
	n.mu.Lock()
	done, since := n.done, n.since
	n.mu.Unlock()
	if done == nil {
		return
	}
	end := budget.Sooner(since.Add(budget.Tail(n.run.Slow)), n.run.Deadline)
	timer := time.NewTimer(time.Until(end))
	defer timer.Stop()
	select {
	case <-done:
	case <-timer.C:
	}
}
