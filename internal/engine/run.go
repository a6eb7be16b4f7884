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
// Guards that do nothing must not cost a goroutine each, and guards that block
// must all run at once; nobody can tell them apart before. So workers take
// guards from one queue, and before a worker runs a drop, it makes sure that
// exactly one further worker is runnable, the spare. While drops return at once,
// the spare does not get to run: one worker empties the queue, and a spare has
// been started in vain. When a drop blocks, or a processor is idle, the spare
// runs, and before its own first drop starts the next spare. n guards that block
// take n goroutines and no more; as many that do nothing take as many as there
// are processors. No timer and no guess is involved, so it is exact in virtual
// time. (1,000 guards that do nothing take 180 ns each on two processors, of which
// 100 are for their outcomes, and 340 ns in an errgroup with a goroutine for each;
// BenchmarkTeardown.)
//
// There is one queue for all schedules, cut into stretches whose drops may run at
// the same time; a [discipline] says where a stretch ends. The worker that ends the
// last drop of a stretch moves the tail to the end of the next one and goes on. For
// a schedule that releases, the worker that ends a drop appends what that has freed.
//
// The invariant that all rests on: while something is in the queue or being
// dropped, a worker is active, that is, counted in active. Who adds to the queue
// looks into it afterwards; a worker leaves only when it finds it empty; and the
// place of a worker that cannot go on (its drop was abandoned, or ended the
// goroutine) is taken by a new one that inherits its count. So the run is over
// exactly when active is 0, which is terminal.
type run struct {
	plan
	Options
	graph *Graph
	extra *extra // what few runs need; nil for most
	queue queue  // of what may be taken

	ctx     context.Context // of the drops, before their limits
	started time.Time
	records []record // by position; each element belongs to who decides it
	group   errgroup.Group

	active  atomic.Int32   // workers; see above
	spare   atomic.Bool    // one of them has not got to run yet; set by who started it, cleared by itself
	forced  atomic.Bool    // terminal
	ready   atomic.Bool    // it is prepared: what the options say, and the queue, may be read
	bounded bool           // drops may be abandoned
	early   bool           // the graph goes on: nodes leave it as they end
	holds   bool           // there are nodes with Hold
	first   sync.WaitGroup // the first worker has got to run

	mu     sync.Mutex             // protects of extra the peel, and released of what waits
	waiter atomic.Pointer[waiter] // set, under mu, by a caller that has to block
}

// A queue holds positions; those from head to tail may be taken.
type queue struct {
	head atomic.Int32
	tail atomic.Int32
	open atomic.Int32 // drops between the last two places of tail that have not ended; means nothing to a schedule that releases
}

// do runs the teardown and returns its outcomes. If a drop calls Goexit on the caller's
// goroutine, the run is over when that goes on, and outcomes has them.
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

// doApart runs the teardown on the caller's behalf, who is the first spare: it starts
// one worker, which wakes it as its first act. That makes it runnable, in the
// place behind the worker; so the worker has the chance to do all alone before a
// second is started, and a few quick guards cost one goroutine in all. (To yield
// instead puts the caller behind everything that is runnable, which on a busy
// server can be long.)
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

// close gives back what the run has taken, when it is over.
func (r *run) close() {
	if r.early && len(r.nodes) > 1 {
		r.graph.over(r)
	}
	x := r.extra
	if x == nil || x.stuck.Load() == 0 {
		// All workers have left already; this is for their last instructions.
		// One that is stuck in an abandoned drop is not waited for.
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

// take takes the next from the queue, if there is one.
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

// queued returns the position of what was, or will be, taken from the queue after k
// others.
func (r *run) queued(k int32) int32 {
	if r.extra != nil && r.extra.queue != nil {
		return r.extra.queue[k]
	}
	return k
}

// help sees to it that there is a spare if anything is in the queue.
//
// A worker that finds the flag set may rely on it: the spare clears it before it
// looks into the queue, so it will see what is there now. The place is counted
// before the flag is set, so a set flag always stands for a spare that comes.
func (r *run) help() {
	if r.spare.Load() || r.queue.head.Load() >= r.queue.tail.Load() || !r.enter() {
		return
	}
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

// leave counts one worker less. With a limit, others may have found it reached
// on account of this one when it had looked into the queue for the last time
// already; so it looks again after it is counted out.
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

// resume has a new goroutine go on with a turn. It inherits the count of the one
// that cannot.
func (r *run) resume(t turn) {
	r.group.Go(func() error { return r.work(&t) })
}

// free takes a node that has ended off those that wait for it.
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

// now is how long ago the run began. Of the clocks only the monotonic one is read,
// which takes half the time of time.Now.
func (r *run) now() time.Duration { return time.Since(r.started) }

// at is the time that lies d after the beginning of the run.
func (r *run) at(d time.Duration) time.Time { return r.started.Add(d) }
