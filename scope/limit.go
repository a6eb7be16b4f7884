package scope

import "context"

// slot takes one of the slots of a task limit, and with a context waits for it.
func (s *Scope) slot(wait context.Context) error {
	if s.config == nil || s.config.slots == nil {
		return nil
	}
	select {
	case s.config.slots <- struct{}{}:
		return nil
	default:
	}
	switch why := s.refusesTask(); {
	case why != nil:
		return why
	case wait == nil:
		return ErrBusy
	}
	select {
	case s.config.slots <- struct{}{}:
	case <-Stopping(&s.body):
		if why := s.refusesTask(); why != nil {
			return why
		}
		return ErrClosed
	case <-wait.Done():
		return context.Cause(wait)
	}
	return nil
}

func (s *Scope) freeSlot() {
	if s.config != nil && s.config.slots != nil {
		<-s.config.slots
	}
}

func (s *Scope) refusesTask() error {
	cause := s.cause()
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.refusesTaskLocked(cause)
}

// refusesTaskLocked returns why tasks are no longer started, or nil; cause is that
// of the scope. While the scope drains, its tasks may start tasks; once none is
// alive, none is.
func (s *Scope) refusesTaskLocked(cause error) error {
	if s.state >= dropping || s.body.live.Load() == 0 {
		return ErrClosed
	}
	if cause != nil {
		return cause
	}
	return s.stopReasonLocked()
}
