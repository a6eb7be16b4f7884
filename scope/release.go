package scope

// Release takes the guard from its scope and returns the value, un-dropped:
// giving it up is the caller's duty again. It returns an [*InUseError] while
// the guard has dependents, [guard.ErrInUse] while its value is borrowed,
// ErrDropped or ErrReleased when it is gone, and ErrClosed when the teardown of
// its scope has begun.
func (h *Handle[T]) Release() (T, error) {
	var v T
	err := h.node.release(func() (err error) {
		v, err = h.g.Release()
		return err
	})
	if err != nil {
		err = h.node.s.refusal("release", h.Name(), err)
	}
	return v, err
}

// release takes n out of its scope without dropping it, if give, which hands
// its value out, agrees. Between the claim and its end nothing can come to depend
// on n, and no drop of it can begin.
func (n *node) release(give func() error) error {
	s := n.s
	s.mu.Lock()
	defer s.unlockAndCount()
	switch {
	case n.is() == released:
		return ErrReleased
	case n.is() != live:
		return ErrDropped
	case s.state >= dropping:
		return ErrClosed
	}
	if err := s.graph.Claim(&n.vertex); err != nil {
		return notAccepted(err)
	}
	if err := give(); err != nil {
		s.graph.Unclaim(&n.vertex)
		return err
	}
	// Refused only if a run has taken the node meanwhile, with what it depends
	// on; that finds n released.
	_ = s.graph.Remove(&n.vertex)
	n.set(released)
	n.makeRarelyLocked().site = callSite()
	s.names.free(n.name())
	n.unpinLocked()
	s.lives(-1)
	return nil
}
