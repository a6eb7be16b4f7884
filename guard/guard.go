package guard

import (
	"context"
	"reflect"
)

// A Dropper is what must be given up by a clean-up that may block and fail.
// All types of this package are, so that they nest: [Of] makes a guard of one.
type Dropper interface {
	Drop(ctx context.Context) error
}

// A Guard holds a value that must be dropped exactly once. All methods may be
// called concurrently, also on a nil *Guard and on the zero Guard, which owe
// nothing. A Guard must not be copied.
type Guard[T any] struct {
	core // first, so that the guard and its core are one address

	v  T // immutable: Value reads it without a lock
	fn func(ctx context.Context, v T) error
}

var _ Dropper = (*Guard[int])(nil)

// New returns a guard of v, which its Drop gives to drop. The caller owes that
// Drop: a guard that is garbage-collected without having been dropped, released
// or given to an owner is reported to [OnLeak]. New panics if drop is nil.
func New[T any](v T, drop func(ctx context.Context, v T) error, opts ...Option) *Guard[T] {
	g := Owned(v, drop)
	g.owned = false
	g.origin = newOrigin(typeOf(v), 1, opts)
	arm(g.origin, g)
	return g
}

// Of returns a guard of a value that knows how to drop itself. It is otherwise
// as [New].
func Of[T Dropper](v T, opts ...Option) *Guard[T] {
	g := Owned(v, dropSelf[T])
	g.owned = false
	g.origin = newOrigin(typeOf(v), 1, opts)
	arm(g.origin, g)
	return g
}

func dropSelf[T Dropper](ctx context.Context, v T) error { return v.Drop(ctx) }

// Owned returns a guard of v that has an owner from the start: one that reports
// by itself a guard that is forgotten, as a scope does. It has no name, no creation
// site and no leak hook, and is one allocation. Owned panics if drop is nil.
func Owned[T any](v T, drop func(ctx context.Context, v T) error) *Guard[T] {
	if drop == nil {
		panic("guard: nil drop function")
	}
	g := &Guard[T]{v: v, fn: drop}
	g.owned = true
	g.set(live)
	return g
}

// InitOwned makes g, which must be the zero Guard, what [Owned] returns: for an
// owner that has the guard in a value of its own, and so no allocation. The
// context of the drop is passed on as it is: that a drop calls Drop on the very
// guard it drops is for the owner to notice, which alone has g.
func InitOwned[T any](g *Guard[T], v T, drop func(ctx context.Context, v T) error) {
	if drop == nil {
		panic("guard: nil drop function")
	}
	g.v, g.fn = v, drop
	g.owned, g.unmarked = true, true
	g.set(live)
}

// Peek returns the guarded value, and false once it is gone. It is [Guard.Get]
// without the reason, at the price of [Guard.Value]; g must not be nil.
func (g *Guard[T]) Peek() (v T, ok bool) {
	if g.state.Load() != uint32(live) {
		return v, false
	}
	return g.v, true
}

// Value returns the guarded value. It panics once the value is gone: when a
// Drop has begun, and after Release or Map, with an error that names the guard
// and, when known, the site of the Drop. It does not keep a Drop from beginning
// while the value is used; [Guard.Borrow] does.
func (g *Guard[T]) Value() T {
	if g == nil || g.state.Load() != uint32(live) {
		panic(&goneError{g}) // no call, which would cost more than inlining allows
	}
	return g.v
}

func (g *Guard[T]) gone() (typ string, o *origin, err error) {
	if g == nil {
		return g.Type(), nil, ErrDropped
	}
	return g.Type(), g.origin, refusal(g.is())
}

// Get returns the guarded value, or ErrDropped, ErrReleased or ErrOwned where
// Value would panic.
func (g *Guard[T]) Get() (T, error) {
	var zero T
	if g == nil {
		return zero, ErrDropped
	}
	if s := g.is(); s != live {
		return zero, refusal(s)
	}
	return g.v, nil
}

// Borrow calls fn with the value and returns its error. The value is not dropped
// before fn has returned, panicked or called [runtime.Goexit]: a Drop waits. From
// inside fn, a Drop with fn's ctx is ErrReentrant. Borrow does not call fn once
// the value is gone, but returns the error of Get.
func (g *Guard[T]) Borrow(ctx context.Context, fn func(ctx context.Context, v T) error) error {
	return g.lend(ctx, live, fn)
}

// lend is Borrow for a holder that may use the value in state s.
func (g *Guard[T]) lend(ctx context.Context, s state, fn func(ctx context.Context, v T) error) error {
	if g == nil {
		return ErrDropped
	}
	if err := g.borrow(s); err != nil {
		return err
	}
	m := &mark{Context: ctx, of: &g.core}
	defer g.giveBack(m)
	return fn(m, g.v)
}

// Drop gives the value to the drop function and returns its error. The function
// runs exactly once, on the first call's goroutine, even if ctx is over: ctx is
// passed on as it is, with its values, deadline and cancellation.
//
// From the moment Drop is called the value is gone for Get, Borrow and Release.
// If there are borrowers, Drop first waits for them while ctx lives. When ctx ends
// before they have returned, the value is not dropped under them: Drop returns an
// error that is ErrInUse and the cause of ctx, and a later Drop drops.
//
// A call that overlaps with the one that runs waits for it and returns the same
// error, or the cause of its own ctx if that ends first. Later calls return nil.
// A panic of the drop function is contained and returned as *[PanicError]; a
// Goexit goes on, and the outcome is ErrGoexit. From inside the drop function a
// Drop with its ctx is ErrReentrant. On a guard that was given to a container it
// is ErrOwned: the container drops it.
func (g *Guard[T]) Drop(ctx context.Context) error {
	if g == nil {
		return nil
	}
	return g.drop(ctx, g, live, g.origin.caller(1))
}

// settle, end and label make the guard the ender of its core.
func (g *Guard[T]) settle(ctx context.Context) error { return g.core.settle(ctx, g) }

func (g *Guard[T]) end(ctx context.Context) error { return g.fn(ctx, g.v) }

func (g *Guard[T]) label() string { return label("Guard["+typeFor[T]()+"]", g.origin) }

// Dropped reports whether a Drop has begun. It does not say that it has ended;
// see Done.
func (g *Guard[T]) Dropped() bool {
	if g == nil {
		return true
	}
	s := g.is()
	return s == empty || s >= draining && s != released
}

// Done returns a channel that is closed when the guard has ended: its drop has
// returned, or the value was released.
func (g *Guard[T]) Done() <-chan struct{} {
	if g == nil {
		return new(core).ended()
	}
	return g.ended()
}

// Err returns the error of the drop once that has ended; nil before, and for a
// value that was released.
func (g *Guard[T]) Err() error {
	if g == nil {
		return nil
	}
	return g.outcome()
}

// Release hands the value out undropped: it is the caller's from then on, and
// Drop does nothing. It returns ErrInUse while the value is borrowed, also from a
// guard that this one was mapped from, and the error of Get once it is gone.
func (g *Guard[T]) Release() (T, error) {
	var zero T
	if g == nil {
		return zero, ErrDropped
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if s := g.is(); s != live {
		return zero, refusal(s)
	}
	if g.borrowedLocked() {
		return zero, ErrInUse
	}
	disarm(g.origin, g)
	g.endLocked(released)
	return g.v, nil
}

// Type returns the type of the value, such as "*sql.DB": of what an interface
// holds, if T is one.
func (g *Guard[T]) Type() string {
	if g == nil {
		return typeFor[T]()
	}
	return typeOf(g.v).String()
}

func typeFor[T any]() string { return reflect.TypeFor[T]().String() }

// typeOf returns v's type, or T if v is a nil interface.
func typeOf[T any](v T) reflect.Type {
	if t := reflect.TypeOf(v); t != nil {
		return t
	}
	return reflect.TypeFor[T]()
}
