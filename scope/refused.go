package scope

import "log/slog"

// refusals are the tasks that a scope has not taken: it was canceled, asked to stop or
// closed. The caller of Go has no result to learn it from, so the log has the first
// by name, and a count of the others when the scope ends; the report has them all. It
// is guarded by the scope's mu.
type refusals struct {
	tasks  map[string]int // by name
	logged int            // of those, by Go; the first by name
	over   bool           // the count was logged: from then on each is, by name
}

// maxRefused bounds the names that are kept; the tasks of others are kept under "".
const maxRefused = 1000

// refuse counts a task that is not run. It reports whether Go, if that has called, is
// to log it by name.
func (s *Scope) refuse(name string, byGo bool) (log bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.state == closed {
		if s.incidents == nil || s.incidents.refused == nil || s.incidents.refused.over {
			return byGo // there will be no count
		}
	}
	in := s.incidentsLocked()
	if in.refused == nil {
		in.refused = &refusals{tasks: make(map[string]int)}
	}
	r := in.refused
	if _, known := r.tasks[name]; !known && len(r.tasks) >= maxRefused {
		name = ""
	}
	r.tasks[name]++
	if !byGo {
		return false
	}
	r.logged++
	return r.logged == 1
}

// logRefused logs that Go has not run a task, because of why.
func (s *Scope) logRefused(name string, why error) {
	switch {
	case !s.refuse(name, true):
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
	if s.incidents != nil && s.incidents.refused != nil {
		more = s.incidents.refused.logged - 1
		s.incidents.refused.over = true
	}
	s.mu.Unlock()
	if more > 0 {
		s.warn("ebb: more tasks refused", slog.Int("count", more))
	}
}
