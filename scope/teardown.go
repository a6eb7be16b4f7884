package scope

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"go.uber.org/multierr"

	"github.com/ebb-go/ebb/group"
	"github.com/ebb-go/ebb/trace"
)

// telemetryBudget is how long telemetry has to shut down, beside the grace.
const telemetryBudget = 5 * time.Second

// exitRun is one teardown: what it is given, and what came of it.
type exitRun struct {
	began, ended time.Time
	deadline     time.Time // zero: none
	outcomes     []group.Outcome
	spans        *trace.Teardown
}

// dropAll drops daemons, children and guards along the edges, within b.
func (s *Scope) dropAll(b budget) exitRun {
	x := exitRun{deadline: b.end}
	size := s.graph.Len()
	if size == 0 && !s.watched() {
		return x
	}
	if s.watched() {
		x.began = time.Now()
	}
	ctx := context.WithoutCancel(s.base)
	if s.rec != nil {
		ctx, x.spans = s.rec.Teardown(ctx, trace.TeardownInfo{
			At: x.began, Waves: len(s.graph.Waves()), Guards: size, Grace: s.grace, Schedule: s.schedule.String(),
		})
		s.end.teardown = x.spans
	}
	s.setOptions(&s.end.options, &b)
	x.outcomes = s.graph.Teardown(ctx, &s.end.options)
	if s.watched() {
		x.ended = time.Now()
	}
	return x
}

// setOptions sets what package group is told for a run of drops: a teardown,
// which has a budget, or early drops.
func (s *Scope) setOptions(o *group.Options, b *budget) {
	o.Slow, o.Timeout, o.Force = s.slow(), s.dropTimeout, s.force()
	if r := s.rare; r != nil {
		o.Limit = r.dropLimit
	}
	if b == nil || s.clock != nil || s.limits { // limits: settled by now, unless early
		o.Cause = s.dropTimeoutError
	}
	if b != nil {
		o.Schedule, o.Deadline, o.Reserve = s.schedule, b.end, b.reserve
	}
	switch {
	case !s.watched():
		o.Notice = s.observeEarly // the rare events are handled alike
	case b != nil:
		o.Observe = s.observe
	default:
		o.Observe = s.observeEarly
	}
}

// watched reports whether anybody looks at the drops of s.
func (s *Scope) watched() bool { return s.rec != nil || s.reports() }

func (s *Scope) dropTimeoutError(n *group.Node, limit time.Duration) error {
	return &DropTimeoutError{Scope: s.Path(), Guard: n.Name(), Limit: limit}
}

// observe hears of every step of the teardown, and passes on what others want
// to see.
func (s *Scope) observe(e group.Event) {
	switch e.Kind {
	case group.WaveStart:
		s.end.teardown.StartWave(e.Wave, e.Size, e.At)
	case group.WaveEnd:
		s.end.teardown.EndWave(e.Wave, e.At)
	case group.DropEnd:
		if s.rec == nil || e.Outcome == "ok" && itemOf(e.Node).wasEarly() {
			return // an early drop, for which this run only waited, speaks for itself
		}
		s.observeEarly(e)
	default:
		s.observeEarly(e)
	}
}

// observeEarly is observe for what is not a wave of the teardown.
func (s *Scope) observeEarly(e group.Event) {
	switch e.Kind {
	case group.DropStart:
		itemOf(e.Node).starts(e)
	case group.DropSlow:
		s.logSlow(itemOf(e.Node), s.slow(), e.Blocks)
	case group.DropEnd:
		if s.rec != nil {
			s.recordEnd(itemOf(e.Node), e)
		}
	case group.DropLate:
		i := itemOf(e.Node)
		s.logger().Warn("ebb: late result of an abandoned drop",
			slog.String("scope", s.Path()), slog.String("guard", i.name()), slog.Any("error", e.Err))
	}
}

// dropRecord is what is known of a drop for those who look at it. It is shared
// by the goroutine that runs the drop and the one that abandons it, so its
// fields are guarded by the scope's mu.
type dropRecord struct {
	start group.Event
	span  *trace.DropSpan // nil before it is started
}

// starts keeps what is known of the run that is about to begin i's drop; a run
// that finds it begun by another only waits.
func (i *item) starts(e group.Event) {
	i.s.mu.Lock()
	defer i.s.mu.Unlock()
	if i.state == live {
		i.record = &dropRecord{start: e}
	}
}

// wasEarly reports whether the drop of i was begun while the scope lived.
func (i *item) wasEarly() bool {
	i.s.mu.Lock()
	defer i.s.mu.Unlock()
	return i.drop.early
}

// startSpan starts the span of i's drop and puts it into the drop's context.
func (i *item) startSpan() {
	s := i.s
	if s.rec == nil {
		return
	}
	start := s.rec.Drop
	if !i.drop.early {
		start = s.end.teardown.Drop
	}
	ctx, span := start(i.drop.Context, i.dropInfo(i.record.start))
	i.drop.Context = ctx
	s.mu.Lock()
	i.record.span = span
	s.mu.Unlock()
}

func (i *item) dropInfo(e group.Event) trace.DropInfo {
	info := trace.DropInfo{
		Guard: i.name(), Written: i.written(), Type: i.impl.typ(), Wave: e.Wave, Queued: e.Queued, Started: e.At,
	}
	for _, d := range i.s.graph.Dependencies(&i.n) {
		info.DependsOn = append(info.DependsOn, d.Name())
	}
	if e.ReleasedBy != nil {
		info.ReleasedBy = e.ReleasedBy.Name()
	}
	return info
}

// recordEnd ends the span of i's drop, or records that there was none to run.
func (s *Scope) recordEnd(i *item, e group.Event) {
	o := group.Outcome{Node: e.Node, Wave: e.Wave, Outcome: e.Outcome, Err: e.Err, Started: e.At, Ended: e.At, Overrun: e.Overrun}
	if e.Outcome == "skipped" {
		s.end.teardown.Skip(i.dropInfo(e), s.dropError(i, o))
		return
	}
	s.mu.Lock()
	record := *i.record
	s.mu.Unlock()
	o.Started = record.start.At
	record.span.End(e.At, e.Outcome, s.dropError(i, o))
}

// dropError is what Run says of an outcome: nil, a [*DropError], or for a
// daemon that failed before it was asked the [*TaskError] that it had.
func (s *Scope) dropError(i *item, o group.Outcome) error {
	if o.Outcome == "ok" {
		return nil
	}
	var failed *TaskError
	if errors.As(o.Err, &failed) && o.Err == failed && o.Overrun == nil {
		return failed
	}
	elapsed := time.Duration(0)
	if !o.Started.IsZero() {
		elapsed = o.Ended.Sub(o.Started)
	}
	return &DropError{
		Scope: s.Path(), Guard: i.name(), Wave: o.Wave, Outcome: o.Outcome, Elapsed: elapsed,
		Err: s.dropCause(i, o, elapsed),
	}
}

// dropCause is the error inside of a DropError: the drop's own, and beside it
// that its time was up.
func (s *Scope) dropCause(i *item, o group.Outcome, elapsed time.Duration) error {
	err := o.Err
	x := o.Overrun
	if x == nil {
		return err
	}
	if o.Outcome == "abandoned" {
		stack := x.Stack
		if d, ok := i.impl.(*Daemon); ok {
			stack = d.stack() // rather than that of the wait for it
		}
		err = &AbandonedError{Scope: s.Path(), Name: i.name(), Age: elapsed, Blocks: x.Blocks, Stack: stack}
	}
	var timeout *DropTimeoutError
	if x.Cause != nil && !errors.As(err, &timeout) {
		err = multierr.Append(err, x.Cause)
	}
	return err
}

// finish ends what the scope still has, tells everybody, and closes it. It
// returns the errors of the exit, without panics that Run is to go on with.
func (s *Scope) finish(x exitRun) (error, []*PanicError) {
	err, panics := s.collect(x.outcomes)
	var report *trace.Report
	if x.spans != nil || s.reports() {
		report = s.report(x)
	}
	if x.spans != nil {
		x.spans.End(x.ended, criticalNames(report), s.dropsOnly(x.outcomes))
	}
	s.closeContext()
	if s.rec != nil {
		s.rec.End(time.Now(), s.end.exit.Kind.String(), s.ownError())
	}
	if r := s.rare; r != nil && len(r.telemetry) > 0 {
		err = multierr.Append(err, s.shutTelemetry(r.telemetry))
	}
	if report != nil {
		report.Error = exitText(err, panics)
		s.deliver(report)
	}
	return err, panics
}

// collect gathers the errors of the exit in their order. A panic of a task or
// daemon that Run goes on with is in its second result instead.
func (s *Scope) collect(outcomes []group.Outcome) (err error, panics []*PanicError) {
	add := func(e error) {
		if p := panicOf(e); p != nil && !s.panicAsError() {
			panics = append(panics, p)
			return
		}
		err = multierr.Append(err, e)
	}
	s.mu.Lock()
	failures, echoed := s.failures, s.echoed
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
	for _, o := range outcomes {
		i := itemOf(o.Node)
		e := s.dropError(i, o)
		if _, guard := i.impl.(interface{ guarded() }); e != nil && guard {
			err = multierr.Append(err, e) // a panic of a drop is contained
		} else if e != nil {
			add(e)
		}
	}
	for _, f := range failures[late:] {
		err = multierr.Append(err, f.err)
	}
	if cause, ok := s.canceled(); ok && echoed && err == nil && len(panics) == 0 {
		err = cause
	}
	return err, panics
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
func (s *Scope) dropsOnly(outcomes []group.Outcome) (drops error) {
	for _, o := range outcomes {
		if e, ok := s.dropError(itemOf(o.Node), o).(*DropError); ok {
			drops = multierr.Append(drops, e)
		}
	}
	return drops
}

// closeContext moves the scope on to closed and frees what its context holds.
func (s *Scope) closeContext() {
	s.mu.Lock()
	s.advanceLocked(closed)
	s.unwatchLocked()
	s.mu.Unlock()
	s.cancel(ErrClosed)
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
	for _, fn := range fns {
		if _, e := g.Add("telemetry", fn); e != nil {
			err = multierr.Append(err, e)
		}
	}
	limit := telemetryBudget * 10 / 11 // the last tenth lies inside
	outcomes := g.Teardown(context.WithoutCancel(s.base), group.Timeout(limit), group.Cause(s.dropTimeoutError))
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
