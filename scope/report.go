package scope

import (
	"time"

	"github.com/ebb-go/ebb/group"
	"github.com/ebb-go/ebb/internal/budget"
	"github.com/ebb-go/ebb/internal/fault"
	"github.com/ebb-go/ebb/trace"
)

// reports tells whether anybody wants the report of the teardown.
func (s *Scope) reports() bool {
	return s.rare != nil && len(s.rare.reports) > 0 || s.inspector() != nil
}

// report writes down what the teardown was, but for its Error, which is known
// when telemetry has been shut down.
func (s *Scope) report(x exitRun) *trace.Report {
	r := &trace.Report{
		Scope: s.Path(), Exit: s.end.exit.Kind.String(), Schedule: s.schedule.String(),
		Grace: s.grace, Deadline: x.deadline, Started: x.began, Ended: x.ended,
	}
	r.Entries = make([]trace.Entry, 0, len(x.outcomes))
	for k, o := range x.outcomes {
		r.Entries = append(r.Entries, s.entry(o, x.errs[k]))
	}
	r.Complete()
	return r
}

func (s *Scope) entry(o group.Outcome, err error) trace.Entry {
	i := itemOf(o.Node)
	e := trace.Entry{
		Name: i.name(), Kind: i.impl.kind(), Type: i.impl.typ(), Wave: o.Wave,
		Queued: o.Queued, Started: o.Started, Ended: o.Ended,
		Outcome: o.Outcome, Err: err,
	}
	for _, d := range s.graph.Dependencies(o.Node) {
		e.DependsOn = append(e.DependsOn, d.Name())
	}
	if o.ReleasedBy != nil {
		e.ReleasedBy = o.ReleasedBy.Name()
	}
	return e
}

// criticalNames returns the names on the critical path of r. By waves that is
// what ended last in each, for which nobody has to make a report.
func (s *Scope) criticalNames(x exitRun, r *trace.Report) (names []string) {
	if s.schedule != Waves {
		for _, e := range r.CriticalPath() {
			names = append(names, e.Name)
		}
		return names
	}
	var last *group.Outcome     // of the wave so far
	for k := range x.outcomes { // wave by wave
		o := &x.outcomes[k]
		switch {
		case o.Outcome == "skipped":
		case last == nil || o.Wave > last.Wave:
			names, last = append(names, o.Node.Name()), o
		case o.Ended.After(last.Ended):
			names[len(names)-1], last = o.Node.Name(), o
		}
	}
	return names
}

// deliver hands the report to all who asked for it, and waits for them until end, or a
// moment longer if the exit has used up its time: what is known must be given away.
func (s *Scope) deliver(r *trace.Report, end time.Time) {
	if i := s.inspector(); i != nil {
		i.Add(r)
	}
	if s.rare == nil {
		return
	}
	if !end.IsZero() {
		if least := time.Now().Add(budget.Delivery(s.grace)); end.Before(least) {
			end = least
		}
	}
	for _, fn := range s.rare.reports {
		s.contained("report callback", within(end, func() { fn(r) }))
	}
}

// Plan returns the waves in which the scope would drop what it holds now.
func (s *Scope) Plan() trace.Plan {
	var p trace.Plan
	for k, wave := range s.graph.Waves() {
		nodes := make([]trace.PlanNode, 0, len(wave))
		for _, n := range wave {
			node := trace.PlanNode{Name: n.Name(), Kind: itemOf(n).impl.kind(), Wave: k}
			for _, d := range s.graph.Dependencies(n) {
				node.DependsOn = append(node.DependsOn, d.Name())
			}
			nodes = append(nodes, node)
		}
		p.Waves = append(p.Waves, nodes)
	}
	return p
}

// Snapshot returns the tasks, daemons, children and guards that live now, with
// state and age, and for an exit that has begun how long it has been waiting
// for each.
func (s *Scope) Snapshot() trace.Snapshot {
	now := time.Now()
	shot := trace.Snapshot{Name: s.Name(), Path: s.Path(), Schedule: s.schedule.String(), Grace: s.grace}
	cause := s.cause()
	s.mu.Lock()
	shot.State = s.state.String()
	if s.rare != nil && !s.rare.since.IsZero() {
		shot.Since = now.Sub(s.rare.since)
	}
	if cause != nil && s.state != closed {
		shot.Error = fault.Text(cause)
	}
	if s.grace > 0 && !s.clock.graceFrom.IsZero() {
		shot.Left = max(0, s.clock.graceFrom.Add(s.grace).Sub(now))
	}
	var tasks []trace.SnapshotItem
	for t := s.tasks; t != nil; t = t.next {
		item := trace.SnapshotItem{Kind: "task", Name: t.name, State: "running", Age: s.sinceLocked(t.started)}
		if t.abandoned {
			item.State = "abandoned"
		} else if s.state == draining {
			item.Waited = s.drainedLocked(now)
		}
		tasks = append(tasks, item)
	}
	var below []*Scope
	for c := s.nested; c != nil; c = c.next {
		below = append(below, c)
	}
	s.mu.Unlock()
	for k := len(tasks) - 1; k >= 0; k-- { // the list has the newest first
		shot.Items = append(shot.Items, tasks[k])
	}
	running := s.graph.Running()
	for _, n := range s.graph.Nodes() {
		i := itemOf(n)
		item, ok := s.snapshotItem(i)
		if !ok {
			continue
		}
		if since, ok := running[n]; ok {
			item.Waited = now.Sub(since)
		}
		shot.Items = append(shot.Items, item)
		if c, ok := i.impl.(*Scope); ok {
			below = append(below, c)
		}
	}
	for _, c := range below {
		shot.Children = append(shot.Children, c.Snapshot())
	}
	return shot
}

// drainedLocked returns how long the scope has been draining, as far as it is
// known: of scopes with a limit, and of those that an inspector shows.
func (s *Scope) drainedLocked(now time.Time) time.Duration {
	switch {
	case s.clock != nil:
		return now.Sub(s.clock.left)
	case s.inspector() != nil:
		return now.Sub(s.rare.since)
	}
	return 0
}

func (s *Scope) snapshotItem(i *item) (trace.SnapshotItem, bool) {
	item := trace.SnapshotItem{Kind: i.impl.kind(), Name: i.name(), Wave: i.n.Wave()}
	for _, d := range s.graph.Dependencies(&i.n) {
		item.DependsOn = append(item.DependsOn, d.Name())
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	item.Age = s.sinceLocked(i.born)
	switch i.is() {
	case live:
		item.State = "live"
	case ending:
		item.State = "dropping"
	default:
		return item, false
	}
	return item, true
}
