package life

import "sync"

// A queue calls functions one after another, in the order of add, on a goroutine
// of its own that exists while there are any. Nothing waits for that goroutine:
// what it calls is foreign code that may block for ever, on behalf of a guard that
// no longer exists. It is bounded instead.
type queue struct {
	mu      sync.Mutex // protects the following
	waiting []func()
	running bool // the goroutine exists; reset by itself when it finds nothing waiting
}

// maxWaiting bounds a queue: a blocked function must not make leaks of small
// guards a leak of memory.
const maxWaiting = 1000

// add has f called, which must contain what it calls, and reports whether there
// was room. It does not block.
func (q *queue) add(f func()) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.waiting) >= maxWaiting {
		return false
	}
	q.waiting = append(q.waiting, f)
	if !q.running {
		q.running = true
		go q.run()
	}
	return true
}

// run is the queue's goroutine. No lock is held while f runs.
func (q *queue) run() {
	for f := q.next(); f != nil; f = q.next() {
		f()
	}
}

// next returns nil when there is nothing to call. Seeing that and giving up the
// goroutine happen under one lock: what is added later starts another.
func (q *queue) next() func() {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.waiting) == 0 {
		q.running, q.waiting = false, nil
		return nil
	}
	f := q.waiting[0]
	q.waiting[0] = nil
	q.waiting = q.waiting[1:]
	return f
}
