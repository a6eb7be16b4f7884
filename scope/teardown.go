package scope

import (
	"context"
	"slices"
	"sync"
	"time"

	"go.uber.org/multierr"

	"github.com/ebb-go/ebb/group"
	"github.com/ebb-go/ebb/internal/budget"
	"github.com/ebb-go/ebb/internal/fault"
	"github.com/ebb-go/ebb/trace"
)

// exitRun is one teardown: what it is given, and what came of it.
type exitRun struct {
	began, ended time.Time
	deadline     time.Time       // zero: none
	outcomes     []group.Outcome // only failures, unless somebody looks
	errs         []error         // what Run says of each
	early        []*earlyDrop    // that the teardown has met
	spans        *trace.Teardown
	drain        trace.Drain // what came before
	quiet        bool        // there was nothing to drop, and nothing has gone wrong
}

// dropAll drops daemons, children and guards along the edges, by the deadlines of b.
func (s *Scope) dropAll(b deadlines) exitRun {
	x := exitRun{deadline: b.end}
	size := s.graph.Len()
	if size == 0 && !s.watched() {
		return x
	}
	if s.watched() {
		x.began = time.Now()
		x.drain = s.drainReport(x.began)
		x.quiet = size == 0 && s.endedQuietly()
	}
	ctx := context.WithoutCancel(s.context.base)
	if s.rec != nil && !x.quiet {
		ctx, x.spans = s.rec.Teardown(ctx, trace.TeardownInfo{
			At: x.began, Waves: s.graph.WaveCount(), Guards: size, Grace: s.grace, Schedule: s.schedule.String(),
			Cause: fault.Text(s.end.cause), Drain: x.drain,
		})
		s.end.teardown = x.spans
	}
	x.early = s.earlyDrops()
	x.outcomes = s.graph.TeardownWith(ctx, s.options(&b))
	if s.watched() {
		x.ended = time.Now()
	}
	return x
}

// endedQuietly reports whether nothing had gone wrong before the teardown. A request
// whose caller has gone is no fault.
func (s *Scope) endedQuietly() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	kind := s.end.exit.Kind
	return (kind == Succeeded || kind == Canceled) && len(s.failuresLocked()) == 0
}

// earlyDrops returns the drops which the teardown is going to meet because they
// were asked for before and have not ended. None can begin any more.
func (s *Scope) earlyDrops() (early []*earlyDrop) {
	s.mu.Lock()
	if s.exitState == nil || s.exitState.early == nil {
		if s.clock() == nil && !s.limits { // else an abandoned early drop could be reading it
			s.teardownAlone = true
		}
		s.mu.Unlock()
		return nil
	}
	for e := s.exitState.early; e != nil; e = e.next {
		early = append(early, e)
	}
	s.mu.Unlock()
	return early
}

// awaitEarly waits for the last instructions of early drops that the teardown has
// met, so that an error that no caller waits for any longer is not lost. It is called
// when those that wait for a drop of the teardown have been told of its end. If an
// early drop was given up, it or one that waits for it may never end; then what does
// not end at once is logged when it does.
func awaitEarly(early []*earlyDrop, outcomes []group.Outcome, end time.Time) {
	if len(early) == 0 {
		return
	}
	stuck := slices.ContainsFunc(outcomes, func(o group.Outcome) bool { return o.Elsewhere && o.Outcome != "ok" })
	var up <-chan time.Time // never
	if stuck {
		timer := time.NewTimer(time.Until(budget.Sooner(end, time.Now().Add(budget.Least))))
		defer timer.Stop()
		up = timer.C
	}
	for _, e := range early {
		select {
		case <-e.over:
		case <-up:
			return
		}
	}
}

// options are what package group is told for a run of drops: a teardown, which
// has a budget, or early drops.
func (s *Scope) options(b *deadlines) group.Options {
	o := group.Options{Slow: s.slow(), Timeout: s.dropTimeout, Force: s.force()}
	if r := s.config; r != nil {
		o.Limit = r.dropLimit
	}
	if b == nil || s.clock() != nil || s.limits { // limits: settled by now, unless early
		o.Cause = s.dropTimeoutError
	}
	if b != nil {
		o.Schedule, o.Deadline, o.Reserve = s.schedule, b.drops, b.reserve
		o.Failures = !s.watched()
	}
	o.Notice = noticer{s}
	if !s.watched() {
		return o
	}
	watch := observer{s: s}
	if b != nil {
		watch.teardown, watch.names = s.end.teardown, sync.OnceValue(s.graph.DependencyNames)
	}
	o.Observe = watch.observe
	return o
}

// watched reports whether anybody looks at the drops of s.
func (s *Scope) watched() bool { return s.rec != nil || s.reports() }

func (s *Scope) dropTimeoutError(n *group.Node, limit time.Duration) error {
	return &DropTimeoutError{Scope: s.Path(), Guard: n.Name(), Limit: limit}
}

// dropError is what Run says of an outcome: nil, a [*DropError], or for a
// daemon that failed before it was asked the [*TaskError] that it had.
func (s *Scope) dropError(n *node, o group.Outcome) error {
	if o.Outcome == "ok" {
		return nil
	}
	if d, ok := n.resource.(*Daemon); ok && o.Overrun == nil {
		if failed := d.failedUnasked(); failed != nil && o.Err == error(failed) {
			return failed
		}
	}
	elapsed := n.elapsed(o)
	return &DropError{
		Scope: s.Path(), Guard: n.name(), Wave: o.Wave, Outcome: o.Outcome, Elapsed: elapsed,
		Err: s.dropCause(n, o, elapsed),
	}
}

// elapsed returns how long the drop of i has taken. A teardown that comes to an early
// drop begins to wait later than that has begun.
func (n *node) elapsed(o group.Outcome) time.Duration {
	started := o.Started
	if o.Elsewhere {
		n.s.mu.Lock()
		if began := n.rarelyLocked().began; !began.IsZero() {
			started = began
		}
		n.s.mu.Unlock()
	}
	if started.IsZero() {
		return 0
	}
	return o.Ended.Sub(started)
}

// dropCause is the error inside of a DropError: the drop's own, and beside it
// that its time was up.
func (s *Scope) dropCause(n *node, o group.Outcome, elapsed time.Duration) error {
	err := o.Err
	x := o.Overrun
	if x == nil {
		return err
	}
	if o.Outcome == "abandoned" {
		stack := x.Stack
		if d, ok := n.resource.(*Daemon); ok {
			stack = d.stack() // rather than that of the wait for it
		}
		err = &AbandonedError{Scope: s.Path(), Name: n.name(), Age: elapsed, Blocks: x.Blocks, Stack: stack}
	}
	if x.Cause != nil && !fault.Is(err, x.Cause) {
		err = multierr.Append(err, x.Cause)
	}
	return err
}
