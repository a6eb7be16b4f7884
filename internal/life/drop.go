package life

import (
	"context"

	"github.com/ebb-go/ebb/internal/fault"
)

// A Droppable is the thing that a life is of, as its drop sees it: the value, or a
// container with all that was given to it.
type Droppable interface {
	Labeled
	// AwaitIdle blocks until nothing uses the thing, or ctx ends. Several
	// overlapping drops may call it at once.
	AwaitIdle(ctx context.Context) error
	// Call calls the drop function. It is called once.
	Call(ctx context.Context) error
	// Conclude returns the outcome of the drop whose Call returned err, panicked
	// with it, or called runtime.Goexit. It calls no foreign code.
	Conclude(err error) error
}

// Drop runs d's Call exactly once over any number of calls, when its state is
// from: Live for the holders of a guard, Given for its container. A call that
// finds the drop begun waits for it, or for its own ctx; one that finds it ended
// returns nil. site is where the call was made, or 0.
//
// A panic of Call is the outcome. A Goexit cannot be stopped and goes on, but the
// outcome is ErrGoexit and all that wait return it: the deferred function runs in all three
// cases, and err is ErrGoexit until Call has returned or panicked.
func (l *Life) Drop(ctx context.Context, d Droppable, from State, site uintptr) (err error) {
	ctx, begun, err := l.Begin(ctx, d, from, site)
	if !begun {
		return err
	}
	err = fault.ErrGoexit // replaced when Call returns or panics
	defer func() {
		p := recover()
		if p != nil {
			err = fault.Panic(p)
		}
		err = d.Conclude(err)
		l.End(err, p != nil)
	}()
	return d.Call(ctx)
}

// Begin is the first of the three steps of a drop. It returns true to exactly one
// caller, when nothing uses d: the caller then has to call the drop function
// with the context that Begin returns, and to call End whatever becomes of that. To all
// others it returns false and what their drop comes to, after a wait for the drop that
// overlaps with theirs. The arguments are as for Drop.
//
// A value without borrowers begins under one lock, without a question to ctx. That is
// nearly every drop, and what the teardown of a hundred thousand guards consists of.
func (l *Life) Begin(ctx context.Context, d Droppable, from State, site uintptr) (inside context.Context, begun bool, err error) {
	l.mu.Lock()
	if s := l.State(); l.alone && (s == from || s == Draining) && l.borrows == 0 && l.from == nil {
		inside = l.beginLocked(ctx, site)
		l.mu.Unlock()
		return inside, true, nil
	}
	l.mu.Unlock()
	return l.beginIdle(ctx, d, from, site)
}

// beginIdle is Begin for what may have to wait. It gives the lock back three times: to ask
// ctx, to wait, and at the end. Each time the state may have moved when it looks again.
//
//   - After the question to ctx it looks as if it had just come, but for a drop that was
//     running before the question and has ended since: that drop overlaps with this call,
//     which so returns its error, and not the nil of a call that came later.
//   - After the wait the state is Draining, as nothing but a drop leaves that, or another
//     drop that waited too has been first; then this one waits for it.
//
// Of several calls that have waited, the lock picks the one that moves to Dropping.
func (l *Life) beginIdle(ctx context.Context, d Droppable, from State, site uintptr) (inside context.Context, begun bool, err error) {
	l.mu.Lock()
	overlaps := l.State() == Draining || l.State() == Dropping
	if l.borrows > 0 || l.from != nil || overlaps {
		// The call is going to wait, maybe for the function it is made from.
		// Asking ctx is foreign code, so not under mu. What changes meanwhile
		// is no harm: where the call does wait, it is asked again.
		l.mu.Unlock()
		if err := reentrant(ctx, l, d); err != nil {
			return ctx, false, err
		}
		l.mu.Lock()
	}
	switch s := l.State(); {
	case s == from:
		l.set(Draining)
	case s == Draining:
	case s == Dropping:
		l.mu.Unlock()
		return ctx, false, l.wait(ctx, d)
	case s == Live || s == Given:
		l.mu.Unlock()
		return ctx, false, ErrOwned
	default:
		if overlaps { // with a drop that has ended while ctx was asked
			err = l.err
		}
		l.mu.Unlock()
		return ctx, false, err
	}
	l.mu.Unlock()
	if err := d.AwaitIdle(ctx); err != nil {
		return ctx, false, err // the state stays Draining, and a later drop goes on from there
	}
	l.mu.Lock()
	if l.State() != Draining {
		l.mu.Unlock()
		return ctx, false, l.wait(ctx, d) // an overlapping drop settled too, and was first
	}
	inside = l.beginLocked(ctx, site)
	l.mu.Unlock()
	return inside, true, nil
}

// beginLocked moves to Dropping, and returns the context of the drop function. Nothing
// uses the thing, and nothing will. The leak hook stops before the drop function is called:
// a thing whose drop has begun is not forgotten, whatever becomes of the drop.
func (l *Life) beginLocked(ctx context.Context, site uintptr) context.Context {
	l.Origin.EndedAt(site)
	Disarm(l.Origin, l)
	l.set(Dropping)
	if l.unmarked {
		return ctx
	}
	return NewMark(ctx, l)
}

// End is the last of the three steps of a drop, and gives all that wait the outcome.
// An outcome that is an error says by panicked whether the drop function panicked with
// it: an error that it returned is none, whatever it is or wraps. End is called exactly once
// for a Begin that returned true, also after a panic or Goexit; what waits would wait for
// ever otherwise.
func (l *Life) End(err error, panicked bool) {
	l.mu.Lock()
	l.err, l.panicked = err, panicked
	l.endLocked(Dropped)
	l.mu.Unlock()
}

// Conclude adds nothing to the outcome, for what has nothing to add.
func (l *Life) Conclude(err error) error { return err }
