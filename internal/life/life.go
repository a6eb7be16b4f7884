package life

import (
	"context"
	"sync"
	"sync/atomic"
)

// A Life is the life of one thing that is dropped once: of a value, and of the
// containers that are dropped themselves. It knows no type and no value. The zero Life
// owes nothing. A Life must not be copied once it is used.
//
// Invariants:
//   - The state is written under mu only, but for the zero state's; it is atomic for
//     the sake of those that only use the value, which read it without.
//   - Refusing a borrower and counting it happen under one lock: once the state is
//     Draining, borrows only falls, so a drop that sees zero may begin.
//   - Exactly one call moves the state to Dropping, and only that call runs the drop.
//   - Draining is not left when a drop gives up, so borrowers that are counted then
//     are counted until they end, and every drop waits for them on its own.
//   - What is set together with a terminal state is set under mu before done is closed,
//     so that a wait which done has ended reads the outcome.
//   - from leads to a life that is Released, whose borrowers only become fewer. So a chain
//     of lives that were mapped from each other has no circle.
type Life struct {
	state atomic.Uint32

	Origin *Origin // where it was made, and the leak hook; immutable, nil when it is not tracked
	from   *Life   // the life this one was mapped from while it was borrowed; immutable

	mu       sync.Mutex    // protects the following, and the fields of Origin
	borrows  int32         // running Borrows
	owned    bool          // an owner reports it if it is forgotten; see Value.Own
	alone    bool          // immutable: only borrowers use the thing, so that without any it is idle
	unmarked bool          // immutable: the owner notices a drop that waits for itself; see Value.InitOwned
	panicked bool          // the drop function has panicked; set with the state Dropped
	waits    *waits        // what waits, see there; nil while it would be empty
	done     chan struct{} // made when first asked for; closed when the state is terminal
	err      error         // of the drop; set with the state Dropped
}

// State returns the state, which another goroutine may move as this one reads it.
func (l *Life) State() State { return State(l.state.Load()) }

func (l *Life) set(s State) { l.state.Store(uint32(s)) }

// Open makes a zero life live, unless that has been done. No state leads back to
// Empty, so that this write needs no lock.
func (l *Life) Open() { l.state.CompareAndSwap(uint32(Empty), uint32(Live)) }

// OpenRefused makes a zero life one whose use is refused with err. It has ended: Done is
// closed.
func (l *Life) OpenRefused(err error) {
	l.set(stateOf(err))
	if err == ErrOwned {
		l.done = make(chan struct{})
		close(l.done) // nothing will end it
	}
}

// Lock locks the life, for a container whose own fields it protects too: what the
// container takes in it takes while the state is still Live, or refuses.
func (l *Life) Lock() { l.mu.Lock() }

// Unlock is the opposite of Lock.
func (l *Life) Unlock() { l.mu.Unlock() }

// ReleaseLocked ends a life whose value goes out undropped, and wakes up all that wait.
// The state must be Live or Given.
func (l *Life) ReleaseLocked() { l.endLocked(Released) }

// Refuse begins to refuse new users, as from the beginning of a drop, if the state is
// from. It is for a caller that is going to drop, and that has promised its own callers a
// refusal from this moment on: a scope whose engine begins the drop a little later, and the
// last handle of a shared value. If that drop never comes, the value is lost to all.
func (l *Life) Refuse(from State) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.State() == from {
		l.set(Draining)
	}
}

// endLocked moves to a terminal state and wakes up all that wait for it.
func (l *Life) endLocked(s State) {
	l.set(s)
	if l.done != nil {
		close(l.done)
	}
}

// Done returns a channel that is closed once the state is terminal. It is made when
// first asked for: most lives never need one. Making it and looking at the state happen
// under one lock, so that either the end finds the channel or the channel is made closed.
func (l *Life) Done() <-chan struct{} {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.done == nil {
		l.done = make(chan struct{})
		if l.State().ended() {
			close(l.done)
		}
	}
	return l.done
}

// Err returns the error of the drop; nil before it has ended, and for a life that ended
// without one.
func (l *Life) Err() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.err
}

// Panicked reports whether the drop has ended with a panic. An error that the drop
// function has returned is none, even if it is a *PanicError.
func (l *Life) Panicked() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.panicked
}

// wait blocks until a drop that has begun has ended, and returns its error; or
// until ctx ends, and returns its cause. If both have happened, the error of the drop
// wins: it is what the caller has asked for, and may be the only report of it.
func (l *Life) wait(ctx context.Context, as Labeled) error {
	done, over := l.Done(), ctx.Done()
	select {
	case <-done:
		return l.Err() // also when ctx is over
	default:
	}
	w, err := EnterBeyond(ctx, l, as)
	if err != nil {
		return err
	}
	select {
	case <-done:
		w.Leave()
		return l.Err()
	case <-over:
		w.Leave()
		return context.Cause(ctx)
	}
}
