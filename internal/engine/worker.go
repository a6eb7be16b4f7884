package engine

import (
	"time"

	"github.com/ebb-go/ebb/internal/fault"
	"github.com/ebb-go/ebb/internal/outcome"
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
	left                  // terminal
)

// A turn is what a worker knows of the guard that it is at.
type turn struct {
	step    step
	telling bool            // in the observer
	pos     int32           // of the guard
	after   int32           // how many had not started when it was taken
	now     time.Duration   // end of the worker's last drop; 0: it has run none
	wave    int             // of that drop
	bound   *bound          // what bounds the running drop; nil: nothing does
	late    error           // what the abandoned drop has come to
	how     outcome.Outcome // of that
}

// work takes guards until there are none. Its frame lies on the stack of every
// drop that blocks; what needs room is done in other functions.
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
			if r.early && len(r.nodes) > 1 && r.leftOut(t) {
				continue // to passing
			}
			if r.refuse(t) {
				continue // to ending
			}
			fallthrough
		case starting:
			if r.Observe != nil {
				r.records[t.pos].set(waiting, t.now)
				r.tellDrop(t, calling, DropStart)
			}
			fallthrough
		case calling:
			if dropper := r.begin(t); t.bound != nil {
				r.returned(t, t.bound.drop(dropper))
			} else {
				r.returned(t, dropper.Drop(r.ctx))
			}
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
		case left: // without leave: it is not counted
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
		r.contain(v)
	case t.step == running && v != nil:
		r.end(t, fault.Panic(v), outcome.Panic)
	case t.step == running:
		r.end(t, fault.ErrGoexit, outcome.Goexit)
	case v != nil:
		panic(v) // a fault of this package, or of an option's function
	}
	if t.step != left {
		r.resume(*t)
	}
}

// clock sets the start of the drop. Asking for the time takes as long as all else
// that a worker does for a guard, so the end of its last drop serves as well; but
// only within a wave, where no dependent of this one can have ended since, and not
// if ends release: then that is when another worker let this one go.
func (r *run) clock(t *turn) {
	if wave := r.waveAt(t.pos); t.wave != wave || t.now == 0 || r.discipline().releases || r.Observe != nil {
		t.now, t.wave = r.now(), wave
	}
}

// refuse ends a guard as skipped if it must not be dropped.
func (r *run) refuse(t *turn) bool {
	var why error
	if by := r.holder(t.pos); by != nil {
		why = by
	} else if r.forced.Load() {
		why = ErrForced
	} else {
		return false
	}
	rec := &r.records[t.pos]
	rec.set(waiting, t.now)
	rec.end(t.now, outcome.Skipped, why)
	r.tellAbandoned(t.pos)
	t.step = ending
	return true
}

// leftOut ends a guard of an early run that the teardown has taken over.
func (r *run) leftOut(t *turn) bool {
	if r.extra != nil && r.extra.others[t.pos] != nil || r.graph.start(r.node(t.pos)) {
		return false
	}
	rec := &r.records[t.pos]
	rec.set(waiting, t.now)
	rec.end(t.now, takenOver, nil)
	t.step = passing
	return true
}

// begin returns what is to be dropped: in the context of the bound, if it has one.
func (r *run) begin(t *turn) Dropper {
	dropper := r.node(t.pos).dropper
	if r.elsewhere(t.pos) {
		dropper = r.extra.others[t.pos]
	}
	r.records[t.pos].set(underWay, t.now) // before anything can abandon it
	if r.Slow > 0 {
		r.waiter.Load().rouse()
	}
	if r.Limit > 0 {
		r.takePlace(t.pos)
	}
	if r.bounded {
		t.bound = r.bind(t)
	}
	t.step = running
	return dropper
}

// returned records that a drop has returned err.
func (r *run) returned(t *turn, err error) {
	how := outcome.Error
	switch c := err.(type) {
	case nil:
		how = outcome.OK
	case *Caught:
		err, how = c.Err, c.how()
	}
	r.end(t, err, how)
}

// end records how a drop ended, unless it was abandoned before: how is what is
// known of it without the clock.
func (r *run) end(t *turn, err error, how outcome.Outcome) {
	t.now = r.now()
	if r.Limit > 0 {
		r.givePlace(t.pos)
	}
	var overrun *Overrun
	if b := t.bound; b != nil {
		t.bound = nil
		overrun = b.overrun(t.now)
		b.release()
		if b.decided.Swap(true) {
			t.step, t.late, t.how = returning, err, how
			return
		}
	}
	if how == outcome.Error && overrun != nil {
		how = outcome.Timeout
	}
	if how == outcome.Timeout && overrun != nil {
		r.extra.overruns[t.pos] = overrun
	}
	r.records[t.pos].end(t.now, how, err)
	t.step = ending
}

// pass lets go what waited for the node at pos, and says what comes next.
func (r *run) pass(pos int32) step {
	if r.early && !r.elsewhere(pos) {
		r.graph.retire(r.node(pos), r.records[pos].err)
	}
	if r.extra != nil && r.extra.peel != nil {
		r.free(pos)
	}
	if !r.discipline().releases && r.queue.open.Add(-1) == 0 {
		return closing
	}
	return taking
}

// advance lets the next stretch of the queue be taken. It is called by one worker
// at a time: the first of the run, or the one that ended the last drop before.
func (r *run) advance() {
	start := r.queue.tail.Load()
	if int(start) == len(r.records) {
		return
	}
	end := r.discipline().next(r, start)
	r.queue.open.Store(end - start)
	r.queue.tail.Store(end)
}
