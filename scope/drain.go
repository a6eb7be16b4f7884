package scope

import (
	"context"
	"log/slog"
	"strconv"
	"time"

	"github.com/ebb-go/ebb/internal/budget"
	"github.com/ebb-go/ebb/internal/fault"
)

// drain moves the scope on to draining and waits until the body's lexical
// children and the tasks have ended, or their time has run out and they have
// been abandoned. ctx is that of the drop for a child, which its parent may
// cancel and limit.
func (s *Scope) drain(ctx context.Context) {
	s.mu.Lock()
	s.advanceLocked(draining)
	if s.clock() != nil {
		s.clock().left = time.Now()
	}
	s.beginDrainedLocked()
	s.body.leaveLocked()
	if s.body.live.Load() == 0 {
		s.mu.Unlock()
		return
	}
	idle := make(chan struct{})
	s.body.idle = idle
	s.mu.Unlock()
	defer s.warnOfDrain()()
	if s.clock() == nil {
		<-idle
		return
	}
	s.drainBounded(ctx, idle)
}

// drainBounded is drain's wait when something can end it early.
func (s *Scope) drainBounded(ctx context.Context, idle <-chan struct{}) {
	canceled, force := s.body.Done(), s.force()
	dropDone := ctx.Done()
	bound := budget.Deadline(ctx)
	began := time.Now()
	s.boundBy(began, bound)
	for {
		due, act, filled := s.drainDue(began, bound)
		var timer *time.Timer
		var fired <-chan time.Time
		if !due.IsZero() {
			timer = time.NewTimer(time.Until(due))
			fired = timer.C
		}
		select {
		case <-idle:
		case <-filled:
		case <-canceled:
			canceled = nil
			s.noteCanceled()
		case <-dropDone:
			dropDone = nil
			s.cut(context.Cause(ctx))
		case <-force:
			s.abandonTasks()
			return
		case <-fired:
			if act == abandon {
				s.cut(s.drainCause(began, bound))
				s.abandonTasks()
				return
			}
			s.cut(s.drainCause(began, bound))
			canceled = nil
			s.noteCanceled()
		}
		if timer != nil {
			timer.Stop()
		}
		select {
		case <-idle:
			return
		default:
		}
	}
}

// boundBy notes for [StoppingDeadline] until when the drop of the scope, which begins at
// began, leaves it alone; bound is by when it has to be over, and zero for never.
func (s *Scope) boundBy(began, bound time.Time) {
	c := s.clock()
	if c == nil || bound.IsZero() {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	c.bound = began.Add(budget.Asked(max(bound.Sub(began), 0)))
}

// cut cancels the scope because its time is up. That comes too late for a scope that
// was canceled before, which has been cut short all the same.
func (s *Scope) cut(cause error) {
	s.mu.Lock()
	s.clock().cut = cause
	s.mu.Unlock()
	s.cancelFor(cause)
}

// cutBy returns the cause with which the scope was canceled for its time being up;
// nil if that was not necessary.
func (s *Scope) cutBy() error {
	if s.clock() == nil {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.clock().cut
}

// drainAct is what is due when a drain's time is up.
type drainAct uint8

const (
	cancel  drainAct = iota // ask the tasks that were not canceled so far
	abandon                 // give up those that did not return
)

// drainDue returns what is due next, and when; zero for nothing. Tasks have the
// budget but for the reserve; if they were not canceled before, they are then,
// and have a tenth more to return. Without anything to drop there is nothing
// that the reserve could serve, and they have it all; filled closes when that is over.
func (s *Scope) drainDue(began time.Time, bound time.Time) (due time.Time, act drainAct, filled <-chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var end time.Time
	var total time.Duration
	if s.grace > 0 && !s.clock().graceFrom.IsZero() {
		end, total = s.clock().graceFrom.Add(s.grace), s.grace
	}
	if !bound.IsZero() && (end.IsZero() || bound.Before(end)) {
		end, total = bound, max(bound.Sub(began), 0)
	}
	if end.IsZero() {
		return end, cancel, nil
	}
	due = end.Add(-budget.Reserve(total))
	switch {
	case s.clock().canceledAt.IsZero():
		return due, cancel, nil
	case s.graph.Len() == 0:
		c := s.clock()
		if c.filled == nil {
			c.filled = make(chan struct{})
		}
		return end.Add(-s.keptForTelemetry(total)), abandon, c.filled
	case !s.clock().canceledAt.Before(due):
		return s.clock().canceledAt.Add(budget.Tail(budget.Asked(total))), abandon, nil
	}
	return due, abandon, nil
}

// drainCause is why tasks are canceled that were not canceled before their
// time was up: it was asked to stop, or its parent's drop of it has a limit.
func (s *Scope) drainCause(began, bound time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if reason := s.stopReasonLocked(); reason != nil && !fault.Same(reason, s.exitState.turn) {
		return reason
	}
	e := &DropTimeoutError{Scope: s.Path(), Guard: s.Name(), Limit: s.grace}
	if !bound.IsZero() {
		e.Limit = max(bound.Sub(began), 0)
		if s.self != nil {
			e.Scope = s.parent.Path()
		}
	}
	return e
}

// warnOfDrain logs a drain that takes longer than the slow threshold, once, and returns
// how to call that off.
func (s *Scope) warnOfDrain() (stop func() bool) {
	return time.AfterFunc(s.slow(), func() {
		if names := s.draining(); len(names) > 0 {
			s.warn("ebb: slow drain", slog.Duration("age", s.slow()), slog.Any("waits_for", names))
		}
	}).Stop
}

// draining names what the scope waits for before its teardown: equal names are one,
// with a count, and at most ten are given.
func (s *Scope) draining() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	counts := make(map[string]int)
	var names []string // the newest first
	add := func(name string) {
		if counts[name]++; counts[name] == 1 {
			names = append(names, name)
		}
	}
	for c := s.nested; c != nil; c = c.next {
		if c.within == &s.body {
			add(c.Name())
		}
	}
	for t := s.tasks; t != nil; t = t.next {
		add(t.name)
	}
	for k, name := range names {
		if n := counts[name]; n > 1 {
			names[k] = strconv.Itoa(n) + " x " + name
		}
	}
	return atMost(names, maxNames)
}
