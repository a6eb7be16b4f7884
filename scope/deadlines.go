package scope

import (
	"context"
	"time"

	"github.com/ebb-go/ebb/internal/budget"
)

// deadlines say by when the parts of an exit have to be over. The zero value is no
// limit.
//
// All of the exit lies before end: the drops, the tail of the last of them, and the
// shutdown of telemetry, for which some of the time is kept if there is any.
type deadlines struct {
	end     time.Time     // of the exit; zero: none
	drops   time.Time     // of the last drop; zero: none
	reserve time.Duration // of the time until then, for waves that have not started
}

// budgetOf returns what is left of the scope's grace, or until bound, by when its
// parent's drop of it has to be over; whichever ends first. A grace that has not
// begun begins now. What comes late still gets the reserve, counted from when the
// body returned; of what is left then, the reserve is no more than all.
func budgetOf(s *Scope, bound time.Time) deadlines {
	if s.grace == 0 && bound.IsZero() {
		return deadlines{}
	}
	now := time.Now()
	d := deadlines{end: bound, reserve: budget.Reserve(max(bound.Sub(now), 0))}
	if s.grace > 0 {
		end, reserve := s.graceEnd(now), budget.Reserve(s.grace)
		if bound.IsZero() || reserve < d.reserve {
			d.reserve = reserve
		}
		d.end = budget.Sooner(end, bound)
	}
	left := max(d.end.Sub(now), 0)
	kept := s.keptForTelemetry(left)
	d.drops = d.end.Add(-kept)
	d.reserve = min(d.reserve, left-kept)
	return d
}

// graceEnd returns when the grace of a scope whose body has returned runs out, or
// the reserve that a late body leaves.
func (s *Scope) graceEnd(now time.Time) time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.clock().graceFrom.IsZero() {
		s.clock().graceFrom = now
	}
	end := s.clock().graceFrom.Add(s.grace)
	if kept := s.clock().left.Add(budget.Reserve(s.grace)); end.Before(kept) {
		return kept
	}
	return end
}

// keptForTelemetry returns how much of what is left is not for tasks and drops.
func (s *Scope) keptForTelemetry(left time.Duration) time.Duration {
	if s.config == nil || len(s.config.telemetry) == 0 {
		return 0
	}
	grace := s.grace
	if grace == 0 {
		grace = left
	}
	return budget.ForTelemetry(grace, left)
}

// futureDeadline returns the deadline of ctx, unless that has passed: then ctx bounds
// the wait of the caller only.
func futureDeadline(ctx context.Context) time.Time {
	deadline, ok := ctx.Deadline()
	if !ok || !time.Now().Before(deadline) {
		return time.Time{}
	}
	return deadline
}
