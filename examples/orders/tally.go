package main

import (
	"context"
	"sync/atomic"

	"github.com/ebb-go/ebb/scope"
)

// tally counts by the program's own hand, so that the proof need not take ebb's
// word for it. The zero value is ready.
type tally struct {
	acquired, dropped            atomic.Int64 // guards of the service; dropped: the drop returned nil
	begun, committed, rolledBack atomic.Int64 // transactions of its requests
}

// acquire is [scope.Acquire], counted.
func acquire[T any](ctx context.Context, s *scope.Scope, t *tally, name string,
	open func(context.Context) (T, error), drop func(context.Context, T) error, opts ...scope.GuardOption) (*scope.Handle[T], error) {
	return scope.Acquire(ctx, s, name, func(ctx context.Context) (T, error) {
		v, err := open(ctx)
		if err == nil {
			t.acquired.Add(1)
		}
		return v, err
	}, func(ctx context.Context, v T) error {
		err := drop(ctx, v)
		if err == nil {
			t.dropped.Add(1)
		}
		return err
	}, opts...)
}
