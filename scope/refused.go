package scope

import "log/slog"

// refusals are the tasks that Go has not run: the scope was canceled, asked to stop or
// closed. The caller of Go has no result to learn it from, so the log has the first by
// name, and a count of the others when the scope ends. They are guarded by the scope's
// mu.
type refusals struct {
	n    int
	over bool // the count was logged: from then on each is, by name
}

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
