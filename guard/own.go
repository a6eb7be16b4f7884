package guard

import "context"

// Own makes the caller the owner, which reports the guard if it is forgotten, and
// stops its leak hook. It returns ErrOwned if it has an owner already, or was
// given to a container, and the error of Get once the value is gone. An owner
// uses and drops the guard by its ordinary methods.
func (g *Guard[T]) Own() error {
	if g == nil {
		return ErrDropped
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if s := g.is(); s != live {
		return refusal(s)
	}
	if g.owned {
		return ErrOwned
	}
	g.owned = true
	disarm(g.origin, g)
	return nil
}

// Disown undoes [Guard.Own]: its caller has not become the owner after all, or is it
// no longer. The leak hook is armed again, if the guard had one.
func (g *Guard[T]) Disown() {
	if g == nil {
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.owned && g.is() == live {
		g.owned = false
		arm(g.origin, g)
	}
}

// Refuse is called by the owner of the guard, who is going to drop it: from now on the
// value is gone, as from the beginning of a Drop.
func (g *Guard[T]) Refuse() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.is() == live {
		g.set(draining)
	}
}

// BeginDrop, CallDrop and EndDrop are [Guard.Drop] in three steps, for the owner
// that made the guard by [InitOwned] and alone drops it. So none of
// this package's frames lies on the stack while the drop function runs. (Of a
// hundred thousand drops that block, each then does with 2 KB instead of 4.)
//
// BeginDrop begins the drop if there is nothing to wait for, and else returns
// false: then Drop is the way. It returns false for a guard that was not made by
// InitOwned, and for nil.
func (g *Guard[T]) BeginDrop() bool {
	if g == nil || !g.unmarked { // such a one has no origin
		return false
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if s := g.is(); s != live && s != draining || g.borrows > 0 || g.from != nil {
		return false
	}
	g.set(dropping)
	g.stepping = true
	return true
}

// CallDrop calls the drop function and returns its error; a panic of it passes
// through. It is called once, and only if BeginDrop has returned true.
func (g *Guard[T]) CallDrop(ctx context.Context) error { return g.fn(ctx, g.v) }

// EndDrop ends the drop with its outcome, which is an error if CallDrop has not
// returned. It must be called whatever becomes of that, and does nothing unless
// BeginDrop has begun.
func (g *Guard[T]) EndDrop(err error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.stepping {
		g.stepping = false
		g.concludeLocked(err)
	}
}

// Panicked reports whether the drop function has panicked, rather than returned an
// error that is or wraps a [*PanicError]. It is false before the drop has ended, and
// for a drop in steps, whose caller knows.
func (g *Guard[T]) Panicked() bool { return g != nil && g.hasPanicked() }

// take gives the guard to a container: from then on its own methods only report
// how it ended. The leak hook stays armed: a container that is forgotten takes
// its guards with it, and those are reported with their own sites. A guard that
// an owner took by [Guard.Own] is refused; one made by [Owned] has no owner but
// the caller.
func (g *Guard[T]) take() error {
	if g == nil {
		return ErrDropped
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if s := g.is(); s != live {
		return refusal(s)
	}
	if g.owned && g.origin != nil {
		return ErrOwned
	}
	g.set(given)
	return nil
}

// give undoes take, and arms the hook if the container had stopped it.
func (g *Guard[T]) give() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.set(live)
	arm(g.origin, g)
}

// MoveOwned makes to, which must be the zero Guard, owe what g owes, for the owner of
// g that hands it on to another: g is as after Release, and to has an owner from the
// start. A guard that has been moved often is no larger than one that has not. If g is
// gone, to is gone with the same error.
func MoveOwned[T any](to, g *Guard[T]) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if s := g.is(); s != live {
		to.set(s)
		if s != released {
			to.set(empty) // its drop is g's
		}
		return
	}
	to.v, to.fn, to.origin = g.v, g.fn, g.origin
	to.owned, to.unmarked = true, g.unmarked
	// Of a guard that has been moved on, the borrowers only become fewer: those that
	// have none need not be looked at again.
	if g.borrows > 0 {
		to.from = &g.core
	} else if to.from = g.from; to.from != nil {
		to.from = to.from.borrowedFrom()
	}
	disarm(g.origin, g)
	to.set(live)
	g.endLocked(released)
}

// borrowedFrom returns c, or the nearest of those it was mapped from, that has
// borrowers; nil if none has.
func (c *core) borrowedFrom() *core {
	for ; c != nil; c = c.from {
		c.mu.Lock()
		borrows := c.borrows
		c.mu.Unlock()
		if borrows > 0 {
			return c
		}
	}
	return nil
}

// Map returns a guard of f's result that owes what g owed: its Drop runs g's
// drop function on g's value, and its leak hook is g's. g is as after Release.
// Functions that are borrowing g's value may finish: the new guard's Drop waits for
// them too. While f runs, other calls on g return ErrOwned; if it panics, g is
// unchanged. If g is gone or owned, f is not called, and the new guard is gone with
// the same error.
func Map[T, U any](g *Guard[T], f func(T) U) *Guard[U] {
	if err := g.take(); err != nil {
		return unusable[U](err)
	}
	moved := false
	defer func() {
		if !moved {
			g.give() // f panicked
		}
	}()
	drop, v := g.fn, g.v
	h := &Guard[U]{v: f(v), fn: func(ctx context.Context, _ U) error { return drop(ctx, v) }}
	h.set(live)
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.borrows > 0 || g.from != nil {
		h.from = &g.core
	}
	disarm(g.origin, g)
	h.origin = g.origin.as(typeOf(h.v))
	arm(h.origin, h)
	g.endLocked(released)
	moved = true
	return h
}

// unusable returns a guard whose Get returns err. It has ended: Done is closed.
func unusable[T any](err error) *Guard[T] {
	g := new(Guard[T])
	switch err {
	case ErrReleased:
		g.set(released)
	case ErrOwned:
		g.set(given)
		g.done = make(chan struct{})
		close(g.done) // nothing will end it
	}
	return g
}
