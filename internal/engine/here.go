package engine

import (
	"sync"
	"time"
)

// here reports whether the drops of the run may be called on the caller's goroutine: the
// options allow it, nothing can abandon a drop, and the order lets no two run at the same
// time. (Where a processor is idle, starting a goroutine and waiting for it takes longer
// than plain defers take for a whole request, because another processor has to be woken.)
func (r *run) here() bool {
	if !r.Here || r.bounded || r.Force != nil {
		return false
	}
	n := len(r.nodes)
	return n == 1 || r.Limit == 1 || r.waveCount() == n || r.Schedule.IsLine()
}

// doHere has the caller do the worker's part. A drop that panics or calls Goexit is
// contained as by any worker: another goroutine continues from there, and the caller, or
// its deferred functions after a Goexit, wait for that goroutine.
func (r *run) doHere() {
	r.active.Store(1)
	if r.Slow > 0 {
		l := &lookout{run: r}
		l.ended.Add(1)
		l.timer = time.AfterFunc(r.Slow, l.look)
		defer l.end()
	} else {
		defer r.wait()
	}
	_ = r.work(&turn{step: advancing})
}

// A lookout waits for the end of a run whose caller runs the drops itself, and gives
// notice of slow ones meanwhile. It begins when the first can be slow, so that most runs
// have a timer for it and no goroutine.
type lookout struct {
	run   *run
	timer *time.Timer
	ended sync.WaitGroup // look has
}

// look is called by the timer, on a goroutine of its own.
func (l *lookout) look() {
	defer l.ended.Done()
	l.run.wait()
}

// end blocks until the run is over.
func (l *lookout) end() {
	if l.timer.Stop() {
		l.run.wait()
		return
	}
	l.ended.Wait()
}
