package guard

import (
	"context"
	"sync"

	"github.com/ebb-go/ebb/internal/fault"
	"go.uber.org/multierr"
)

// Join2 calls a and b concurrently, waits for both, and returns their guards if
// both succeed. If one fails, the other's context is canceled with its error, and
// a guard that one of them has returned all the same is dropped, on a context that
// has ctx's values but not its end. The errors of a and b and then those of the
// drops are one flat list in this order, without what a canceled function
// returned just because it was canceled.
//
// A panic of a function is a failure too; then Join2 panics with a *[PanicError]
// in the end, whose Others are the other errors. A Goexit is ErrGoexit. If
// both succeed, the context is not canceled, as a value may live in it: it ends
// with ctx, which holds on to it until then, so a ctx that lives long should not be
// given to any number of calls.
func Join2[A, B any](ctx context.Context,
	a func(context.Context) (*Guard[A], error),
	b func(context.Context) (*Guard[B], error),
) (*Guard[A], *Guard[B], error) {
	var ga *Guard[A]
	var gb *Guard[B]
	if err := join(ctx, opener(&ga, a), opener(&gb, b)); err != nil {
		return nil, nil, err
	}
	return ga, gb, nil
}

// Join3 is as [Join2] with three functions.
func Join3[A, B, C any](ctx context.Context,
	a func(context.Context) (*Guard[A], error),
	b func(context.Context) (*Guard[B], error),
	c func(context.Context) (*Guard[C], error),
) (*Guard[A], *Guard[B], *Guard[C], error) {
	var ga *Guard[A]
	var gb *Guard[B]
	var gc *Guard[C]
	if err := join(ctx, opener(&ga, a), opener(&gb, b), opener(&gc, c)); err != nil {
		return nil, nil, nil, err
	}
	return ga, gb, gc, nil
}

// A part is one function of a join, without its type.
type part struct {
	open func(ctx context.Context) error
	drop func(ctx context.Context) error // what open has made, if anything
}

// opener returns the part that opens into. It is one closure over a typed variable, so that
// join needs neither reflection nor type assertions.
func opener[T any](into **Guard[T], open func(context.Context) (*Guard[T], error)) part {
	return part{
		open: func(ctx context.Context) (err error) {
			*into, err = open(ctx)
			return err
		},
		drop: func(ctx context.Context) error { return (*into).Drop(ctx) },
	}
}

// join opens all parts, or none. The part that fails first decides the cause, and the
// race for it is decided by once: what the others return afterwards is compared with
// that cause, so of two parts that fail at once one is the cause and the other is kept
// as its own error. Every guard that a part returned is dropped, also beside an error
// or after a panic of another part, since nothing else has it.
func join(ctx context.Context, parts ...part) error {
	inner, cancel := context.WithCancelCause(ctx)
	var once sync.Once
	first := -1 // the part that failed first
	panicked := make([]bool, len(parts))
	errs := concurrently(len(parts), 0, func(i int) (err error) {
		defer func() { // deferred, for after a Goexit only that runs
			if err != nil {
				once.Do(func() { first = i; cancel(err) })
			}
		}()
		panicked[i] = contain(&err, func() error { return parts[i].open(inner) })
		return err
	})
	if first < 0 {
		return nil
	}
	var kept []error
	var panicking *PanicError
	for i, err := range errs {
		switch {
		case panicked[i] && panicking == nil:
			panicking = err.(*PanicError)
		case panicked[i] || i == first || !isEcho(err, context.Cause(inner)):
			kept = append(kept, err)
		}
	}
	kept = append(kept, concurrently(len(parts), 0, func(i int) error {
		return parts[i].drop(context.WithoutCancel(ctx))
	})...)
	err := multierr.Combine(kept...)
	if panicking != nil {
		panic(fault.Again(panicking, fault.List(err)))
	}
	return err
}

// isEcho reports whether err says no more than that the function was canceled
// with cause: unwrapped step by step, it ends in cause or in one of the errors of
// package context. An error that joins a further one is none.
func isEcho(err, cause error) bool {
	for e := range fault.Chain(err) {
		if e == context.Canceled || e == context.DeadlineExceeded || fault.Same(e, cause) {
			return true
		}
	}
	return false
}
