package scope

import (
	"time"

	"github.com/ebb-go/ebb/trace"
)

// beginDrainedLocked starts the account, unless that was done or nothing looks at it.
func (s *Scope) beginDrainedLocked() {
	if !s.watched || s.state >= dropping {
		return
	}
	if x := s.exitStateLocked(); x.drained == nil {
		x.drained = &drained{started: time.Now()}
	}
}

// beginDrained is beginDrainedLocked without the lock.
func (s *Scope) beginDrained() {
	if s.watched {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.beginDrainedLocked()
	}
}

// noticeDrained starts the account if the scope has been canceled: what ends for that
// may do so before the scope itself has noticed. The context is foreign code, so it is
// asked without the lock.
func (s *Scope) noticeDrained() {
	if s.watched && s.body.Err() != nil {
		s.beginDrained()
	}
}

// drainReport returns the account for the report of a scope whose drain ended at end.
func (s *Scope) drainReport(end time.Time) (r trace.Drain) {
	s.mu.Lock()
	defer s.mu.Unlock()
	d := s.drainedLocked()
	if d == nil {
		return r
	}
	r.Started, r.Ended = d.started, end
	for _, item := range d.items {
		r.Items = append(r.Items, *item)
	}
	return r
}
