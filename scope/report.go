package scope

import (
	"time"

	"github.com/ebb-go/ebb/internal/budget"
	"github.com/ebb-go/ebb/internal/engine"
	"github.com/ebb-go/ebb/internal/fault"
	"github.com/ebb-go/ebb/internal/outcome"
	"github.com/ebb-go/ebb/trace"
)

// report writes down what the teardown was, but for its Error, which is known
// when telemetry has been shut down.
func (s *Scope) report(x exitRun) *trace.Report {
	r := &trace.Report{
		Scope: s.Path(), Exit: s.decided.exit.Kind.String(), Schedule: s.schedule.String(),
		Grace: s.grace, Deadline: x.deadline, Started: x.began, Ended: x.ended,
		Cause: fault.Text(s.decided.cause), Drain: x.drain, DropLimit: s.dropLimit(),
	}
	names := s.graph.DependencyNames()
	r.Entries = make([]trace.Entry, 0, len(x.outcomes))
	for k, o := range x.outcomes {
		e := s.entry(o, x.errs[k])
		e.DependsOn = names(o.Node)
		r.Entries = append(r.Entries, e)
	}
	for _, o := range x.outcomes {
		if of, ok := nodeOf(o.Node).resource.(interface{ dropped() trace.SlotValues }); ok {
			if values := of.dropped(); values.Dropped > 0 {
				r.Values = append(r.Values, values)
			}
		}
	}
	r.Complete()
	return r
}

func (s *Scope) entry(o engine.Outcome, err error) trace.Entry {
	n := nodeOf(o.Node)
	e := trace.Entry{
		Name: n.name(), Kind: n.resource.kind(), Type: n.resource.typ(), Wave: o.Wave,
		Queued: o.Queued, Started: o.Started, Ended: o.Ended,
		Outcome: o.Outcome.String(), Err: err,
	}
	if o.ReleasedBy != nil {
		e.ReleasedBy = o.ReleasedBy.Name()
	}
	return e
}

// inWaves reports whether each wave of the teardown lasts as long as its longest drop:
// the schedule has waves, and no limit makes the drops of one queue.
func (s *Scope) inWaves() bool { return engine.Schedule(s.schedule).HasWaves() && s.dropLimit() == 0 }

// criticalNames returns the names on the critical path of r. By waves, without a
// limit on drops, that is what ended last in each, which takes no report.
func (s *Scope) criticalNames(x exitRun, r *trace.Report) (names []string) {
	if !s.inWaves() {
		for _, e := range r.CriticalPath() {
			names = append(names, e.Name)
		}
		return names
	}
	var last *engine.Outcome    // of the wave so far
	for k := range x.outcomes { // wave by wave
		o := &x.outcomes[k]
		switch {
		case o.Outcome == outcome.Skipped:
		case last == nil || o.Wave > last.Wave:
			names, last = append(names, o.Node.Name()), o
		case o.Ended.After(last.Ended):
			names[len(names)-1], last = o.Node.Name(), o
		}
	}
	return names
}

// deliver hands the report to all callbacks, and waits for them until the end of
// the exit, or a moment longer if that has used up its time: what is known must be
// given away. The live page has no entry for what had nothing to drop and went well.
func (s *Scope) deliver(r *trace.Report, x exitRun) {
	if i := s.inspector(); i != nil && !(x.quiet && (r.Error == "" || r.Error == r.Cause)) {
		i.Add(r)
	}
	end := x.deadline
	if s.config == nil {
		return
	}
	if !end.IsZero() {
		if least := time.Now().Add(budget.Delivery(s.grace)); end.Before(least) {
			end = least
		}
	}
	for _, fn := range s.config.reports {
		s.contained("report callback", within(end, func() { fn(r) }))
	}
}
