package scope

import (
	"context"
	"time"

	"go.uber.org/multierr"

	"github.com/ebb-go/ebb/internal/budget"
	"github.com/ebb-go/ebb/internal/engine"
	"github.com/ebb-go/ebb/internal/fault"
	"github.com/ebb-go/ebb/internal/outcome"
)

// shutTelemetry calls the functions of WithTelemetry, concurrently, by the means that
// everything else is dropped with: until end, which is that of the exit, but no
// longer than for [budget.Telemetry]. When all waits are ended it has a moment more.
func (s *Scope) shutTelemetry(fns []func(context.Context) error, end time.Time) (err error) {
	var g engine.Graph
	var names nameSet
	for _, fn := range fns {
		if _, e := g.Add(names.take("telemetry"), fn); e != nil {
			err = multierr.Append(err, e)
		}
	}
	limit, _ := budget.Split(budget.Telemetry) // the last tenth lies inside
	outcomes := g.Teardown(context.WithoutCancel(s.context.base),
		engine.Options{Timeout: limit, Deadline: end, Cause: s.dropTimeoutError, Force: s.forceTelemetry()})
	for _, o := range outcomes {
		err = multierr.Append(err, s.telemetryError(o))
	}
	return err
}

func (s *Scope) telemetryError(o engine.Outcome) error {
	if o.Outcome == outcome.OK {
		return nil
	}
	e := &DropError{Scope: s.Path(), Guard: o.Node.Name(), Outcome: o.Outcome.String(), Elapsed: o.Ended.Sub(o.Started), Err: o.Err}
	x := o.Overrun
	if x == nil {
		return e
	}
	if o.Outcome == outcome.Abandoned {
		e.Err = &AbandonedError{Scope: e.Scope, Name: e.Guard, Age: e.Elapsed, Stack: x.Stack}
	}
	if !fault.Is(e.Err, x.Cause) {
		e.Err = multierr.Append(e.Err, x.Cause)
	}
	return e
}
