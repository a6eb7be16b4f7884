package engine

import (
	"sync"
	"time"

	"github.com/ebb-go/ebb/internal/budget"
)

// notices calls the observer for slow drops, one after another, on a goroutine of its
// own. So the observer may block for as long as it likes, and call whatever it likes,
// without holding up the run or the watcher. The goroutine exists only while there is
// something in the queue: it is started by give and ends in next, both with mu held, so
// that a drop is either found by the goroutine that runs or starts another one.
type notices struct {
	run *run

	mu    sync.Mutex    // protects the following
	queue []slowDrop    // not delivered yet
	since time.Time     // when the goroutine was started
	done  chan struct{} // closed when the goroutine ends; nil: there is none
}

// slowDrop is a drop that has become slow.
type slowDrop struct {
	pos int32
	now time.Duration // when that was found
}

// give adds drops to the queue. It never blocks on the observer.
func (n *notices) give(slows []slowDrop) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.queue = append(n.queue, slows...)
	if n.done == nil {
		n.since, n.done = time.Now(), make(chan struct{})
		go n.deliver()
	}
}

// deliver empties the queue. If the observer ends the goroutine, another goroutine
// continues with the rest: every slow drop gets its event.
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

// next takes the next drop from the queue. If there is none, the goroutine has come to
// its end.
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

// await is called when the run is over. It waits until the queue has been delivered, so
// that the event of a slow drop does not come after the run's results, but from the
// start of the goroutine no longer than for a drop that was canceled, nor beyond the
// deadline of the run. An observer that is stuck is left behind.
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
