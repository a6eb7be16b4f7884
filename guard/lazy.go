package guard

import (
	"context"
	"fmt"
	"runtime"

	"go.uber.org/multierr"
)

// A Lazy is a shared value that is opened when it is first asked for. All
// methods may be called concurrently, also on a nil *Lazy and the zero Lazy, which
// are as after Drop. A Lazy must not be copied.
//
// A Lazy needs no leak hook: until it has opened it owes nothing, and when it is
// forgotten later its guard is, and is reported.
type Lazy[T any] struct {
	core // an attempt counts as a borrower: Drop waits for it

	open    func(ctx context.Context) (*Guard[T], error) // immutable
	made    [1]uintptr                                   // caller of NewLazy; immutable
	attempt *attempt                                     // that is running; under core.mu, as the following are
	root    *Shared[T]                                   // the Lazy's own handle, once opened
	lost    error                                        // of dropping what was no longer wanted; returned by Drop
}

// An attempt is one run of the open function.
type attempt struct {
	cancel   context.CancelCauseFunc
	done     chan struct{} // closed when what it made is stored or dropped
	waiting  int           // Gets that wait for it; under Lazy.core.mu, as the following are
	forsaken bool          // all have given up: canceled, and what it makes is dropped; terminal
	err      error         // why there is nothing; set before done is closed
}

var _ Dropper = (*Lazy[int])(nil)

// NewLazy returns a Lazy that calls open when it is first asked for its value.
// It panics if open is nil.
func NewLazy[T any](open func(ctx context.Context) (*Guard[T], error)) *Lazy[T] {
	if open == nil {
		panic("guard: nil open function")
	}
	l := &Lazy[T]{open: open}
	runtime.Callers(2, l.made[:])
	l.set(live)
	return l
}

// Get returns a handle of the value, which the caller has to drop. The first call
// starts open on a goroutine of its own; all that come before it has returned wait
// for the same run. open gets the values of the first caller's ctx, but not its
// cancellation: its context is canceled when all calls that wait have given up, and on
// Drop. Otherwise it is never canceled, as the value may live in it.
//
// If open fails, panics or calls [runtime.Goexit], all calls that wait return its
// error, *[PanicError] or ErrGoexit, and the next Get tries again. If ctx ends first, Get
// returns its cause. What open returns after all have given up is dropped, and the
// next Get waits for that and tries again. Once Drop was called, Get returns
// ErrDropped, and so do the calls that are waiting. From inside open, Get with its ctx
// is ErrReentrant, and so is a circle of Lazies that open each other.
func (l *Lazy[T]) Get(ctx context.Context) (*Shared[T], error) {
	if l == nil {
		return nil, ErrDropped
	}
	if h, err, done := l.opened(); done {
		return h, err
	}
	// Going to wait. What ctx is asked is asked without mu: it is foreign code.
	from, err := enter(ctx, &l.core, l)
	if err != nil {
		return nil, err
	}
	defer from.leave()
	over := ctx.Done()
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	for {
		if a, mine := l.join(ctx); a != nil {
			select {
			case <-a.done:
				switch {
				case mine && a.err != nil:
					return nil, a.err
				case !mine && ctx.Err() != nil: // gave up too, and is not to begin another attempt
					return nil, context.Cause(ctx)
				}
			case <-over:
				if mine {
					return nil, l.giveUp(a, ctx)
				}
				return nil, context.Cause(ctx)
			}
		}
		if h, err, done := l.opened(); done {
			return h, err
		}
	}
}

// opened returns what Get does if it need not wait, and else false.
func (l *Lazy[T]) opened() (h *Shared[T], err error, done bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch s := l.is(); {
	case s != live:
		return nil, refusal(s), true
	case l.root != nil:
		h, err = l.root.clone(l.root.share.caller(2))
		return h, err, true
	}
	return nil, nil, false
}

// join counts the caller among the Gets that wait for the attempt, which it begins if
// there is none, and returns the attempt. One that all have given up counts no more: it
// is returned with mine false. With nothing to wait for join returns nil.
func (l *Lazy[T]) join(ctx context.Context) (a *attempt, mine bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.is() != live || l.root != nil {
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

// begin starts an attempt. mu is held.
func (l *Lazy[T]) begin(ctx context.Context) *attempt {
	ctx, cancel := context.WithCancelCause(context.WithoutCancel(ctx))
	a := &attempt{cancel: cancel, done: make(chan struct{})}
	l.borrows++
	go l.run(&mark{Context: ctx, of: &l.core}, a)
	return a
}

// giveUp takes back the wait of one Get whose ctx has ended, cancels the attempt if
// that was the last one, and returns the cause of ctx. Deciding it and keeping a
// value happen under one lock: an attempt that was given up keeps none, and the
// context of a value that is kept is not canceled.
func (l *Lazy[T]) giveUp(a *attempt, ctx context.Context) (cause error) {
	l.mu.Lock()
	a.waiting--
	last := a.waiting == 0 && l.attempt == a
	if last {
		a.forsaken = true
	}
	l.mu.Unlock()
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
// and given back its borrow, which Drop waits for.
func (l *Lazy[T]) run(m *mark, a *attempt) {
	var g *Guard[T]
	var err error
	defer func() { l.finish(m, a, g, err) }() // deferred, for after a Goexit only that runs
	contain(&err, func() (err error) {
		g, err = l.open(m)
		return err
	})
}

// finish keeps what the attempt has made, or drops it if it is not wanted.
func (l *Lazy[T]) finish(m *mark, a *attempt, g *Guard[T], err error) {
	l.mu.Lock()
	if err == nil && l.is() == live && !a.forsaken {
		if err = l.keep(g); err == nil {
			l.attempt = nil // in the same moment: giveUp must no longer cancel it
		}
		g = nil // kept, or gone, or another owner's to drop
	}
	l.mu.Unlock()

	var lost error
	if g != nil { // unwanted; dropped on another goroutine, as a Goexit of the drop would end this function too
		lost = DropAll(context.WithoutCancel(m), g)
	}

	l.mu.Lock()
	l.attempt = nil
	switch {
	case err == nil:
		l.lost = multierr.Append(l.lost, lost) // nothing waits for this attempt
	case l.is() == live:
		a.err = multierr.Append(err, lost)
	default:
		a.err = multierr.Append(&causedError{ErrDropped, ": ", err}, lost)
	}
	close(a.done)
	l.mu.Unlock()
	l.giveBack(m)
}

// keep makes g's value the one that Get hands out. mu is held.
func (l *Lazy[T]) keep(g *Guard[T]) error {
	s, err := newShare(g)
	if err != nil {
		return fmt.Errorf("guard: what the open function returned is of no use: %w", err)
	}
	o := g.origin.as(typeOf(g.v)) // the Lazy's own handle is reported as the guard would be
	if o != nil {
		o.lost = s.tally
	}
	l.root = s.handle(o)
	return nil
}

// Drop ends the Lazy. If it never opened, it never will. If it is opening, open
// is canceled with ErrDropped and awaited, and what it returns is dropped. If it
// has opened, the Lazy gives up its own handle: the value is dropped now or, if
// there are other holders, by the last of them. Errors of dropping what was
// opened after all had given up come first. In all else Drop is as [Guard.Drop],
// with the open function as a borrower.
func (l *Lazy[T]) Drop(ctx context.Context) error {
	if l == nil {
		return nil
	}
	return l.drop(ctx, l, live, 0)
}

// Done returns a channel that is closed when the Lazy has ended: the drop of its value
// has returned or, with other holders, its own handle is gone; or it was dropped without
// having opened.
func (l *Lazy[T]) Done() <-chan struct{} {
	if l == nil {
		return new(core).ended()
	}
	return l.ended()
}

func (l *Lazy[T]) settle(ctx context.Context) error {
	l.mu.Lock()
	a := l.attempt
	l.mu.Unlock()
	if a != nil {
		a.cancel(canceledByDrop{})
	}
	if err := l.core.settle(ctx, l); err != nil {
		return err
	}
	// No attempt is started now that the state is draining, so root is final.
	if l.root != nil && l.root.leave(0) {
		return l.root.share.g.settle(ctx)
	}
	return nil
}

func (l *Lazy[T]) label() string { return "Lazy[" + typeFor[T]() + "] made at " + place(l.made[0]) }

func (l *Lazy[T]) end(ctx context.Context) error { return l.root.Drop(ctx) }

// conclude puts the errors of unwanted values first. No attempt is running that
// could add one.
func (l *Lazy[T]) conclude(err error) error { return multierr.Append(l.lost, err) }

// Panicked is [Guard.Panicked] for the value that the Lazy has dropped.
func (l *Lazy[T]) Panicked() bool {
	if l == nil {
		return false
	}
	l.mu.Lock()
	root := l.root
	l.mu.Unlock()
	return root != nil && root.share.g.Panicked()
}
