package guard

import (
	"context"
	"runtime"

	"github.com/ebb-go/ebb/internal/life"
	"go.uber.org/multierr"
)

// A Lazy is a shared value that is opened when it is first asked for. All
// methods may be called concurrently, also on a nil *Lazy and the zero Lazy, which
// are as after Drop. A Lazy must not be copied.
//
// The Lazy itself holds a handle of the value once it has opened, so that the value lives
// on between two users. Drop gives that handle up.
//
// A Lazy needs no leak hook: until it has opened it owes nothing, and when it is
// forgotten later its guard is, and is reported.
type Lazy[T any] struct {
	life life.Life // an attempt counts as a borrower: Drop waits for it

	open    func(ctx context.Context) (*Guard[T], error) // immutable
	made    [1]uintptr                                   // caller of NewLazy; immutable
	attempt *attempt                                     // that is running; under the lock of life, as the following are
	root    *Shared[T]                                   // the Lazy's own handle, once opened
	lost    error                                        // of dropping what was no longer wanted; returned by Drop
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
	l.life.Open()
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
	// Going to wait. What ctx is asked is asked without the lock: it is foreign code.
	w, err := life.Enter(ctx, &l.life, (*droppedLazy[T])(l))
	if err != nil {
		return nil, err
	}
	defer w.Leave()
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

// opened returns what Get returns if it need not wait, and else false: when the Lazy is gone,
// and when it has opened.
func (l *Lazy[T]) opened() (h *Shared[T], err error, done bool) {
	l.life.Lock()
	defer l.life.Unlock()
	switch s := l.life.State(); {
	case s != life.Live:
		return nil, s.Refusal(), true
	case l.root != nil:
		h, err = l.root.clone(l.root.share.caller(2))
		return h, err, true
	}
	return nil, nil, false
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
	return l.life.Drop(ctx, (*droppedLazy[T])(l), life.Live, 0)
}

// Done returns a channel that is closed when the Lazy has ended: the drop of its value
// has returned or, with other holders, its own handle is gone; or it was dropped without
// having opened.
func (l *Lazy[T]) Done() <-chan struct{} {
	if l == nil {
		return new(life.Life).Done()
	}
	return l.life.Done()
}

// A droppedLazy is a Lazy as its life sees it.
type droppedLazy[T any] Lazy[T]

// AwaitIdle cancels an attempt and waits for it, and for those that borrow the value if
// the Lazy's own handle is the last.
func (l *droppedLazy[T]) AwaitIdle(ctx context.Context) error {
	l.life.Lock()
	a := l.attempt
	l.life.Unlock()
	if a != nil {
		a.cancel(canceledByDrop{})
	}
	if err := l.life.AwaitBorrowers(ctx, l); err != nil {
		return err
	}
	// No attempt is started now that the state is Draining, so root is final.
	if l.root != nil && l.root.leave(0) {
		return l.root.share.in().AwaitIdle(ctx)
	}
	return nil
}

func (l *droppedLazy[T]) Call(ctx context.Context) error { return l.root.Drop(ctx) }

// Conclude puts the errors of unwanted values first. No attempt is running that
// could add one.
func (l *droppedLazy[T]) Conclude(err error) error { return multierr.Append(l.lost, err) }

func (l *droppedLazy[T]) Label() string {
	return "Lazy[" + life.TypeFor[T]() + "] made at " + life.Place(l.made[0])
}
