package scope

import "log/slog"

// refuse counts a task that Go does not run, and reports whether to log it by name.
func (s *Scope) refuse() (log bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.state == closed && (s.exitState == nil || s.exitState.refused.n == 0) {
		return true // there will be no count
	}
	r := &s.exitStateLocked().refused
	r.n++
	return r.n == 1 || r.over
}

// logRefused logs that Go has not run a task, because of why.
func (s *Scope) logRefused(name string, why error) {
	switch {
	case !s.refuse():
	case why == ErrClosed && s.isClosed():
		s.warn("ebb: task refused by a closed scope", slog.String("task", name))
	default:
		s.warn("ebb: task refused", slog.String("task", name), slog.Any("cause", why))
	}
}

// logMoreRefused logs at the end of the scope how many tasks Go has refused beside the
// one that it has named.
func (s *Scope) logMoreRefused() {
	s.mu.Lock()
	more := 0
	if s.exitState != nil {
		more = s.exitState.refused.n - 1
		s.exitState.refused.over = true
	}
	s.mu.Unlock()
	if more > 0 {
		s.warn("ebb: more tasks refused", slog.Int("count", more))
	}
}

// isClosed reports whether tasks are refused because of the scope's state, rather
// than with ErrClosed as the cause of its being asked to stop.
func (s *Scope) isClosed() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.state >= dropping || s.body.live.Load() == 0
}

// refused counts a task that the scope no longer takes.
func (s *Scope) refused(t *task, why error) {
	if why == ErrBusy {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if d := s.drainedLocked(); d != nil {
		d.item("task", t.name).Refused++
	}
}
