package group

// tell calls the observer. If that ends the goroutine, next is what is left to
// do.
func (r *run) tell(t *turn, next step, e *Event) {
	t.step, t.telling = next, true
	r.Notice(*e) // which is Observe, if there is that
	t.telling = false
}

// tellDrop tells that the drop of t starts, is slow, or has ended. Callers ask
// first whether anybody wants to know: a frame of this size would make the stack
// of every worker grow.
func (r *run) tellDrop(t *turn, next step, kind EventKind) {
	o := &r.out[t.pos]
	e := Event{
		Kind: kind, Node: o.Node, Wave: o.Wave, At: o.Started,
		Queued: o.Queued, ReleasedBy: o.ReleasedBy,
	}
	switch kind {
	case DropSlow:
		e.At, e.Blocks = t.now, r.blocks(t.pos)
	case DropEnd:
		e.At, e.Outcome, e.Err, e.Overrun = o.Ended, o.Outcome, o.Err, o.Overrun
	}
	r.tell(t, next, &e)
}

// tellWave tells that the wave before tail has ended, or that the one after it
// starts if there is one.
func (r *run) tellWave(t *turn, next step, kind EventKind) {
	if r.Schedule != Waves {
		return
	}
	pos := r.tail.Load()
	if kind == WaveEnd {
		pos--
	}
	if int(pos) == len(r.out) {
		return
	}
	wave := r.out[pos].Wave
	r.tell(t, next, &Event{
		Kind: kind, Wave: wave, Size: int(r.ends[wave] - r.start(wave)), At: r.now(),
	})
}

// tellLate tells what an abandoned drop has returned. Its outcome belongs to the
// caller of Teardown by now, so this must not look at it.
func (r *run) tellLate(t *turn) {
	if r.Notice == nil {
		return
	}
	s := r.order[t.pos]
	r.tell(t, left, &Event{
		Kind: DropLate, Node: r.nodes[s], Wave: int(r.wave[s]), At: t.now,
		Outcome: word(t.late, false), Err: t.late,
	})
}
