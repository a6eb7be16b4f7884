package group

// noticed reports whether anybody is told of slow and late drops.
func (r *run) noticed() bool { return r.Observe != nil || r.Notice != nil }

// tell calls the observer. If that ends the goroutine, next is what is left to
// do.
func (r *run) tell(t *turn, next step, e *Event) {
	t.step, t.telling = next, true
	if r.Observe != nil {
		r.Observe(*e)
	} else {
		r.Notice.Notice(*e)
	}
	t.telling = false
}

// tellDrop tells that the drop of t starts, is slow, or has ended. Callers ask
// first whether anybody wants to know: a frame of this size would make the stack
// of every worker grow.
func (r *run) tellDrop(t *turn, next step, kind EventKind) {
	rec := &r.records[t.pos]
	_, start := rec.get()
	e := Event{Kind: kind, Node: r.node(t.pos), Wave: r.waveAt(t.pos), At: r.at(start)}
	e.Queued, e.ReleasedBy = r.released(t.pos)
	switch kind {
	case DropSlow:
		e.At, e.Blocks = r.at(t.now), r.blocks(t.pos)
	case DropEnd:
		e.At, e.Outcome, e.Err, e.Overrun = r.at(rec.ended), rec.word.String(), rec.err, r.overrun(t.pos)
	}
	r.tell(t, next, &e)
}

// tellWave tells that the wave before tail has ended, or that the one after it
// starts if there is one.
func (r *run) tellWave(t *turn, next step, kind EventKind) {
	if r.Schedule != Waves {
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
	r.tell(t, next, &Event{Kind: kind, Wave: wave, Size: int(end - start), At: r.at(r.now())})
}

// tellLate tells what an abandoned drop has returned, which is not its outcome.
func (r *run) tellLate(t *turn) {
	if !r.noticed() {
		return
	}
	r.tell(t, left, &Event{
		Kind: DropLate, Node: r.node(t.pos), Wave: r.waveAt(t.pos), At: r.at(t.now),
		Outcome: wordOf(t.late, false).String(), Err: t.late,
	})
}
