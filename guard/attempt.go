package guard

import (
	"context"
	"fmt"

	"github.com/ebb-go/ebb/internal/life"
	"go.uber.org/multierr"
)

// An attempt is one run of the open function of a Lazy. It is a borrower of the Lazy, so
// that a Drop waits for it, and it is shared by all Gets that come while it runs.
//
// What becomes of it is decided under the lock of the Lazy's life, in one of two moments:
// when the last Get gives up, the attempt is forsaken and canceled; when it has made a value
// and is not forsaken, the value is kept and the attempt forgotten. So the context of a value
// that is kept is never canceled, and a forsaken attempt never keeps one.
type attempt struct {
	cancel   context.CancelCauseFunc
	done     chan struct{} // closed when what it made is stored or dropped
	waiting  int           // Gets that wait for it; under the lock of the life, as the following are
	forsaken bool          // all have given up: canceled, and what it makes is dropped; terminal
	err      error         // why there is nothing; set before done is closed
}

// join counts the caller among the Gets that wait for the attempt, which it begins if
// there is none, and returns the attempt. A forsaken attempt takes no further Get: it
// is returned with mine false, to be waited for before the next one begins, as attempts do
// not overlap. With nothing to wait for join returns nil.
func (l *Lazy[T]) join(ctx context.Context) (a *attempt, mine bool) {
	l.life.Lock()
	defer l.life.Unlock()
	if l.life.State() != life.Live || l.root != nil {
		return nil, false
	}
	if l.attempt == nil {
		l.attempt = l.begin(ctx)
	}
	if l.attempt.forsaken {
		return l.attempt, false
	}
	l.attempt.waiting++
	return l.attempt, true
}

// begin starts an attempt. The lock of the life is held, so that the borrow is counted before
// a Drop can look.
func (l *Lazy[T]) begin(ctx context.Context) *attempt {
	ctx, cancel := context.WithCancelCause(context.WithoutCancel(ctx))
	a := &attempt{cancel: cancel, done: make(chan struct{})}
	l.life.BorrowLocked()
	go l.run(life.NewMark(ctx, &l.life), a)
	return a
}

// giveUp takes back the wait of one Get whose ctx has ended, cancels the attempt if
// that was the last one, and returns the cause of ctx. Deciding it and keeping a
// value happen under one lock: an attempt that was given up keeps none, and the
// context of a value that is kept is not canceled.
func (l *Lazy[T]) giveUp(a *attempt, ctx context.Context) (cause error) {
	l.life.Lock()
	a.waiting--
	last := a.waiting == 0 && l.attempt == a
	if last {
		a.forsaken = true
	}
	l.life.Unlock()
	cause = context.Canceled // should ctx, which is foreign code, panic
	defer func() {
		if last {
			a.cancel(cause)
		}
	}()
	cause = context.Cause(ctx)
	return cause
}

// run is the goroutine of one attempt. It ends right after it has closed a.done
// and given back its borrow, which Drop waits for. So it has an owner: no Lazy is dropped,
// and with that no scope closed, while a goroutine of its open function is left.
func (l *Lazy[T]) run(m *life.Mark, a *attempt) {
	var g *Guard[T]
	var err error
	defer func() { l.finish(m, a, g, err) }() // deferred, for after a Goexit only that runs
	contain(&err, func() (err error) {
		g, err = l.open(m)
		return err
	})
}

// finish keeps what the attempt has made, or drops it if it is not wanted: the Lazy is being
// dropped, or the attempt is forsaken. Between the two locks nothing begins another attempt,
// as l.attempt is still this one, or the Lazy has its value.
//
// The error of an unwanted drop goes to the Gets that wait for the attempt. If the attempt
// has made a value without an error, no Get waits: then the error is the Lazy's own Drop's to
// return.
func (l *Lazy[T]) finish(m *life.Mark, a *attempt, g *Guard[T], err error) {
	l.life.Lock()
	if err == nil && l.life.State() == life.Live && !a.forsaken {
		if err = l.keep(g); err == nil {
			l.attempt = nil // in the same moment: giveUp must no longer cancel it
		}
		g = nil // kept, or gone, or another owner's to drop
	}
	l.life.Unlock()

	var lost error
	if g != nil { // unwanted; dropped on another goroutine, as a Goexit of the drop would end this function too
		lost = DropAll(context.WithoutCancel(m), g)
	}

	l.life.Lock()
	l.attempt = nil
	switch {
	case err == nil:
		l.lost = multierr.Append(l.lost, lost) // nothing waits for this attempt
	case l.life.State() == life.Live:
		a.err = multierr.Append(err, lost)
	default:
		a.err = multierr.Append(&life.CausedError{Is: ErrDropped, Between: ": ", Cause: err}, lost)
	}
	close(a.done)
	l.life.Unlock()
	l.life.GiveBack(m)
}

// keep makes g's value the one that Get hands out. The lock of the life is held, and that of
// g's life is taken under it. A guard that is gone already, or owned, is of no use.
func (l *Lazy[T]) keep(g *Guard[T]) error {
	s, err := newShare(g)
	if err != nil {
		return fmt.Errorf("guard: what the open function returned is of no use: %w", err)
	}
	l.root = s.handle(s.in().Origin.Counted(s.tally)) // the Lazy's own handle is reported as the guard would be
	return nil
}
