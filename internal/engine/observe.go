package engine

import "github.com/ebb-go/ebb/internal/fault"

// noticed reports whether slow and late drops are observed.
func (r *run) noticed() bool { return r.Observe != nil || r.Notice != nil }

// observe calls the observer on the goroutine of a worker. The step is set first: if the
// observer ends the goroutine, another one continues with next.
func (r *run) observe(t *turn, next step, e *Event) {
	t.step, t.observing = next, true
	r.call(e)
	t.observing = false
}

// call calls the observer. Observe gets every event, so Notice gets none beside it.
func (r *run) call(e *Event) {
	if r.Observe != nil {
		r.Observe(*e)
	} else {
		r.Notice.Notice(*e)
	}
}

// contain handles an observer that did not return: it panicked with v or, if v is nil,
// called Goexit. A [Container] takes the panic; without one the first panic is kept
// until the run is over, which it may not end early.
func (r *run) contain(v any) {
	if v == nil {
		v = fault.ErrGoexit
	}
	p := fault.Panic(v)
	if c, ok := r.Notice.(Container); ok {
		c.Contain(p)
		return
	}
	r.extra.broken.CompareAndSwap(nil, p)
}

// event returns an event with the fields that are set for every kind of drop event.
func (r *run) event(pos int32, kind EventKind) Event {
	_, start := r.records[pos].get()
	e := Event{Kind: kind, Node: r.node(pos), Wave: r.waveAt(pos), At: r.at(start)}
	e.Queued, e.ReleasedBy = r.released(pos)
	e.Elsewhere = r.elsewhere(pos)
	return e
}

// observeDrop is for the start and the end of the drop of t. Callers check first that
// there is an observer: a frame of this size would make the stack of every worker grow.
func (r *run) observeDrop(t *turn, next step, kind EventKind) {
	e := r.event(t.pos, kind)
	if kind == DropEnd {
		rec := &r.records[t.pos]
		e.At, e.Outcome, e.Err, e.Overrun = r.at(rec.ended), rec.how, rec.err, r.overrun(t.pos)
	}
	r.observe(t, next, &e)
}

// observeSlow is for a drop that has become slow. It is called on the goroutine of the
// notices, while the drop runs; so it reads only the clock of the record.
func (r *run) observeSlow(d slowDrop) {
	e := r.event(d.pos, DropSlow)
	e.At, e.Blocks = r.at(d.now), r.blocks(d.pos)
	r.call(&e)
}

// observeWave is for the end of the wave before the tail of the queue, and for the start
// of the wave after it if there is one. Both are called by the one worker that moves the
// tail, between the last drop of the one wave and the first drop of the other.
func (r *run) observeWave(t *turn, next step, kind EventKind) {
	if !r.Schedule.HasWaves() {
		return
	}
	pos := r.queue.tail.Load()
	if kind == WaveEnd {
		pos--
	}
	if int(pos) == len(r.records) {
		return
	}
	wave := r.waveAt(pos)
	start, end := r.span(wave)
	r.observe(t, next, &Event{Kind: kind, Wave: wave, Size: int(end - start), At: r.at(r.now())})
}

// observeLate is for an abandoned drop that has returned after all. What it returned is
// not its outcome. The run may be over by then, so the observer is called after it.
func (r *run) observeLate(t *turn) {
	if !r.noticed() {
		return
	}
	r.observe(t, left, &Event{
		Kind: DropLate, Node: r.node(t.pos), Wave: r.waveAt(t.pos), At: r.at(t.now),
		Outcome: t.how, Err: t.late, Elsewhere: r.elsewhere(t.pos),
	})
}
