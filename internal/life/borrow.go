package life

import "context"

// Lend counts a borrower in, if the state is want, and returns the context for its function;
// otherwise it returns the refusal. Until GiveBack no drop begins: a drop that came first has
// moved the state under the same lock, and one that comes later finds the count.
func (l *Life) Lend(ctx context.Context, want State) (*Mark, error) {
	l.mu.Lock()
	if s := l.State(); s != want {
		l.mu.Unlock()
		return nil, s.Refusal()
	}
	l.borrows++
	l.mu.Unlock()
	return NewMark(ctx, l), nil
}

// BorrowLocked counts in a borrower that the holder of the lock admits: the attempt of a
// Lazy, which is decided together with fields of the Lazy.
func (l *Life) BorrowLocked() { l.borrows++ }

// GiveBack counts out the borrower whose function was given m. The mark is over before the
// count falls, so that a drop which this lets begin is not refused as one from inside the
// function that has just ended.
func (l *Life) GiveBack(m *Mark) {
	m.over.Store(true)
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.borrows--; l.borrows == 0 && l.waits != nil && l.waits.idle != nil {
		close(l.waits.idle)
		l.waits.idle = nil
		l.tidyLocked()
	}
}

// AwaitBorrowers blocks until there are no borrowers, of this life and of those it was
// mapped from, or ctx ends. It is called when new ones are refused, so that a life which
// was idle once stays idle: none has to be looked at twice. With ctx over, the borrowers keep
// the value, and the error is ErrInUse with the cause of ctx.
func (l *Life) AwaitBorrowers(ctx context.Context, as Labeled) error {
	for ; l != nil; l = l.from {
		idle := l.busy()
		if idle == nil {
			continue
		}
		over := ctx.Done()
		w, err := EnterBeyond(ctx, l, as)
		if err != nil {
			return err
		}
		select {
		case <-idle:
			w.Leave()
		case <-over:
			w.Leave()
			return NotDropped(ctx)
		}
	}
	return nil
}

// busy returns nil if there are no borrowers, and else a channel that is closed when
// the last one has ended. All that wait at the same time share the channel.
func (l *Life) busy() <-chan struct{} {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.borrows == 0 {
		return nil
	}
	w := l.waitsLocked()
	if w.idle == nil {
		w.idle = make(chan struct{})
	}
	return w.idle
}

// borrowedLocked reports whether this life, or one it was mapped from, has borrowers.
// The lock of a mapped life is taken before that of the one it was mapped from.
func (l *Life) borrowedLocked() bool {
	if l.borrows > 0 {
		return true
	}
	if l.from == nil {
		return false
	}
	l.from.mu.Lock()
	defer l.from.mu.Unlock()
	return l.from.borrowedLocked()
}

// nearestBorrowed returns l, or the nearest of those it was mapped from, that has
// borrowers; nil if none has. Its result can be old at once, but only on the safe side: all
// of them are Released, so that their borrowers only become fewer.
func (l *Life) nearestBorrowed() *Life {
	for ; l != nil; l = l.from {
		l.mu.Lock()
		borrows := l.borrows
		l.mu.Unlock()
		if borrows > 0 {
			return l
		}
	}
	return nil
}
