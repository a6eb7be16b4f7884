package scope

import (
	"context"
	"time"

	"go.uber.org/multierr"

	"github.com/ebb-go/ebb/group"
	"github.com/ebb-go/ebb/trace"
)

// telemetryBudget is how long telemetry has to shut down, beside the grace.
const telemetryBudget = 5 * time.Second

// finish ends what the scope still has, tells everybody, and closes it. It
// returns the errors of the exit, without panics that Run is to go on with.
func (s *Scope) finish(x exitRun) ([]*PanicError, error) {
	// Once for each: that of an abandoned daemon stops the world for its stack.
	x.errs = make([]error, len(x.outcomes))
	for k, o := range x.outcomes {
		x.errs[k] = itemOf(o.Node).outcome(o)
	}
	panics, err := s.collect(x)
	var report *trace.Report
	if s.reports() || x.spans != nil && s.schedule != Waves {
		report = s.report(x)
	}
	if x.spans != nil {
		x.spans.End(x.ended, s.criticalNames(x, report), dropsOnly(x.errs))
	}
	s.closeContext()
	if s.rec != nil {
		s.rec.End(time.Now(), s.end.exit.Kind.String(), s.ownError())
	}
	if r := s.rare; r != nil && len(r.telemetry) > 0 {
		err = multierr.Append(err, s.shutTelemetry(r.telemetry))
	}
	if s.reports() {
		report.Error = exitText(err, panics)
		s.deliver(report)
	}
	return panics, err
}

// collect gathers the errors of the exit in their order. A panic of a task or
// daemon that Run goes on with is in its first result instead.
func (s *Scope) collect(x exitRun) (panics []*PanicError, err error) {
	add := func(e error) {
		if p := panicOf(e); p != nil && !s.panicAsError() {
			panics = append(panics, p)
			return
		}
		err = multierr.Append(err, e)
	}
	s.mu.Lock()
	failures := s.failuresLocked()
	s.mu.Unlock()
	late := len(failures)
	for k, f := range failures {
		if f.index == earlyIndex {
			late = k
			break
		}
		if f.index == bodyIndex {
			err = multierr.Append(err, f.err) // the body's own, whatever it wraps
			continue
		}
		add(f.err)
	}
	for k, o := range x.outcomes {
		i, e := itemOf(o.Node), x.errs[k]
		if _, guard := i.impl.(interface{ guarded() }); e != nil && guard {
			err = multierr.Append(err, e) // a panic of a drop is contained
		} else if e != nil {
			add(e)
		}
	}
	for _, f := range failures[late:] {
		err = multierr.Append(err, f.err)
	}
	if err == nil && len(panics) == 0 && s.end != nil {
		err = s.end.exit.Err // so nil always means that all drops have seen Succeeded
	}
	return panics, err
}

// ownError is the primary error of the body or of a task, for the scope's span.
func (s *Scope) ownError() error {
	switch s.end.exit.Kind {
	case Failed:
		return s.end.exit.Err
	case Panicked:
		return &PanicError{Value: s.end.exit.Panic}
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

// closeContext moves the scope on to closed and frees what its context holds.
func (s *Scope) closeContext() {
	_ = s.context.Err()
	s.mu.Lock()
	s.closeLocked()
	s.mu.Unlock()
	s.context.end()
	if r := s.rare; r != nil && r.unshow != nil {
		r.unshow()
	}
	if r := s.rare; r != nil && r.untrace != nil {
		r.untrace()
	}
}

func (s *Scope) unwatchLocked() {
	c := s.clock
	if c == nil {
		return
	}
	if c.unwatch != nil {
		c.unwatch()
	}
	if c.stopTimer != nil {
		c.stopTimer.Stop()
	}
}

// shutTelemetry calls the functions of WithTelemetry, concurrently and within
// their own budget, by the means that everything else is dropped with.
func (s *Scope) shutTelemetry(fns []func(context.Context) error) (err error) {
	var g group.Graph
	var names nameSet
	for _, fn := range fns {
		if _, e := g.Add(names.take("telemetry"), fn); e != nil {
			err = multierr.Append(err, e)
		}
	}
	limit := telemetryBudget * 10 / 11 // the last tenth lies inside
	outcomes := g.Teardown(context.WithoutCancel(s.context.base),
		group.Options{Timeout: limit, Cause: s.dropTimeoutError, Force: s.force()})
	for _, o := range outcomes {
		err = multierr.Append(err, s.telemetryError(o))
	}
	return err
}

func (s *Scope) telemetryError(o group.Outcome) error {
	if o.Outcome == "ok" {
		return nil
	}
	e := &DropError{Scope: s.Path(), Guard: o.Node.Name(), Outcome: o.Outcome, Elapsed: o.Ended.Sub(o.Started), Err: o.Err}
	if x := o.Overrun; x != nil && o.Outcome == "abandoned" {
		e.Err = multierr.Append(&AbandonedError{Scope: e.Scope, Name: e.Guard, Age: e.Elapsed, Stack: x.Stack}, x.Cause)
	}
	return e
}
