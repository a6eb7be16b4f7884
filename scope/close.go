package scope

// closeContext moves the scope on to closed and frees what its context holds.
func (s *Scope) closeContext() {
	_ = s.context.Err()
	s.mu.Lock()
	s.closeLocked()
	s.unlockAndCount()
	s.context.end()
	if c := s.config; c != nil && c.unshow != nil {
		c.unshow()
	}
	if c := s.config; c != nil && c.untrace != nil {
		c.untrace()
	}
}

// closeLocked moves the scope on to closed. The caller has asked the context for
// Err before, and calls its end afterwards, both without the lock.
func (s *Scope) closeLocked() {
	s.context.close()
	s.advanceLocked(closed)
	s.body.unpin(nil)
	s.unwatchLocked()
}

func (s *Scope) unwatchLocked() {
	c := s.clock()
	if c == nil {
		return
	}
	if c.unwatch != nil {
		c.unwatch()
	}
	if c.stopTimer != nil {
		c.stopTimer.Stop()
	}
}
