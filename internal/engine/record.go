package engine

import (
	"sync/atomic"
	"time"

	"github.com/ebb-go/ebb/internal/outcome"
)

// A record is what a run keeps of one drop. It is less than a third of an [Outcome],
// which is made from it on demand.
//
// A record belongs to the goroutine that decides the outcome: the worker that runs
// the drop or, if the drop is abandoned, the one that won [bound.decided]. Others
// read clock only, until its phase is over: err, ended and how are written before
// that store, so a reader that has seen the phase may read them.
type record struct {
	err   error
	clock atomic.Int64    // the start of the drop, in nanoseconds since that of the run, and its phase in the lowest two bits
	ended time.Duration   // since the start of the run
	how   outcome.Outcome // None until the drop has ended
}

// A phase is how far a drop has come. It moves down the list only.
type phase int64

const (
	waiting phase = iota
	underWay
	slow // under way, and the observer has had its DropSlow
	over // terminal: ended, abandoned or skipped
)

// set sets the phase of a drop that began at start.
func (r *record) set(p phase, start time.Duration) { r.clock.Store(int64(start)<<2 | int64(p)) }

// get returns the phase, and the start if there is one.
func (r *record) get() (phase, time.Duration) { return read(r.clock.Load()) }

// read splits a clock. Both halves are one word, so that a reader never combines the
// phase of one moment with the start of another.
func read(clock int64) (phase, time.Duration) { return phase(clock & 3), time.Duration(clock >> 2) }

// end records the end of a drop. The phase is stored last; see [record].
func (r *record) end(at time.Duration, how outcome.Outcome, err error) {
	r.ended, r.how, r.err = at, how, err
	_, start := r.get()
	r.set(over, start)
}

// takenOver is in place of an outcome where the run has none: the teardown has taken
// the drop over, and the outcome is the teardown's.
const takenOver outcome.Outcome = 1 << 7

// how returns the outcome that c describes.
func (c *Caught) how() outcome.Outcome {
	switch {
	case c.Goexit:
		return outcome.Goexit
	case c.Timeout:
		return outcome.Timeout
	}
	return outcome.Panic
}

// outcome returns the outcome of the drop at pos, which has ended; see record for when
// that may be read.
func (r *run) outcome(pos int32) Outcome {
	rec := &r.records[pos]
	_, start := rec.get()
	o := Outcome{
		Node: r.node(pos), Wave: r.waveAt(pos), Outcome: rec.how, Err: rec.err,
		Started: r.at(start), Ended: r.at(rec.ended),
		Overrun: r.overrun(pos), Elsewhere: r.elsewhere(pos),
	}
	o.Queued, o.ReleasedBy = r.released(pos)
	return o
}

// elsewhere reports whether another run drops the node at pos, so that this run only
// waits for it.
func (r *run) elsewhere(pos int32) bool { return r.extra != nil && r.extra.others[pos] != nil }

// released returns when the last dependent of the node at pos had ended, and which
// dependent that was. Without an observer there is neither.
func (r *run) released(pos int32) (time.Time, *Node) {
	if r.Observe == nil {
		return time.Time{}, nil
	}
	last := r.extra.released[pos]
	return r.at(last.at), last.by
}

// overrun returns what is known of the drop at pos if its time was up, and nil
// otherwise.
func (r *run) overrun(pos int32) *Overrun {
	if !r.bounded {
		return nil
	}
	return r.extra.overruns[pos]
}

// Results are the outcomes of a run that is over. They are made on demand, so that a
// caller that wants them in a form of its own needs no list in between.
type Results struct{ run *run }

// Len returns how many outcomes there are.
func (s Results) Len() (n int) {
	if s.run == nil {
		return 0
	}
	for pos := range s.run.records {
		if s.run.asked(pos) {
			n++
		}
	}
	return n
}

// Each calls yield with every outcome, by wave and then in order of registration. An
// outcome is passed by value, so that it stays off the heap unless yield keeps it.
func (s Results) Each(yield func(o Outcome)) {
	r := s.run
	if r == nil {
		return
	}
	turns := r.turns()
	for pos := range r.records {
		if r.asked(pos) {
			o := r.outcome(int32(pos))
			o.Turn = turns[o.Node]
			yield(o)
		}
	}
}

// List returns the outcomes, nil if there are none.
func (s Results) List() []Outcome {
	n := s.Len()
	if n == 0 {
		return nil
	}
	out := make([]Outcome, 0, n)
	s.Each(func(o Outcome) { out = append(out, o) })
	return out
}

// turns returns the places of the nodes in the line, and nil if the schedule is
// none. The times of drops do not give the line, since a clock may stand still
// between two.
func (r *run) turns() map[*Node]int {
	if !r.Schedule.IsLine() {
		return nil
	}
	turns := make(map[*Node]int, len(r.records))
	for k := range r.records {
		turns[r.node(r.queued(int32(k)))] = k
	}
	return turns
}

// asked reports whether the run returns the outcome of the drop at pos.
func (r *run) asked(pos int) bool {
	how := r.records[pos].how
	return how != takenOver && (!r.Failures || how != outcome.OK)
}
