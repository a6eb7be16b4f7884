package guard

import "context"

// borrow counts a borrower in, if the state is want.
func (c *core) borrow(want state) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if s := c.is(); s != want {
		return refusal(s)
	}
	c.borrows++
	return nil
}

// giveBack counts out the borrower whose function was given m.
func (c *core) giveBack(m *mark) {
	m.over.Store(true)
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.borrows--; c.borrows == 0 && c.waits != nil && c.waits.idle != nil {
		close(c.waits.idle)
		c.waits.idle = nil
		c.tidyLocked()
	}
}

// settle blocks until there are no borrowers, of this guard and of those it was
// mapped from, or ctx ends. Called when new ones are refused.
func (c *core) settle(ctx context.Context, as labeled) error {
	for ; c != nil; c = c.from {
		idle := c.busy()
		if idle == nil {
			continue
		}
		over := ctx.Done()
		from, err := enter(ctx, c, as)
		if err != nil {
			return err
		}
		select {
		case <-idle:
			from.leave()
		case <-over:
			from.leave()
			return notDropped(ctx)
		}
	}
	return nil
}

// busy returns nil if there are no borrowers, and else a channel that is closed when
// the last one has ended.
func (c *core) busy() <-chan struct{} {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.borrows == 0 {
		return nil
	}
	w := c.waitsLocked()
	if w.idle == nil {
		w.idle = make(chan struct{})
	}
	return w.idle
}

// borrowedLocked reports whether this guard, or one it was mapped from, has
// borrowers. The mu of a mapped guard is taken before that of the one it was
// mapped from.
func (c *core) borrowedLocked() bool {
	if c.borrows > 0 {
		return true
	}
	if c.from == nil {
		return false
	}
	c.from.mu.Lock()
	defer c.from.mu.Unlock()
	return c.from.borrowedLocked()
}

// notDropped is the error of a Drop whose ctx ended before it could begin.
func notDropped(ctx context.Context) error {
	return &causedError{ErrInUse, " and not dropped: ", context.Cause(ctx)}
}
