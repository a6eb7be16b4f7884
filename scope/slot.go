package scope

import (
	"context"
	"fmt"
	"time"

	"github.com/ebb-go/ebb/trace"
)

// Slot is a guard whose value can be replaced while its scope lives: a pool that is opened
// anew with another configuration, a certificate, a generation of daemons. [NewSlot] makes
// one. What uses a value depends on the slot, never on the value: the edge stays when the
// value goes. All methods may be called from any goroutine, also after the slot is gone.
type Slot[T any] struct {
	undivided
	core  slotCore
	place place[T]
}

// NewSlot calls open and makes its value the first of a slot of s; drop gives up each of the
// values. Errors, panics and what is given up after a failure are as for [Acquire], and so
// is a scope that no longer accepts.
//
// In the context of an open function, of this one and of those that [Slot.Replace] is
// given, [From] returns a scope of the value. What is acquired or started on that, daemons
// too, is dropped with the value, in waves, after drop has returned; if the open function
// fails, at once. A task or daemon of it that fails cancels that scope, and its error is
// one of the value's drop. What the open function uses through its context, the slot
// depends on.
//
// [ExitOf] tells the drop of a value that is replaced Succeeded, and in the teardown how
// the scope of the slot has ended. Reports, spans and errors call the value by the name of
// the slot with the number of the value: pool[3].
func NewSlot[T any](ctx context.Context, s *Scope, name string, open func(ctx context.Context) (T, error),
	drop func(ctx context.Context, v T) error, opts ...GuardOption,
) (*Slot[T], error) {
	if open == nil || drop == nil {
		panic("scope.NewSlot: nil function")
	}
	cfg := newGuardConfig(opts)
	l := new(Slot[T])
	l.core.init(s, l, &cfg)
	l.place.core, l.place.drop = &l.core, drop
	if err := l.core.node.admits(name, &cfg); err != nil {
		return nil, s.refusal("slot", name, err)
	}
	opened := false
	defer func() {
		if !opened {
			l.core.abort()
		}
	}()
	if err := l.core.takeName(name); err != nil {
		return nil, s.refusal("slot", name, err)
	}
	if err := l.place.replace(ctx, open); err != nil {
		return nil, err
	}
	opened = true
	if err := l.core.node.keep(frameOf(ctx), "slot", l.Name(), &cfg); err != nil {
		return nil, err
	}
	return l, nil
}

// errNoOwner is the reason of a Use without a function that the value could be kept for.
var errNoOwner = fmt.Errorf("ctx is of no task, daemon or Run: use Borrow: %w", ErrForeign)

func (l *Slot[T]) asNode() *node {
	if l == nil {
		return nil
	}
	return &l.core.node
}

// Name returns the name of the slot, unique in its scope while it lives.
func (l *Slot[T]) Name() string { return l.core.name() }

// Value returns the current value, which it does not keep: it is for values that need
// no drop. It panics when there is none: once the drop of the slot has begun, and while the
// slot is empty after [Slot.Retire].
func (l *Slot[T]) Value() T {
	v := l.place.current.Load()
	if v == nil {
		panic(l.core.refusal("value", l.place.why()))
	}
	return v.v
}

// Use returns the current value, and keeps it from being dropped until the innermost task,
// daemon or Run of ctx has ended, a Run with all that it owns. Further calls there cost
// little, and after a [Slot.Replace] they return the new value, and keep it too; so what
// lives on uses [Slot.Borrow]. In an open function the guard that is opened keeps the value
// until it is gone. Where nothing that could keep it is in ctx, Use returns [ErrForeign],
// and where that has ended, [ErrClosed]. A function inside the value itself, such as a
// daemon that its open function has started, does not keep it.
//
// Like [Handle.Use] it records the edge, but returns a [*CycleError]. It blocks only after
// a [Slot.Retire], until the open function has returned or ctx ends; if that function
// failed, Use returns its error. Once the slot is gone it returns [ErrDropped].
func (l *Slot[T]) Use(ctx context.Context) (T, error) {
	if f, plain := ctx.(*frame); plain && l.core.node.isPlainUse(ctx) {
		if v := l.place.current.Load(); v != nil && f.pinsLast(&v.kept) {
			return v.v, nil
		}
	}
	return l.use(ctx)
}

func (l *Slot[T]) use(ctx context.Context) (v T, err error) {
	f := frameOf(ctx)
	if f == nil {
		return v, l.core.refusal("use", errNoOwner)
	}
	if err := l.core.node.usedBy(f); err != nil {
		return v, err
	}
	if v, err = l.place.use(ctx, f); err != nil {
		return v, l.core.refusal("use", err)
	}
	return v, nil
}

// Borrow calls fn with the current value, and keeps that for the call. ctx may be anyone's.
// Edges, waits and errors are those of [Slot.Use]; else it returns the error of fn, and a
// panic of fn passes through.
func (l *Slot[T]) Borrow(ctx context.Context, fn func(ctx context.Context, v T) error) error {
	if err := l.core.node.usedBy(frameOf(ctx)); err != nil {
		return err
	}
	done, err := l.place.borrow(ctx, fn)
	if !done {
		err = l.core.refusal("borrow", err)
	}
	return err
}

// Replace calls open, on the calling goroutine, and makes its value the current one. If open
// fails the old value stays, and the error is returned; a panic or Goexit passes through.
// Else Replace waits until nothing keeps the old value and it is dropped, and returns the
// error of that drop. It does not wait, and leaves that error to Run, if ctx ends first,
// whose cause it then returns; or if the caller keeps the old value itself, or inside of a
// Borrow. If a guard keeps the old value until it is gone, Replace returns an
// [*InUseError] that names the guard. In all these cases the value has been replaced, and
// the old one is dropped when its last user has ended.
//
// Open functions of one slot run one after another. Replace goes on to work while the scope
// drains and tears down, until the turn of the slot: that cancels the context of an open
// function that runs, and waits for it. From then on Replace returns [ErrDropped] and does
// not call open.
func (l *Slot[T]) Replace(ctx context.Context, open func(ctx context.Context) (T, error)) error {
	if open == nil {
		panic("scope: Replace of a Slot: nil function")
	}
	err := l.place.replace(ctx, open)
	if err == ErrDropped || err == ErrReentrant { // the slot's own
		err = l.core.refusal("replace", err)
	}
	return err
}

// Drop drops the slot with all its values now. See [Handle.Drop].
func (l *Slot[T]) Drop(ctx context.Context) error { return l.core.node.dropEarly(ctx, false) }

// DropTree is Drop for the slot and all that depends on it, dependents first, in waves.
func (l *Slot[T]) DropTree(ctx context.Context) error { return l.core.node.dropEarly(ctx, true) }

func (l *Slot[T]) dropped() trace.SlotValues { return l.core.dropped() }

func (l *Slot[T]) valueItems(now time.Time) []trace.SnapshotItem { return l.core.valueItems(now) }

// inside returns the scope of the values.
func (l *Slot[T]) inside() *Scope { return &l.core.values }

// Retire is for an open function of a value that must not be there together with the old
// one: a port, a consumer, the lock of a file. Called in the context of the open function,
// after all that can fail, it waits until nothing keeps the old value, and drops it.
// [Slot.Use] and [Slot.Borrow] wait meanwhile, until the open function has returned; but
// what keeps the old value already goes on with it. If the function then fails, the slot is
// empty, and they return its error until a [Slot.Replace] succeeds.
//
// It returns the error of the drop, which Replace returns too, also if open succeeds. If a
// guard keeps the old value ([*InUseError]), the caller of Replace does ([ErrReentrant]), or
// ctx ends before the drop has begun, the old value stays. Without a value, as in the first
// open function, where the slot may still be nil, it does nothing. In any other context it
// returns [ErrForeign].
func (l *Slot[T]) Retire(ctx context.Context) error {
	if l == nil {
		return nil // the first open function runs before there is a slot
	}
	if err := l.place.retire(ctx); err != nil {
		return l.core.refusal("retire", err)
	}
	return nil
}

func (l *Slot[T]) callDrop(ctx context.Context) error { return l.core.drop(ctx) }
func (l *Slot[T]) kind() string                       { return "guard" }
func (l *Slot[T]) typ() string                        { return typeName[T]() }
