package scope

import (
	"context"
	"fmt"
)

// Slot is a guard whose value can be replaced while its scope lives. [NewSlot] makes
// one. What uses the value depends on the slot. All methods may be called from any
// goroutine, also after the slot is gone.
type Slot[T any] struct {
	undivided
	core  slotCore
	place place[T]
}

// NewSlot registers a slot of s with the value that open returns. drop gives up each of
// its values.
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
// no drop. It panics once the slot is gone, and while it is empty.
func (l *Slot[T]) Value() T {
	v := l.place.current.Load()
	if v == nil {
		panic(l.core.refusal("value", ErrDropped))
	}
	return v.v
}

// Use returns the current value and keeps it from being dropped.
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

// Borrow calls fn with the current value, which is not dropped before fn returns.
func (l *Slot[T]) Borrow(ctx context.Context, fn func(ctx context.Context, v T) error) error {
	if err := l.core.node.usedBy(frameOf(ctx)); err != nil {
		return err
	}
	return l.place.borrow(ctx, fn)
}

// Replace opens a new value, and drops the old one when nothing uses it any longer.
func (l *Slot[T]) Replace(ctx context.Context, open func(ctx context.Context) (T, error)) error {
	if open == nil {
		panic("scope: Replace of a Slot: nil function")
	}
	return l.place.replace(ctx, open)
}

// inside returns the scope of the values.
func (l *Slot[T]) inside() *Scope { return &l.core.values }

// Retire is for an open function of the slot that must not open a value while the old one
// is there.
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
