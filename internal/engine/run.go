package engine

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"
)

// A run is one teardown: of a whole graph, of a node, or of a tree.
//
// Drops that do nothing must not cost a goroutine each, and drops that block must all
// run at once; which is which is not known before they run. So workers take nodes from
// one queue, and before a worker calls a drop, it makes sure that exactly one further
// worker is runnable: the spare. While drops return at once, the spare does not get to
// run: one worker empties the queue, and one spare was started in vain. When a drop
// blocks, or a processor is idle, the spare runs, and it starts the next spare before
// its own first drop. So n drops that block take n goroutines and no more, and n drops
// that do nothing take as many as there are processors. No timer and no guess is
// involved, which makes the engine exact in virtual time. (On two processors, 1,000
// drops that do nothing take 180 ns each, of which 100 ns are for their outcomes, and
// 340 ns each in an errgroup with a goroutine for each; BenchmarkTeardown of package
// group.)
//
// There is one queue for all schedules, cut into stretches whose drops may run at
// the same time; a [discipline] says where a stretch ends. The worker that ends the
// last drop of a stretch moves the tail to the end of the next one and goes on. For
// a schedule that releases, the worker that ends a drop appends what that has freed.
//
// Everything rests on one invariant: while a node is in the queue or is being dropped,
// a worker is active, that is, counted in active. A worker that adds to the queue looks
// into it afterwards; a worker leaves only when it finds the queue empty; and a worker
// that cannot continue, because its drop was abandoned or ended the goroutine, is
// replaced by a new one that inherits its count. So the run is over exactly when active
// is 0, which is terminal.
type run struct {
	plan
	Options
	graph *Graph
	extra *extra // the part that few runs need; nil for most
	queue queue  // the positions that may be taken

	ctx     context.Context // of the drops, before their limits
	started time.Time
	records []record // by position; see record for what may be read when
	group   errgroup.Group

	active  atomic.Int32   // workers; see above
	spare   atomic.Bool    // one of them has not run yet; set by the worker that started it, cleared by the spare
	forced  atomic.Bool    // terminal
	ready   atomic.Bool    // the run is prepared: the options and the order of the queue may be read; terminal
	bounded bool           // drops may be abandoned
	early   bool           // the graph stays open: nodes leave it as they end
	holds   bool           // there are nodes with Hold
	first   sync.WaitGroup // done when the first worker runs

	mu     sync.Mutex             // protects places, heldTo, the peel and, until a node is released, its element of released
	waiter atomic.Pointer[waiter] // set, under mu, by a caller that has to block
}

// A queue is an order of positions, of which those from head to tail may be taken.
// Neither head nor tail ever moves back.
type queue struct {
	head atomic.Int32
	tail atomic.Int32
	open atomic.Int32 // drops between the last two places of tail that have not ended; means nothing to a schedule that releases
}

// do runs the teardown and returns its outcomes. If a drop calls Goexit on the caller's
// goroutine, do does not return: the run is over when the caller's deferred functions
// are called, and Results has the outcomes.
func (r *run) do(ctx context.Context) Results {
	r.prepare(ctx)
	defer r.close()
	if r.here() {
		r.doHere()
	} else {
		r.doApart()
	}
	return Results{r}
}

// doApart runs the teardown on other goroutines. The caller is the first spare: it starts
// one worker, which wakes the caller as its first act. That makes the caller runnable in
// the place right behind the worker, so the worker has the chance to do everything alone
// before a second one is started, and a few quick drops cost one goroutine in all. (If
// the caller yielded instead, it would be behind everything that is runnable, which on a
// busy server can take long.)
func (r *run) doApart() {
	r.spare.Store(true)
	r.active.Store(1)
	r.first.Add(1)
	r.group.Go(func() error {
		r.first.Done()
		return r.work(&turn{step: advancing})
	})
	r.first.Wait()
	r.spare.Store(false)
	r.help()
	r.wait()
}

// close gives back what the run has taken once it is over, and panics with what an
// observer has panicked with.
func (r *run) close() {
	if r.early && len(r.nodes) > 1 {
		r.graph.over(r)
	}
	x := r.extra
	if x == nil || x.stuck.Load() == 0 {
		// All workers have left already; this waits for their last instructions, so
		// that no goroutine of the run is seen after it. Where one is stuck in an
		// abandoned drop, none of them is waited for.
		_ = r.group.Wait()
	}
	if x != nil && x.cancel != nil {
		x.cancel(nil)
	}
	if x != nil {
		if p := x.broken.Load(); p != nil {
			panic(p)
		}
	}
}

// take takes the next position from the queue, if there is one. A worker that finds
// none may leave: whatever adds to the queue later calls help, or continues itself.
func (r *run) take(t *turn) bool {
	for {
		head := r.queue.head.Load()
		if head >= r.queue.tail.Load() {
			return false
		}
		if r.queue.head.CompareAndSwap(head, head+1) {
			t.pos, t.after = r.queued(head), int32(len(r.records))-1-head
			return true
		}
	}
}

// queued returns the position that is taken from the queue after k others.
func (r *run) queued(k int32) int32 {
	if r.extra != nil && r.extra.queue != nil {
		return r.extra.queue[k]
	}
	return k
}

// help makes sure that there is a spare if anything is in the queue.
//
// A worker that finds the flag set may rely on it: the spare clears the flag before it
// looks into the queue, so it sees what is there now. The spare is counted before the
// flag is set, so a set flag always stands for a spare that will run.
func (r *run) help() {
	if r.spare.Load() || r.queue.head.Load() >= r.queue.tail.Load() || !r.enter() {
		return
	}
	// Of two workers that come here at once, one starts the spare. The other one has
	// counted a spare that does not come, and counts it off again.
	if r.spare.CompareAndSwap(false, true) {
		r.group.Go(func() error {
			r.spare.Store(false)
			return r.work(&turn{step: taking})
		})
	} else {
		r.leave()
	}
}

// enter counts one more worker, unless the limit is reached or the run is over.
func (r *run) enter() bool {
	for {
		active := r.active.Load()
		if active == 0 || r.Limit > 0 && int(active) >= r.Limit {
			return false
		}
		if r.active.CompareAndSwap(active, active+1) {
			return true
		}
	}
}

// leave counts one worker less, and wakes the waiter if it was the last. With a limit,
// another worker may have found the limit reached because of this one after this one
// had last looked into the queue; so it looks again once it is no longer counted.
func (r *run) leave() {
	if r.active.Add(-1) == 0 {
		r.mu.Lock()
		defer r.mu.Unlock()
		if w := r.waiter.Load(); w != nil {
			close(w.done)
		}
	} else if r.Limit > 0 {
		r.help()
	}
}

// resume has a new goroutine continue a turn. It inherits the count of the goroutine
// that cannot.
func (r *run) resume(t turn) {
	r.group.Go(func() error { return r.work(&t) })
}

// free takes a node that has ended off the peel. With an observer it records, for each
// node that waited for it, which dependent ended last; if ends release, it appends the
// nodes that are free now. The tail is stored after the elements before it.
func (r *run) free(pos int32) {
	r.mu.Lock()
	defer r.mu.Unlock()
	tail, peel, releases := r.queue.tail.Load(), r.extra.peel, r.discipline().releases
	peel.take(r.slot(pos), func(d int32, free bool) {
		waits := r.extra.rank[d]
		if r.Observe != nil {
			by := r.extra.rank[peel.by]
			if last := &r.extra.released[waits]; r.records[by].ended >= last.at {
				*last = release{r.records[by].ended, r.node(by)}
			}
		}
		if free && releases {
			r.extra.queue[tail] = waits
			tail++
		}
	})
	if releases {
		r.queue.tail.Store(tail)
	}
}

// now returns how long ago the run began. It reads the monotonic clock alone, which
// takes half the time of time.Now.
func (r *run) now() time.Duration { return time.Since(r.started) }

// at returns the time d after the start of the run.
func (r *run) at(d time.Duration) time.Time { return r.started.Add(d) }
