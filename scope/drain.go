package scope

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/ebb-go/ebb/internal/fault"
)

// maxNames bounds the names of what a slow or abandoned drop blocks.
const maxNames = 10

// budget is the time that an exit has. The zero budget is no limit.
type budget struct {
	end     time.Time
	reserve time.Duration // of that, for waves that have not started
}

// budgetOf returns what is left of the scope's grace, or of the time that its
// parent has for its drop, whichever ends first. A grace that has not begun
// begins now. What comes late still gets the reserve, counted from when the body
// returned; of what is left then, the reserve is no more than all.
func budgetOf(s *Scope, bound time.Time) budget {
	var b budget
	if s.grace == 0 && bound.IsZero() {
		return b
	}
	now := time.Now()
	if s.grace > 0 {
		s.mu.Lock()
		if s.clock.graceFrom.IsZero() {
			s.clock.graceFrom = now
		}
		b = budget{s.clock.graceFrom.Add(s.grace), s.grace / 4}
		if late := s.clock.left.Add(b.reserve); b.end.Before(late) {
			b.end = late
		}
		s.mu.Unlock()
		b.reserve = min(b.reserve, max(b.end.Sub(now), 0))
	}
	if !bound.IsZero() && (b.end.IsZero() || bound.Before(b.end)) {
		b.end = bound
		if left := max(bound.Sub(now), 0) / 4; b.reserve == 0 || left < b.reserve {
			b.reserve = left
		}
	}
	return b
}

// tenth is how long what was cancelled after d gets to return.
func tenth(d time.Duration) time.Duration { return min(d/10, time.Second) }

// drain moves the scope on to draining and waits until the body's lexical
// children and the tasks have ended, or their time has run out and they have
// been abandoned. ctx is that of the drop for a child, which its parent may
// cancel and limit.
func (s *Scope) drain(ctx context.Context) {
	s.mu.Lock()
	s.advanceLocked(draining)
	if s.clock != nil {
		s.clock.left = time.Now()
	}
	s.body.leaveLocked()
	if s.body.live.Load() == 0 {
		s.mu.Unlock()
		return
	}
	idle := make(chan struct{})
	s.body.idle = idle
	s.mu.Unlock()
	if s.clock == nil {
		<-idle
		return
	}
	s.drainBounded(ctx, idle)
}

// drainBounded is drain's wait when something can end it early.
func (s *Scope) drainBounded(ctx context.Context, idle <-chan struct{}) {
	canceled, force := s.body.Done(), s.force()
	dropDone := ctx.Done()
	bound, _ := ctx.Deadline()
	began := time.Now()
	for {
		due, act := s.drainDue(began, bound)
		var timer *time.Timer
		var fired <-chan time.Time
		if !due.IsZero() {
			timer = time.NewTimer(time.Until(due))
			fired = timer.C
		}
		select {
		case <-idle:
		case <-canceled:
			canceled = nil
			s.noteCanceled()
		case <-dropDone:
			dropDone = nil
			s.cancelFor(context.Cause(ctx))
		case <-force:
			s.abandonTasks()
			return
		case <-fired:
			if act == abandon {
				s.abandonTasks()
				return
			}
			s.cancelFor(s.drainCause(began, bound))
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

// drainAct is what is due when a drain's time is up.
type drainAct uint8

const (
	cancel  drainAct = iota // ask the tasks that nobody has cancelled so far
	abandon                 // give up those that did not return
)

// drainDue returns what is due next, and when; zero for nothing. Tasks have the
// budget but for the reserve; if they were not cancelled before, they are then,
// and have a tenth more to return. Without anything to drop there is nothing
// that the reserve could serve, and they have it all.
func (s *Scope) drainDue(began time.Time, bound time.Time) (time.Time, drainAct) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var end time.Time
	var total time.Duration
	if s.grace > 0 && !s.clock.graceFrom.IsZero() {
		end, total = s.clock.graceFrom.Add(s.grace), s.grace
	}
	if !bound.IsZero() && (end.IsZero() || bound.Before(end)) {
		end, total = bound, bound.Sub(began)
	}
	if end.IsZero() {
		return end, cancel
	}
	due := end.Add(-total / 4)
	switch {
	case s.clock.canceledAt.IsZero():
		return due, cancel
	case s.graph.Len() == 0:
		return end, abandon
	case !s.clock.canceledAt.Before(due):
		return s.clock.canceledAt.Add(tenth(total - total/4)), abandon
	}
	return due, abandon
}

// drainCause is why tasks are cancelled that nobody had cancelled before their
// time was up: it was asked to stop, or its parent's drop of it has a limit.
func (s *Scope) drainCause(began, bound time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if reason := s.stopReasonLocked(); reason != nil {
		return reason
	}
	e := &DropTimeoutError{Scope: s.Path(), Guard: s.name, Limit: s.grace}
	if s.parent != nil && !bound.IsZero() {
		e.Scope, e.Limit = s.parent.Path(), bound.Sub(began)
	}
	return e
}

// abandonTasks gives up the tasks and lexical children that are still running,
// each by name.
func (s *Scope) abandonTasks() {
	now := time.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.advanceLocked(dropping) // from here on what they start is refused
	var blocks []string
	for _, n := range s.graph.Nodes() {
		blocks = append(blocks, n.Name())
	}
	blocks = atMost(blocks, maxNames)
	ids := make(map[uint64]string)
	for t := s.tasks; t != nil; t = t.next {
		ids[t.id] = ""
	}
	fault.Stacks(ids)
	for t := s.tasks; t != nil; t = t.next {
		t.abandoned = true
		err := &AbandonedError{
			Scope: s.Path(), Name: t.name, Age: s.sinceLocked(t.started), Blocks: blocks,
			Opening: s.openingLocked(&t.owner), Stack: ids[t.id],
		}
		s.failLocked(failure{t.index, err, nil})
		if t.done != nil {
			t.done(err, false)
		}
	}
	for c := s.nested; c != nil; c = c.next {
		if c.lexicalOwner() == &s.body {
			s.failLocked(failure{bodyIndex, &AbandonedError{
				Scope: s.Path(), Name: c.name, Age: now.Sub(c.clock.opened), Blocks: blocks,
			}, nil})
		}
	}
}

// atMost returns the first n names, then a count of the others.
func atMost(names []string, n int) []string {
	if len(names) <= n {
		return names
	}
	return append(slices.Clone(names[:n]), fmt.Sprintf("and %d more", len(names)-n))
}
