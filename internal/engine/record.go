package engine

import (
	"sync/atomic"
	"time"
)

// A record is what a run keeps of one drop: less than a third of an [Outcome],
// which is made of it for those who want one.
type record struct {
	err   error
	clock atomic.Int64  // when the drop began, in nanoseconds since the run did, and its phase in the lowest two bits
	ended time.Duration // since the run began
	word  word
}

// A phase is how far a drop is, for those who look at it while it runs. It only
// moves down the list.
type phase int64

const (
	waiting phase = iota
	underWay
	slow // under way, and somebody was told how long it takes
	over // ended, abandoned or skipped
)

// set notes a phase of a drop that began at start.
func (r *record) set(p phase, start time.Duration) { r.clock.Store(int64(start)<<2 | int64(p)) }

func (r *record) get() (phase, time.Duration) { return read(r.clock.Load()) }

// read takes apart what a clock shows.
func read(clock int64) (phase, time.Duration) { return phase(clock & 3), time.Duration(clock >> 2) }

// end is the end of a drop that has begun.
func (r *record) end(at time.Duration, w word, err error) {
	r.ended, r.word, r.err = at, w, err
	_, start := r.get()
	r.set(over, start)
}

// A word is that of an [Outcome].
type word uint8

const (
	undecided word = iota
	succeeded
	failed
	panicked
	exited
	timedOut
	abandoned
	skipped
	takenOver // by the teardown, whose outcome it is
)

// String returns the word as outcomes have it.
func (w word) String() string {
	return [...]string{"", "ok", "error", "panic", "goexit", "timeout", "abandoned", "skipped", ""}[w]
}

// word is the outcome that c stands for.
func (c *Caught) word() word {
	switch {
	case c.Goexit:
		return exited
	case c.Timeout:
		return timedOut
	}
	return panicked
}

// outcome is the outcome of the drop at pos.
func (r *run) outcome(pos int32) Outcome {
	rec := &r.records[pos]
	_, start := rec.get()
	o := Outcome{
		Node: r.node(pos), Wave: r.waveAt(pos), Outcome: rec.word.String(), Err: rec.err,
		Started: r.at(start), Ended: r.at(rec.ended),
	}
	o.Queued, o.ReleasedBy = r.released(pos)
	o.Overrun, o.Elsewhere = r.overrun(pos), r.elsewhere(pos)
	return o
}

// elsewhere reports whether another run drops the node at pos, for which this one only
// waits.
func (r *run) elsewhere(pos int32) bool { return r.extra != nil && r.extra.others[pos] != nil }

// released says when the last dependent of what is at pos had ended, and which it
// was; nothing unless there is an observer.
func (r *run) released(pos int32) (time.Time, *Node) {
	if r.Observe == nil {
		return time.Time{}, nil
	}
	last := r.extra.released[pos]
	return r.at(last.at), last.by
}

// overrun is what is known of the drop at pos if its time was up.
func (r *run) overrun(pos int32) *Overrun {
	if !r.bounded {
		return nil
	}
	return r.extra.overruns[pos]
}

// outcomes are those that the run was asked for.
func (r *run) outcomes() []Outcome {
	n := 0
	for pos := range r.records {
		if r.asked(pos) {
			n++
		}
	}
	if n == 0 {
		return nil
	}
	out := make([]Outcome, 0, n)
	for pos := range r.records {
		if r.asked(pos) {
			out = append(out, r.outcome(int32(pos)))
		}
	}
	if r.Schedule.IsLine() {
		r.setTurns(out)
	}
	return out
}

// setTurns sets the turns of outcomes. The times of drops do not say in which order
// they ran, since a clock may stand still between two.
func (r *run) setTurns(out []Outcome) {
	turns := make(map[*Node]int, len(r.records))
	for k := range r.records {
		turns[r.node(r.queued(int32(k)))] = k
	}
	for i := range out {
		out[i].Turn = turns[out[i].Node]
	}
}

// asked reports whether the outcome of the drop at pos is one that the run returns.
func (r *run) asked(pos int) bool {
	w := r.records[pos].word
	return w != takenOver && (!r.Failures || w != succeeded)
}
