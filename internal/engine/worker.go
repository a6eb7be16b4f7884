package engine

import (
	"time"

	"github.com/ebb-go/ebb/internal/fault"
	"github.com/ebb-go/ebb/internal/outcome"
)

// A step is what a worker does next. User code, which is a drop or the observer, can
// end the worker's goroutine at any time by a panic or by runtime.Goexit, and a
// Goexit cannot be stopped. So a worker records the next step before it calls user
// code; if the call ends the goroutine, a new goroutine continues from there. No step
// is done twice and none is left out: the step is recorded after everything before
// the call, and the call itself is not repeated.
type step uint8

const (
	taking    step = iota // take a node from the queue
	starting              // DropStart
	calling               // call the drop
	running               // in the drop: if the goroutine ends here, that is the outcome
	ending                // the outcome is decided: DropEnd
	passing               // release what waited for the node
	closing               // it was the last of its stretch: WaveEnd
	advancing             // WaveStart of the next one
	opening               // let the next stretch be taken
	returning             // an abandoned drop has returned after all: DropLate, then left
	left                  // terminal
)

// A turn is what a worker knows of the node that it has taken. It belongs to one
// goroutine; when another one continues, it gets a copy.
type turn struct {
	step      step
	observing bool            // in the observer
	pos       int32           // of the guard
	after     int32           // how many had not started when it was taken
	now       time.Duration   // end of the worker's last drop; 0: it has run none
	wave      int             // of that drop
	bound     *bound          // what bounds the running drop; nil: nothing does
	late      error           // what the abandoned drop has come to
	how       outcome.Outcome // of that
}

// work takes nodes until there are none. Its frame is on the stack of every drop that
// blocks, so whatever needs room there is done in other functions: a stack that has to
// grow costs more than everything else that a worker does for a node.
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
			// The node of a run of one is dropping since the run began, so the
			// teardown does not take it over.
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
				r.observeDrop(t, calling, DropStart)
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
				r.observeDrop(t, passing, DropEnd)
			}
			fallthrough
		case passing:
			t.step = r.pass(t.pos)
		case closing:
			if r.Observe != nil {
				r.observeWave(t, advancing, WaveEnd)
			}
			fallthrough
		case advancing:
			if r.Observe != nil {
				r.observeWave(t, opening, WaveStart)
			}
			fallthrough
		case opening:
			r.advance()
			t.step = taking
		case returning:
			r.observeLate(t)
			t.step = left
		case left: // without leave: the count went to the worker that took its place
			return nil
		}
	}
}

// rescue is deferred by work. If the goroutine ends before the worker has left, rescue
// finds out what ended it, records that, and has a new goroutine continue. What ends a
// goroutine in the step running is the drop, and its outcome; in an observer it is the
// observer.
func (r *run) rescue(t *turn) {
	v := recover()
	switch {
	case t.observing:
		t.observing = false
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

// clock sets the start of the drop. Reading the clock takes as long as everything else
// that a worker does for a node, so the end of the worker's last drop serves as well
// where the difference cannot be seen. Within a wave it cannot: no dependent of this
// node can have ended since. If ends release, another worker may have released the
// node later than that, so the clock is read.
func (r *run) clock(t *turn) {
	if wave := r.waveAt(t.pos); t.wave != wave || t.now == 0 || r.discipline().releases || r.Observe != nil {
		t.now, t.wave = r.now(), wave
	}
}

// refuse ends a node as skipped if it must not be dropped: an abandoned node holds it,
// or the run was forced to end.
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
	r.notifyAbandoned(t.pos)
	t.step = ending
	return true
}

// leftOut ends a node of an early run if the teardown has taken it over. The graph
// decides that under its lock, see [Graph.start], so exactly one of the two runs
// drops the node.
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

// begin returns what is to be dropped, and binds it if drops of the run have limits.
// The phase is set before the bound is made, because from then on the drop can be
// abandoned.
func (r *run) begin(t *turn) Dropper {
	dropper := r.node(t.pos).dropper
	if r.elsewhere(t.pos) {
		dropper = r.extra.others[t.pos]
	}
	r.records[t.pos].set(underWay, t.now)
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

// end records how a drop ended, where how does not take the clock into account yet: an
// error of a drop whose time is up is a timeout. If the drop was abandoned before, the
// node has its outcome and another worker has continued; what the drop has come to is
// then only reported, as late.
func (r *run) end(t *turn, err error, how outcome.Outcome) {
	t.now = r.now()
	if r.Limit > 0 {
		r.givePlace(t.pos)
	}
	// The overrun is read before the bound is released: releasing cancels the context,
	// after which every drop would look as if its time had been up.
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

// pass releases what waited for the node at pos and returns the next step. The record
// is complete by then: what is released may read it.
func (r *run) pass(pos int32) step {
	// The graph forgets the node before anything that it held up can begin, so that a
	// dependency that is dropped next finds itself unused.
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

// advance lets the next stretch of the queue be taken. It is called by one worker at a
// time: the first of the run, or the one that ended the last drop before the stretch.
// The count is stored before the tail, since a drop can end, and count itself off, as
// soon as the tail lets it be taken.
func (r *run) advance() {
	start := r.queue.tail.Load()
	if int(start) == len(r.records) {
		return
	}
	end := r.discipline().next(r, start)
	r.queue.open.Store(end - start)
	r.queue.tail.Store(end)
}
