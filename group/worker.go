package group

import (
	"errors"
	"time"

	"github.com/ebb-go/ebb/internal/fault"
)

// A step is what a worker does next. User code, a drop or the observer, can end
// the worker's goroutine at any time, by a panic or by runtime.Goexit, and a
// Goexit cannot be stopped. So a worker notes what comes next before it calls
// any; if the call ends the goroutine, a new one goes on from there.
type step uint8

const (
	taking    step = iota // take a guard from the queue
	starting              // tell that its drop starts
	calling               // call it
	running               // in the drop: what ends the goroutine is its outcome
	ending                // its outcome is decided: tell
	passing               // let go what waited for it
	closing               // it was the last of its wave: tell
	advancing             // tell that the next wave starts
	opening               // let the next wave come
	returning             // an abandoned drop has returned after all: tell, and be gone
	slowing               // a drop is slow: tell, and be gone
	left                  // terminal
)

// A turn is what a worker knows of the guard that it is at.
type turn struct {
	step    step
	telling bool      // in the observer
	pos     int32     // of the guard
	after   int32     // how many had not started when it was taken
	now     time.Time // end of the worker's last drop
	wave    int       // of that drop
	bound   *bound    // what bounds the running drop; nil: nothing does
	late    error     // what the abandoned drop has returned
}

// work takes guards until there are none. Its frame, and that of call, lie on the
// stack of every drop that blocks; what needs room is done in other functions.
func (r *run) work(t *turn) error {
	defer r.rescue(t)
	for {
		switch t.step {
		case taking:
			if !r.take(t) {
				t.step = left
				r.leave()
				return nil
			}
			r.help()
			r.clock(t)
			if r.refuse(t) {
				continue // to ending
			}
			fallthrough
		case starting:
			if r.Observe != nil {
				r.tellDrop(t, calling, DropStart)
			}
			fallthrough
		case calling:
			r.call(t)
		case ending:
			if r.Observe != nil {
				r.tellDrop(t, passing, DropEnd)
			}
			fallthrough
		case passing:
			t.step = r.pass(t.pos)
		case closing:
			if r.Observe != nil {
				r.tellWave(t, advancing, WaveEnd)
			}
			fallthrough
		case advancing:
			if r.Observe != nil {
				r.tellWave(t, opening, WaveStart)
			}
			fallthrough
		case opening:
			r.advance()
			t.step = taking
		case returning:
			r.tellLate(t)
			t.step = left
		case slowing:
			r.tellDrop(t, left, DropSlow)
			t.step = left
		case left: // without leave: these two are not counted
			return nil
		}
	}
}

// rescue is deferred by work. When the goroutine is ending before the worker has
// left, it finds out who did that and has another go on.
func (r *run) rescue(t *turn) {
	v := recover()
	switch {
	case t.telling:
		t.telling = false
		if v == nil {
			v = fault.ErrGoexit
		}
		r.broken.CompareAndSwap(nil, fault.Panic(v))
	case t.step == running && v != nil:
		r.end(t, fault.Panic(v))
	case t.step == running:
		r.end(t, fault.ErrGoexit)
	case v != nil:
		panic(v) // a fault of this package, or of an option's function
	}
	if t.step != left {
		r.resume(*t)
	}
}

// clock sets the start of the drop. Asking for the time takes as long as all else
// that a worker does for a guard, so the end of its last drop serves as well; but
// only within a wave, where no dependent of this one can have ended since.
func (r *run) clock(t *turn) {
	o := &r.out[t.pos]
	if t.wave != o.Wave || t.now.IsZero() || r.Schedule == Eager || r.Observe != nil {
		t.now = r.now()
	}
	o.Started = t.now
}

// now is time.Now at half the price: only the monotonic clock is read.
func (r *run) now() time.Time { return r.started.Add(time.Since(r.started)) }

// refuse ends a guard as skipped if it must not be dropped.
func (r *run) refuse(t *turn) bool {
	o := &r.out[t.pos]
	if by := r.holder(t.pos); by != nil {
		o.Err = by
	} else if r.forced.Load() {
		o.Err = ErrForced
	} else {
		return false
	}
	o.Outcome, o.Ended = "skipped", o.Started
	t.step = ending
	return true
}

// call runs the drop.
func (r *run) call(t *turn) {
	dropper, ctx := r.out[t.pos].Node.dropper, r.ctx
	if r.others != nil {
		if other, ok := r.others[t.pos]; ok {
			dropper = other
		}
	}
	if r.bounded {
		t.bound = r.bind(t)
		ctx = t.bound.ctx
	}
	if r.began != nil {
		r.began[t.pos].Store(int64(t.now.Sub(r.started)) + 1)
	}
	t.step = running
	err := dropper.Drop(ctx)
	r.end(t, err)
}

// end records how a drop ended, unless it was abandoned before.
func (r *run) end(t *turn, err error) {
	t.now = r.now()
	var overrun *Overrun
	if b := t.bound; b != nil {
		t.bound = nil
		overrun = b.overrun(t.now)
		b.release()
		if b.decided.Swap(true) {
			t.step, t.late = returning, err
			return
		}
	}
	o := &r.out[t.pos]
	o.Ended, o.Err, o.Outcome = t.now, err, word(err, overrun != nil)
	if o.Outcome == "timeout" {
		o.Overrun = overrun
	}
	if r.began != nil {
		r.began[t.pos].Store(0)
	}
	t.wave, t.step = o.Wave, ending
}

// word is the outcome of a drop that has returned err.
func word(err error, overran bool) string {
	if err == nil {
		return "ok"
	}
	if _, ok := errors.AsType[*fault.PanicError](err); ok {
		return "panic"
	}
	if errors.Is(err, fault.ErrGoexit) {
		return "goexit"
	}
	if overran {
		return "timeout"
	}
	return "error"
}

// pass lets go what waited for the node at pos, and says what comes next.
func (r *run) pass(pos int32) step {
	if r.early {
		if _, other := r.others[pos]; !other {
			r.graph.retire(r.out[pos].Node)
		}
	}
	if r.peel != nil {
		r.release(pos)
	}
	if r.Schedule != Eager && r.open.Add(-1) == 0 {
		return closing
	}
	return taking
}

// advance adds the next wave to the queue, or the next guard when Sequential. It
// is called by one worker at a time: the one that ended the last drop before.
func (r *run) advance() {
	start := r.tail.Load()
	if int(start) == len(r.out) {
		return
	}
	end := start + 1
	if r.Schedule == Waves {
		end = r.ends[r.out[start].Wave]
	}
	r.open.Store(end - start)
	r.tail.Store(end)
}
