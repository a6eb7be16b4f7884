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

// observeDrop tells that the drop of t starts or has ended. Callers ask first whether
// anyone wants to know: a frame of this size would make the stack of every worker
// grow.
func (r *run) observeDrop(t *turn, next step, kind EventKind) {
	e := r.event(t.pos, kind)
	if kind == DropEnd {
		rec := &r.records[t.pos]
		e.At, e.Outcome, e.Err, e.Overrun = r.at(rec.ended), rec.how, rec.err, r.overrun(t.pos)
	}
	r.observe(t, next, &e)
}

// observeSlow tells that a drop has become slow.
func (r *run) observeSlow(d slowDrop) {
	e := r.event(d.pos, DropSlow)
	e.At, e.Blocks = r.at(d.now), r.blocks(d.pos)
	r.call(&e)
}

// observeWave tells that the wave before tail has ended, or that the one after it
// starts if there is one.
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

// observeLate tells what an abandoned drop has returned, which is not its outcome.
func (r *run) observeLate(t *turn) {
	if !r.noticed() {
		return
	}
	r.observe(t, left, &Event{
		Kind: DropLate, Node: r.node(t.pos), Wave: r.waveAt(t.pos), At: r.at(t.now),
		Outcome: t.how, Err: t.late, Elsewhere: r.elsewhere(t.pos),
	})
}
