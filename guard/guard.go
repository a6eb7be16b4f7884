package guard

import (
	"context"
	"fmt"
	"reflect"
	"strings"

	"github.com/ebb-go/ebb/internal/fault"
	"github.com/ebb-go/ebb/internal/life"
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
	core[T]
}

// A core is the value, its drop function and its life, where the other packages of ebb
// find them. It adds no exported field or method to a Guard.
type core[T any] = life.Core[T]

var _ Dropper = (*Guard[int])(nil)

// New returns a guard of v, which its Drop gives to drop. The caller owes that
// Drop: a guard that is garbage-collected without having been dropped, released
// or given to an owner is reported to [OnLeak]. New panics if drop is nil.
func New[T any](v T, drop func(ctx context.Context, v T) error, opts ...Option) *Guard[T] {
	g := new(Guard[T])
	in := g.in()
	in.Init(v, drop)
	if life.Tracks(opts) {
		in.Track(life.NewOrigin(typeOf(v), 1, opts))
	}
	return g
}

// Of returns a guard of a value that knows how to drop itself. It is otherwise
// as [New].
func Of[T Dropper](v T, opts ...Option) *Guard[T] {
	g := new(Guard[T])
	in := g.in()
	in.Init(v, dropSelf[T])
	if life.Tracks(opts) {
		in.Track(life.NewOrigin(typeOf(v), 1, opts))
	}
	return g
}

func dropSelf[T Dropper](ctx context.Context, v T) error { return v.Drop(ctx) }

// in returns the value with its life; g must not be nil.
func (g *Guard[T]) in() *life.Value[T] { return life.Of(&g.core) }

// take gives the value to a container of this package.
func (g *Guard[T]) take() error {
	if g == nil {
		return ErrDropped
	}
	return g.in().Take()
}

// Value returns the guarded value. It panics once the value is gone: when a
// Drop has begun, and after Release or Map, with an error that names the guard
// and, when known, the site of the Drop. It does not keep a Drop from beginning
// while the value is used; [Guard.Borrow] does.
func (g *Guard[T]) Value() T {
	if g != nil {
		if v, ok := g.in().Peek(); ok {
			return v
		}
	}
	panic(&goneError{g}) // no call, which would cost more than inlining allows
}

func (g *Guard[T]) gone() (typ string, o *life.Origin, err error) {
	if g == nil {
		return life.TypeFor[T](), nil, ErrDropped
	}
	in := g.in()
	return in.Type(), in.Origin, in.State().Refusal()
}

// A goneError is what Value panics with. It is ErrDropped, ErrReleased or ErrOwned,
// and says of which guard. It looks that up when it is read, not when it is made,
// so that Value is small enough to be inlined. What it reads is immutable or atomic, or
// only moves to terminal states, so the text is true whenever it is asked for.
type goneError struct {
	of interface {
		gone() (typ string, o *life.Origin, err error)
	}
}

// Error is put together when it is read. It calls nothing foreign: the type of the value is
// printed, and not the value.
func (e *goneError) Error() string {
	typ, o, err := e.of.gone()
	text := "guard: Value of " + typ
	if name := o.Name(); name != "" {
		text = fmt.Sprintf("guard: Value of %q (%s)", name, typ)
	}
	text += ": " + strings.TrimPrefix(fault.Text(err), "guard: ")
	if site := o.DropSite(); site != "" {
		text += " at " + site
	}
	return text
}

func (e *goneError) Unwrap() error {
	_, _, err := e.of.gone()
	return err
}

// Get returns the guarded value, or ErrDropped, ErrReleased or ErrOwned where
// Value would panic.
func (g *Guard[T]) Get() (T, error) {
	if g == nil {
		var zero T
		return zero, ErrDropped
	}
	return g.in().Get()
}

// Borrow calls fn with the value and returns its error. The value is not dropped
// before fn has returned, panicked or called [runtime.Goexit]: a Drop waits. From
// inside fn, a Drop with fn's ctx is ErrReentrant. Borrow does not call fn once
// the value is gone, but returns the error of Get.
func (g *Guard[T]) Borrow(ctx context.Context, fn func(ctx context.Context, v T) error) error {
	if g == nil {
		return ErrDropped
	}
	in := g.in() // its method Use, written out: 8 ns less
	m, err := in.Lend(ctx, life.Live)
	if err != nil {
		return err
	}
	defer in.GiveBack(m)
	return fn(m, in.Raw())
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
	in := g.in()
	return in.Drop(ctx, life.Live, in.Origin.Caller(1))
}

// Dropped reports whether a Drop has begun. It does not say that it has ended;
// see Done.
func (g *Guard[T]) Dropped() bool {
	if g == nil {
		return true
	}
	s := g.in().State()
	return s == life.Empty || s >= life.Draining && s != life.Released
}

// Done returns a channel that is closed when the guard has ended: its drop has
// returned, or the value was released.
func (g *Guard[T]) Done() <-chan struct{} {
	if g == nil {
		return new(life.Life).Done()
	}
	return g.in().Done()
}

// Err returns the error of the drop once that has ended; nil before, and for a
// value that was released.
func (g *Guard[T]) Err() error {
	if g == nil {
		return nil
	}
	return g.in().Err()
}

// Release hands the value out undropped: it is the caller's from then on, and
// Drop does nothing. It returns ErrInUse while the value is borrowed, also from a
// guard that this one was mapped from, and the error of Get once it is gone.
func (g *Guard[T]) Release() (T, error) {
	if g == nil {
		var zero T
		return zero, ErrDropped
	}
	return g.in().Release()
}

// Map returns a guard of f's result that owes what g owed: its Drop runs g's
// drop function on g's value, and its leak hook is g's. g is as after Release.
// Functions that are borrowing g's value may finish: the new guard's Drop waits for
// them too. While f runs, other calls on g return ErrOwned; if it panics, g is
// unchanged. If g is gone or owned, f is not called, and the new guard is gone with
// the same error.
func Map[T, U any](g *Guard[T], f func(T) U) *Guard[U] {
	h := new(Guard[U])
	if g == nil {
		return h
	}
	life.Map(h.in(), g.in(), f)
	return h
}

// typeOf returns v's type, or T if v is a nil interface.
func typeOf[T any](v T) reflect.Type {
	if t := reflect.TypeOf(v); t != nil {
		return t
	}
	return reflect.TypeFor[T]()
}
