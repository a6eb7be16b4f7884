package life

import (
	"context"
	"reflect"
)

// A Value is a value, its drop function and its life. The zero Value owes nothing. One of
// the three ways to make it live, Init, InitOwned and Move or Map to it, is used once, before
// anything else has the Value. A Value must not be copied afterwards.
type Value[T any] struct {
	Life // first, so that a value and its life are one address

	v  T // immutable: Peek reads it without a lock
	fn func(ctx context.Context, v T) error
}

// A Core is a Value inside of a public type, which embeds it under a name that is not
// exported. It has no exported field or method, so that the public type gets none. Its one
// method has a name that only this package can call, which is how the packages that may
// import this one get in: by Of from the type's own package, by Inside from others.
type Core[T any] struct{ value Value[T] }

func (c *Core[T]) inside() *Value[T] { return &c.value }

// Of returns the value in a core, which must not be nil.
func Of[T any](c *Core[T]) *Value[T] { return &c.value }

// Inside returns the value in a public type that embeds a Core, which must not be nil.
func Inside[T any](public interface{ inside() *Value[T] }) *Value[T] { return public.inside() }

// Init makes g, which must be zero, live with that value and drop function. It has no owner
// and is not tracked. Init panics if drop is nil.
func (g *Value[T]) Init(v T, drop func(ctx context.Context, v T) error) {
	if drop == nil {
		panic("guard: nil drop function")
	}
	g.v, g.fn, g.alone = v, drop, true
	g.set(Live)
}

// InitOwned is Init for an owner that has the value in one of its own, and so without an
// allocation. The owner reports by itself a value that is forgotten. The context of the
// drop is passed on as it is: that a drop function drops the very value it is called
// for is for the owner to notice.
func (g *Value[T]) InitOwned(v T, drop func(ctx context.Context, v T) error) {
	g.Init(v, drop)
	g.owned, g.unmarked = true, true
}

// Track sets the origin of a value that has none, and its leak hook. Nothing else has the
// value yet, so that it needs no lock.
func (g *Value[T]) Track(o *Origin) {
	g.Origin = o
	Arm(o, &g.Life)
}

// Peek returns the value, and false once it is gone. It is small enough to be inlined, and
// takes no lock: v is immutable, and the state is read atomically.
func (g *Value[T]) Peek() (v T, ok bool) {
	if g.state.Load() != uint32(Live) {
		return v, false
	}
	return g.v, true
}

// Raw returns the value whatever its state is, for a container that it was given to and
// that has checked its own state.
func (g *Value[T]) Raw() T { return g.v }

// Get returns the value, and the refusal once it is gone. State and value are not read
// together: a drop may begin before the caller uses what it got.
func (g *Value[T]) Get() (v T, err error) {
	if s := g.State(); s != Live {
		return v, s.Refusal()
	}
	return g.v, nil
}

// Use calls fn with the value as a borrower that is admitted in state want, and returns
// fn's error. The borrower is counted out when fn returns, panics and calls Goexit.
func (g *Value[T]) Use(ctx context.Context, want State, fn func(ctx context.Context, v T) error) error {
	m, err := g.Lend(ctx, want)
	if err != nil {
		return err
	}
	defer g.GiveBack(m)
	return fn(m, g.v)
}

// Drop is [Life.Drop] of the value: for its holder from Live, for its container from Given.
func (g *Value[T]) Drop(ctx context.Context, from State, site uintptr) error {
	return g.Life.Drop(ctx, g, from, site)
}

// Begin is [Life.Begin] of a value that its holder drops. The site is that of the call.
func (g *Value[T]) Begin(ctx context.Context) (inside context.Context, begun bool, err error) {
	return g.Life.Begin(ctx, g, Live, g.Origin.Caller(1))
}

// AwaitIdle blocks until the value has no borrowers, or ctx ends.
func (g *Value[T]) AwaitIdle(ctx context.Context) error { return g.AwaitBorrowers(ctx, g) }

// Call calls the drop function and returns its error; a panic of it passes through. It is
// small enough to be inlined, so that it takes no stack.
func (g *Value[T]) Call(ctx context.Context) error { return g.fn(ctx, g.v) }

// Label returns the type of the guard with its name or site, for the text of a cycle of
// waits. It calls nothing foreign.
func (g *Value[T]) Label() string { return g.Origin.Label("Guard[" + TypeFor[T]() + "]") }

// Type returns the type of the value, such as "*sql.DB": of what an interface holds, if
// T is one.
func (g *Value[T]) Type() string { return typeOf(g.v).String() }

// TypeFor returns the text of a type.
func TypeFor[T any]() string { return reflect.TypeFor[T]().String() }

// typeOf returns v's type, or T if v is a nil interface.
func typeOf[T any](v T) reflect.Type {
	if t := reflect.TypeOf(v); t != nil {
		return t
	}
	return reflect.TypeFor[T]()
}
