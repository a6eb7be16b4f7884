package guard

import (
	"context"
	"sync"
	"sync/atomic"

	"github.com/ebb-go/ebb/internal/fault"
)

// A state says what may be done with a guarded value. States move only down
// this list, but for given, which is left upwards when a container gives its
// guard back.
type state uint32

const (
	empty    state = iota // the zero value, which owes nothing; terminal
	live                  // usable; left by Drop, Release, Map and by being given away
	given                 // a container uses and drops it; left by the container's doing
	draining              // Drop was called and waits for borrowers; left when a Drop finds none
	dropping              // the drop function runs; left when it has ended
	dropped               // the drop function has ended; terminal
	released              // the value went out undropped; terminal
)

// A core is the life of one thing that is dropped exactly once: of a guard, and
// of the containers that are droppers themselves. It knows no type and no value.
//
// Invariants:
//   - state is written under mu only; it is atomic for the sake of Value, which
//     reads it without.
//   - Refusing a borrower and counting it happen under one lock: once the state
//     is draining, borrows only falls, so a Drop that sees zero may begin.
//   - Exactly one call moves the state to dropping, and only that call runs the drop.
//   - Under mu no foreign code runs and nothing waits. The mu of a container is taken
//     before that of a guard that it was given, and that of a mapped guard before that
//     of the guard it was mapped from; nothing else holds two.
//   - Draining is not left when a Drop gives up, so borrowers that are counted then
//     are counted until they end, and every Drop waits for them on its own.
type core struct {
	state atomic.Uint32

	origin *origin // where it was made, and the leak hook; immutable, nil when it is not tracked
	from   *core   // the guard this one was mapped from while it was borrowed; immutable

	mu       sync.Mutex    // protects the following, and the fields of origin
	borrows  int32         // running Borrows
	owned    bool          // an owner reports it if it is forgotten; see Own
	unmarked bool          // immutable: the owner notices a drop that waits for itself; see InitOwned
	stepping bool          // between BeginDrop and EndDrop
	panicked bool          // the drop function has panicked; set with the state dropped
	waits    *waits        // what waits, see there; nil while it would be empty
	done     chan struct{} // made when first asked for; closed when the state is terminal
	err      error         // of the drop; set with the state dropped
}

// An ender is what a core drops.
type ender interface {
	labeled
	// settle blocks until nothing uses what is to be dropped, or ctx ends. It
	// may be called by several overlapping Drops at once.
	settle(ctx context.Context) error
	// end drops it. It is called once.
	end(ctx context.Context) error
	// conclude returns the outcome of the drop whose end returned err, panicked
	// with it, or called runtime.Goexit. It calls no foreign code.
	conclude(err error) error
}

func (c *core) is() state   { return state(c.state.Load()) }
func (c *core) set(s state) { c.state.Store(uint32(s)) }

// refusal is the error of a use of a value in state s.
func refusal(s state) error {
	switch s {
	case given:
		return ErrOwned
	case released, live: // live: to a container that gave it back
		return ErrReleased
	}
	return ErrDropped
}

// drop runs e's end exactly once over any number of calls, when its state is
// from: live for the holders of the guard, given for its container. A call that
// finds the drop begun waits for it, or for its own ctx; one that finds it ended
// returns nil. site is where the call was made, or 0.
func (c *core) drop(ctx context.Context, e ender, from state, site uintptr) error {
	c.mu.Lock()
	overlaps := c.is() == draining || c.is() == dropping
	if c.borrows > 0 || c.from != nil || overlaps {
		// The call is going to wait, maybe for the function it is made from.
		// Asking ctx is foreign code, so not under mu. What changes meanwhile
		// is no harm: where the call does wait, it is asked again.
		c.mu.Unlock()
		if err := reentrant(ctx, c, e); err != nil {
			return err
		}
		c.mu.Lock()
	}
	switch s := c.is(); s {
	case from:
		c.set(draining)
	case draining:
	case dropping:
		c.mu.Unlock()
		return c.wait(ctx, e)
	case live, given:
		c.mu.Unlock()
		return ErrOwned
	default:
		defer c.mu.Unlock()
		if overlaps { // with a drop that has ended while ctx was asked
			return c.err
		}
		return nil
	}
	c.mu.Unlock()
	if err := e.settle(ctx); err != nil {
		return err // the state stays draining, and a later Drop goes on from there
	}
	c.mu.Lock()
	if c.is() != draining {
		c.mu.Unlock()
		return c.wait(ctx, e) // an overlapping Drop settled too, and was first
	}
	c.origin.endedAt(site)
	disarm(c.origin, c)
	c.set(dropping)
	c.mu.Unlock()
	return c.run(ctx, e)
}

// run calls e's end. A panic of it is the outcome. A Goexit cannot be stopped and
// goes on, but the outcome is ErrGoexit and all that wait return it.
func (c *core) run(ctx context.Context, e ender) (err error) {
	err = ErrGoexit // replaced when end returns or panics
	defer func() {
		p := recover()
		if p != nil {
			err = fault.Panic(p)
		}
		err = e.conclude(err)
		c.mu.Lock()
		c.panicked = p != nil
		c.concludeLocked(err)
		c.mu.Unlock()
	}()
	if c.unmarked {
		return e.end(ctx)
	}
	return e.end(&mark{Context: ctx, of: c})
}

// conclude adds nothing to the outcome, for what has nothing to add.
func (c *core) conclude(err error) error { return err }

// concludeLocked ends a drop that has begun.
func (c *core) concludeLocked(err error) {
	c.err = err
	c.endLocked(dropped)
}

// endLocked moves to a terminal state and wakes up all that wait for it.
func (c *core) endLocked(s state) {
	c.set(s)
	if c.done != nil {
		close(c.done)
	}
}

// wait blocks until a drop that has begun has ended, and returns its error; or
// until ctx ends, and returns its cause.
func (c *core) wait(ctx context.Context, as labeled) error {
	done, over := c.ended(), ctx.Done()
	select {
	case <-done:
		return c.outcome() // also when ctx is over
	default:
	}
	from, err := enter(ctx, c, as)
	if err != nil {
		return err
	}
	select {
	case <-done:
		from.leave()
		return c.outcome()
	case <-over:
		from.leave()
		return context.Cause(ctx)
	}
}

// ended returns a channel that is closed once the state is terminal. It is made
// when first asked for: most guards never need one.
func (c *core) ended() <-chan struct{} {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.done == nil {
		c.done = make(chan struct{})
		if s := c.is(); s == empty || s >= dropped {
			close(c.done)
		}
	}
	return c.done
}

// hasPanicked reports whether the drop has ended with a panic. An error that the drop
// function has returned is none, even if it is a *PanicError.
func (c *core) hasPanicked() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.panicked
}

// outcome returns the error of the drop; nil before it has ended.
func (c *core) outcome() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.err
}
