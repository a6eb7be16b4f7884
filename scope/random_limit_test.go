package scope_test

import (
	"context"
	"time"

	"github.com/ebb-go/ebb/scope"
)

// enter takes note of a scope that has been opened.
func (m *model) enter(s *scope.Scope, rec *runRecord) {
	m.mu.Lock()
	m.runs[s] = rec
	m.noteLocked("%s opens, limited %v, grace %v, with %q", s.Path(), rec.limited, rec.grace, rec.options)
	m.mu.Unlock()
	context.AfterFunc(s.Context(), func() {
		m.mu.Lock()
		defer m.mu.Unlock()
		m.noteLocked("%s is canceled: %v", s.Path(), context.Cause(s.Context()))
		rec.canceled = time.Now()
	})
}

// limit takes note that something can cut what runs in a scope.
func (m *model) limit(rec *runRecord) {
	m.mu.Lock()
	defer m.mu.Unlock()
	rec.limited = true
}

// leave takes note that the body of a scope has returned.
func (m *model) leave(rec *runRecord) {
	m.mu.Lock()
	defer m.mu.Unlock()
	rec.left = time.Now()
}

// taskRuns counts the tasks that run in rec, by +1 and -1.
func (m *model) taskRuns(rec *runRecord, n int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for ; rec != nil; rec = rec.around {
		rec.running += n
	}
}

// heldBy returns the handles of s, as far as the program knows them.
func (m *model) heldBy(s *scope.Scope) (hs []held) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, h := range m.handles {
		if h.s == s {
			hs = append(hs, h)
		}
	}
	return hs
}
