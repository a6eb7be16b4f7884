package scope

import (
	"context"
	"reflect"
	"time"
)

// A foreignContext contains the methods of a context that is not known to be
// package context's or ebb's. What a scope was opened in is asked all through its
// life and its exit, by package context too, on goroutines of its own on which a
// panic ends the process.
//
// It never has an end that is not to be seen in both Done and Err: package context
// relies on that.
type foreignContext struct {
	context.Context
	s    *Scope
	done <-chan struct{}
}

// contain returns ctx, in a foreignContext unless it is known.
func (s *Scope) contain(ctx context.Context) context.Context {
	s.foreign = s.parent != nil && s.parent.foreign
	if isKnown(ctx) {
		return ctx
	}
	s.foreign = true
	c := &foreignContext{Context: ctx, s: s}
	var done <-chan struct{}
	if s.asks(func() { done = ctx.Done() }) {
		c.done = done
	}
	return c
}

// isKnown reports whether none of the methods that end a context is foreign code in
// ctx. Of those of package context only one that carries a value asks the context
// that it was made of whether it has ended.
func isKnown(ctx context.Context) bool {
	for {
		if _, ok := ctx.(*frame); ok {
			return true
		}
		switch reflect.TypeOf(ctx).String() {
		case "context.backgroundCtx", "context.todoCtx", "context.withoutCancelCtx", "*context.cancelCtx", "*context.timerCtx":
			return true
		case "*context.valueCtx":
			inner, ok := reflect.ValueOf(ctx).Elem().Field(0).Interface().(context.Context)
			if !ok {
				return false
			}
			ctx = inner
		default:
			return false
		}
	}
}

// asks calls what asks a foreign context, and reports whether that has returned. What
// f writes must not be read otherwise.
func (s *Scope) asks(f func()) bool {
	failed := within(time.Now().Add(logWait), f)
	s.contained("context", failed)
	return failed == nil
}

// Deadline is that of the context, or none.
func (c *foreignContext) Deadline() (time.Time, bool) {
	var at time.Time
	var ok bool
	if !c.s.asks(func() { at, ok = c.Context.Deadline() }) {
		return time.Time{}, false
	}
	return at, ok
}

// Done is what the context has returned when the scope was opened.
func (c *foreignContext) Done() <-chan struct{} { return c.done }

// Err is that of the context if Done is closed, and nil otherwise.
func (c *foreignContext) Err() error {
	if c.done == nil || !isClosed(c.done) {
		return nil
	}
	var err error
	if !c.s.asks(func() { err = c.Context.Err() }) || err == nil {
		return context.Canceled
	}
	return err
}

// Value contains what package context asks for, by a key of its own. All others are
// asked for by code that has been given the context, and are its own matter.
func (c *foreignContext) Value(key any) any {
	if _, ok := key.(*int); !ok {
		return c.Context.Value(key)
	}
	var v any
	if !c.s.asks(func() { v = c.Context.Value(key) }) {
		return nil
	}
	return v
}
