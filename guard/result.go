package guard

import "context"

// A Result is a guard or the error there was instead of it. It is immutable and
// may be used concurrently; nil and the zero Result owe nothing.
type Result[T any] struct {
	g   *Guard[T]
	err error
}

var _ Dropper = (*Result[int])(nil)

// Try returns the result of a call that opens a guard:
//
//	r := guard.Try(open(ctx))
//	defer r.Drop(ctx)
func Try[T any](g *Guard[T], err error) *Result[T] { return &Result[T]{g: g, err: err} }

// Get returns the value, or the error, or the error of the guard's Get once the
// value is gone.
func (r *Result[T]) Get() (T, error) {
	switch {
	case r == nil:
		var zero T
		return zero, ErrDropped
	case r.err != nil:
		var zero T
		return zero, r.err
	}
	return r.g.Get()
}

// Drop drops the guard, as [Guard.Drop] does. There is nothing to drop for an
// error, and Drop returns nil: Get returns the error.
func (r *Result[T]) Drop(ctx context.Context) error {
	if r == nil || r.err != nil {
		return nil
	}
	return r.g.Drop(ctx)
}
