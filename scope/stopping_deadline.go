package scope

import (
	"context"
	"time"

	"github.com/ebb-go/ebb/internal/budget"
)

// StoppingDeadline returns when the function in whose context it is called is going to
// be canceled, having been asked to stop: a daemon or child that is [Graceful] when three
// quarters of the time of its drop are up, and the tasks and the body of a scope that
// [Scope.Stop] has asked when those of its grace are. What it is nested in counts too,
// and so does a deadline of ctx. ok is false if nothing was asked so far, or there is no
// limit. It is for what divides its time, such as a server that stops in steps.
func StoppingDeadline(ctx context.Context) (deadline time.Time, ok bool) {
	deadline, _ = ctx.Deadline() // anybody's code, so no lock is held
	for f := lexicalFrameOf(ctx); f != nil; f = f.s.within {
		deadline = budget.Sooner(deadline, f.cancelsAt())
	}
	return deadline, !deadline.IsZero()
}

// cancelsAt returns when f is going to be canceled, having been asked to stop; zero if
// it was not asked, or for never.
func (f *frame) cancelsAt() (at time.Time) {
	s := f.s
	s.mu.Lock()
	defer s.mu.Unlock()
	switch c := s.clock(); {
	case f.kind == daemonFrame:
		if d, ok := f.node.resource.(*Daemon); ok && f.asked {
			at = d.until
		}
	case f.kind > taskFrame || c == nil:
	default:
		at = c.bound
		if s.grace > 0 && !c.graceFrom.IsZero() {
			at = budget.Sooner(at, c.graceFrom.Add(budget.Asked(s.grace)))
		}
	}
	return at
}
