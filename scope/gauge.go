package scope

// lives notes that delta more guards, daemons and children are live, with the lock
// held or not. The meter that counts them is foreign code, so count calls it.
func (s *Scope) lives(delta int32) {
	if s.rec != nil {
		s.uncounted.Add(delta)
	}
}

// count adds to the meter what lives has noted, by this goroutine or another. It is
// called with no lock held, after every call of lives.
func (s *Scope) count() {
	if s.rec == nil {
		return
	}
	if delta := s.uncounted.Swap(0); delta != 0 {
		s.rec.GuardLive(int(delta))
	}
}

// unlockAndCount unlocks the scope after something that has called lives.
func (s *Scope) unlockAndCount() {
	s.mu.Unlock()
	if s.rec != nil {
		s.count()
	}
}
