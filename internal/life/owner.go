package life

import "context"

// Own makes the caller the owner, which reports the value if it is forgotten, and
// stops its leak hook. It returns ErrOwned if it has an owner already, or was given to
// a container, and the refusal once the value is gone. An owner uses and drops the value
// as its holder does.
//
// Owned is apart from the state, since an owner does not take the value from its users: it
// only answers for it. So a value that has an owner can still be used and dropped by its
// holders, and the owner must expect a drop behind its back.
func (g *Value[T]) Own() error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if s := g.State(); s != Live {
		return s.Refusal()
	}
	if g.owned {
		return ErrOwned
	}
	g.owned = true
	Disarm(g.Origin, &g.Life)
	return nil
}

// Disown undoes Own: its caller has not become the owner after all, or is it no longer.
// The leak hook is armed again, if the value had one.
func (g *Value[T]) Disown() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.owned && g.State() == Live {
		g.owned = false
		Arm(g.Origin, &g.Life)
	}
}

// Take gives the value to a container: from then on it is refused to its holder. The
// leak hook stays armed: a container that is forgotten takes its values with it, and
// those are reported with their own sites. A value that has an owner is refused, unless
// it was made for one: then the caller is the owner.
func (g *Value[T]) Take() error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if s := g.State(); s != Live {
		return s.Refusal()
	}
	if g.owned {
		return ErrOwned
	}
	g.set(Given)
	return nil
}

// Give undoes Take, and arms the hook if the container had stopped it. Only the container
// that has taken the value calls it, before it has begun to drop.
func (g *Value[T]) Give() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.set(Live)
	Arm(g.Origin, &g.Life)
}

// Unhook stops the leak hook for a container that has hooks of its own: each handle of a
// shared value has one, and a value that all handles have forgotten is reported by theirs.
func (g *Value[T]) Unhook() {
	g.mu.Lock()
	defer g.mu.Unlock()
	Disarm(g.Origin, &g.Life)
}

// Release hands the value out undropped. It returns ErrInUse while the value is
// borrowed, also from one that this one was mapped from, and the refusal once it is
// gone.
func (g *Value[T]) Release() (v T, err error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if s := g.State(); s != Live {
		return v, s.Refusal()
	}
	if g.borrowedLocked() {
		return v, ErrInUse
	}
	Disarm(g.Origin, &g.Life)
	g.ReleaseLocked()
	return g.v, nil
}

// Move makes to, which must be zero, owe what g owes, for the owner of g that hands it on
// to another: g is as after Release, and to has an owner from the start. A value that has
// been moved often is no larger than one that has not. If g is gone, to is gone with the
// same error.
//
// Under g's lock nothing can begin to borrow or drop g, and nothing else has to. So at every
// instant exactly one of the two owes the drop, and the borrowers that g has then are all
// that a drop of to waits for.
func (g *Value[T]) Move(to *Value[T]) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if s := g.State(); s != Live {
		to.set(s)
		if s != Released {
			to.set(Empty) // its drop is g's
		}
		return
	}
	to.v, to.fn, to.Origin = g.v, g.fn, g.Origin
	to.owned, to.unmarked, to.alone = true, g.unmarked, true
	// Of a value that has been moved on, the borrowers only become fewer: those that
	// have none need not be looked at again.
	if g.borrows > 0 {
		to.from = &g.Life
	} else if to.from = g.from; to.from != nil {
		to.from = to.from.nearestBorrowed()
	}
	Disarm(g.Origin, &g.Life)
	to.set(Live)
	g.ReleaseLocked()
}

// Map makes to, which must be zero, owe with f's result what g owes: its drop is g's on
// g's value, and its leak hook is g's. g is as after Release. Functions that are
// borrowing g's value may finish: a drop of to waits for them too. While f runs, other
// calls on g are refused with ErrOwned; if it panics, g is unchanged. If g is gone or
// owned, f is not called, and to is gone with the same error.
//
// f is foreign code, so that no lock is held while it runs. What keeps others away meanwhile
// is the state Given, which is undone if f does not return.
func Map[T, U any](to *Value[U], g *Value[T], f func(T) U) {
	if err := g.Take(); err != nil {
		to.OpenRefused(err)
		return
	}
	moved := false
	defer func() {
		if !moved {
			g.Give() // f panicked
		}
	}()
	drop, v := g.fn, g.v
	to.Init(f(v), func(ctx context.Context, _ U) error { return drop(ctx, v) })
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.borrows > 0 || g.from != nil {
		to.from = &g.Life
	}
	Disarm(g.Origin, &g.Life)
	to.Track(g.Origin.as(typeOf(to.v)))
	g.ReleaseLocked()
	moved = true
}
