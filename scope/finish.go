package scope

import (
	"slices"
	"time"

	"go.uber.org/multierr"

	"github.com/ebb-go/ebb/internal/engine"
	"github.com/ebb-go/ebb/internal/outcome"
	"github.com/ebb-go/ebb/trace"
)

// finish ends what the scope still has, reports it, and closes it. It returns the
// failures of the exit.
func (s *Scope) finish(x exitRun) *faults {
	if len(x.outcomes) > 0 {
		x.hung = s.takeStacks(x.outcomes)
		x.errs = make([]error, len(x.outcomes))
		for k, o := range x.outcomes {
			x.errs[k] = nodeOf(o.Node).outcome(o)
		}
	}
	awaitEarly(x.early, x.outcomes, x.deadline)
	s.conclude(x.early)
	list := s.collect(x)
	var report *trace.Report
	reports := s.watched && s.reports()
	if reports || x.spans != nil && !s.inWaves() {
		report = s.report(x)
	}
	if x.spans != nil {
		x.spans.End(x.ended, s.criticalNames(x, report), dropsOnly(x.errs))
	}
	s.closeContext()
	s.logMoreRefused()
	if s.rec != nil {
		s.rec.End(time.Now(), s.decided.exit.Kind.String(), s.ownError())
	}
	if c := s.config; c != nil && len(c.telemetry) > 0 {
		if err := s.shutTelemetry(c.telemetry, x.deadline); err != nil {
			list = append(list, failure{earlyIndex, err, nil})
		}
	}
	faults := s.newFaults(list)
	if reports {
		report.Error = faults.text()
		s.deliver(report, x)
	}
	if c := s.config; c != nil && c.signals != nil {
		c.signals.end()
	}
	return faults
}

// collect gathers the failures of the exit in their order: the body, the tasks,
// what the teardown dropped, early drops that no caller waited for. Under Sequential
// drops are in the order in which they ran, which is none of waves.
func (s *Scope) collect(x exitRun) (list []failure) {
	s.mu.Lock()
	failures := s.failuresLocked()
	if s.exitState != nil {
		s.exitState.collected = true
	}
	s.mu.Unlock()
	early := slices.IndexFunc(failures, func(f failure) bool { return f.index == earlyIndex })
	if early < 0 {
		early = len(failures)
	}
	list = append(list, failures[:early]...)
	drops := make([]int, 0, len(x.outcomes))
	for k, err := range x.errs {
		if err != nil {
			drops = append(drops, k)
		}
	}
	// By wave and registration, as they are, or all one after another: a stable sort.
	slices.SortStableFunc(drops, func(a, b int) int { return x.outcomes[a].Turn - x.outcomes[b].Turn })
	for _, k := range drops {
		o := x.outcomes[k]
		list = append(list, failure{earlyIndex, x.errs[k], nodeOf(o.Node).panicked(o)})
		if err := x.hung[k]; err != nil {
			list = append(list, failure{earlyIndex, err, nil})
		}
	}
	list = append(list, failures[early:]...)
	if len(list) == 0 && s.decided != nil && s.decided.by.err != nil {
		list = append(list, s.decided.by) // so nil always means that all drops have seen Succeeded
	}
	return list
}

// panicked returns the panic that was the outcome of n, if it is one that its scope
// goes on with: that of a daemon, or of a task in a child. That of a drop function
// is contained.
func (n *node) panicked(o engine.Outcome) *PanicError {
	if o.Outcome != outcome.Panic {
		return nil
	}
	switch of := n.resource.(type) {
	case *Daemon:
		return of.panicked
	case *Scope, interface{ inside() *Scope }:
		p, _ := o.Err.(*PanicError) // what callDrop made of the child's, or of a slot value's
		return p
	}
	return nil
}

// ownError is the primary error of the body or of a task, for the scope's span.
func (s *Scope) ownError() error {
	switch s.decided.exit.Kind {
	case Failed:
		return s.decided.exit.Err
	case Panicked:
		if s.decided.by.err != nil {
			return s.decided.by.err
		}
		return &PanicError{Value: s.decided.exit.Panic}
	case Exited:
		return ErrGoexit
	}
	return nil
}

// dropsOnly returns the errors of drops, for the teardown's span: that of a
// daemon or child that panicked in its turn too, with which Run goes on as a
// panic.
func dropsOnly(errs []error) (drops error) {
	for _, err := range errs {
		if e, ok := err.(*DropError); ok {
			drops = multierr.Append(drops, e)
		}
	}
	return drops
}
