package scope

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/ebb-go/ebb/internal/budget"
	"github.com/ebb-go/ebb/internal/engine"
	"github.com/ebb-go/ebb/internal/fault"
	"github.com/ebb-go/ebb/internal/outcome"
	"github.com/ebb-go/ebb/internal/record"
	"github.com/ebb-go/ebb/trace"
)

// exitRun is one teardown: what it is given, and what came of it.
type exitRun struct {
	began, ended time.Time
	deadline     time.Time        // zero: none
	outcomes     []engine.Outcome // only failures, unless the scope is watched
	errs         []error          // what Run says of each
	hung         map[int]error    // what hung below those that were abandoned
	early        []*earlyDrop     // that the teardown has met
	spans        *record.Teardown
	drain        trace.Drain // what came before
	quiet        bool        // there was nothing to drop, and nothing has gone wrong
}

// dropAll drops daemons, children and guards along the edges, by the deadlines of b.
//
// With exited, the drops of a nested Run may run on this goroutine. If one calls Goexit,
// which ends it, exited is called when the teardown is complete, and then the Goexit goes
// on, to the function that the Run belongs to. (A root has none that would notice.)
func (s *Scope) dropAll(b deadlines, exited func(exitRun)) exitRun {
	x := exitRun{deadline: b.end}
	size := s.graph.Len()
	if size == 0 && !s.watched {
		return x
	}
	if s.watched {
		x.began = time.Now()
		x.drain = s.drainReport(x.began)
		x.quiet = size == 0 && s.endedQuietly()
	}
	ctx := context.WithoutCancel(s.context.base)
	if s.rec != nil && !x.quiet {
		ctx, x.spans = s.rec.Teardown(ctx, record.TeardownInfo{
			At: x.began, Waves: s.graph.WaveCount(), Guards: size, Grace: s.grace, Schedule: s.schedule.String(),
			Cause: fault.Text(s.decided.cause), Drain: x.drain, Deadline: x.deadline,
		})
		s.decided.teardown = x.spans
	}
	x.early = s.earlyDrops()
	o := s.options(&b)
	o.Here = exited != nil && s.parent != nil
	if run := s.graph.BeginTeardown(ctx, o); run != nil {
		waits.changed(s) // what is waited for has its place in the order now
		returned := false
		defer func() {
			if !returned && o.Here {
				x.outcomes = run.Results().List()
				exited(s.ended(x))
			}
		}()
		x.outcomes = run.Do()
		returned = true
	}
	return s.ended(x)
}

// ended returns x once its drops have ended.
func (s *Scope) ended(x exitRun) exitRun {
	if s.watched {
		x.ended = time.Now()
	}
	return x
}

// endedQuietly reports whether nothing had gone wrong before the teardown. A request
// whose caller has gone is no fault.
func (s *Scope) endedQuietly() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	kind := s.decided.exit.Kind
	return (kind == Succeeded || kind == Canceled) && len(s.failuresLocked()) == 0
}

// earlyDrops returns the drops which the teardown is going to meet because they
// were asked for before and have not ended. No other can begin.
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
// when the calls that wait for a drop of the teardown have returned or can return. If an
// early drop was given up, it or one that waits for it may never end; then what does
// not end at once is logged when it does.
func awaitEarly(early []*earlyDrop, outcomes []engine.Outcome, end time.Time) {
	if len(early) == 0 {
		return
	}
	stuck := slices.ContainsFunc(outcomes, func(o engine.Outcome) bool { return o.Elsewhere && o.Outcome != outcome.OK })
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

// options returns the options of a run of drops: a teardown, which
// has a budget, or early drops.
func (s *Scope) options(b *deadlines) engine.Options {
	o := engine.Options{Slow: s.slow(), Timeout: s.dropTimeout, Force: s.force()}
	if c := s.config; c != nil {
		o.Limit = c.dropLimit
	}
	if b == nil || s.clock() != nil || s.limits { // limits: settled by now, unless early
		o.Cause = s.dropTimeoutError
	}
	if b != nil {
		o.Schedule, o.Deadline, o.Reserve = engine.Schedule(s.schedule), b.drops, b.reserve
		o.Failures = !s.watched
	}
	o.Notice = noticer{s}
	if !s.watched {
		return o
	}
	watch := observer{s: s}
	if b != nil {
		watch.teardown, watch.names = s.decided.teardown, sync.OnceValue(s.graph.DependencyNames)
	}
	o.Observe = watch.observe
	return o
}
