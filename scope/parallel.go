package scope

import (
	"context"
	"errors"
	"slices"
	"sync/atomic"

	"go.uber.org/multierr"

	"github.com/ebb-go/ebb/group"
	"github.com/ebb-go/ebb/internal/fault"
)

// errNoFunctions is the error of a [Race] without functions.
var errNoFunctions = errors.New("scope.Race: no functions")

// Race calls the functions concurrently and returns the first success; the
// others are canceled, and awaited, and what they return is discarded: what
// they opened they have to give up themselves, for instance by acquiring inside
// of a nested [Run]. If none succeeds the errors are returned in the order of
// the functions. A panic cancels and joins the others, then Race panics with a
// [*PanicError].
func Race[T any](ctx context.Context, fns ...func(ctx context.Context) (T, error)) (T, error) {
	var zero T
	if len(fns) == 0 {
		return zero, errNoFunctions
	}
	results := make(chan T, len(fns)) // room for all: none blocks
	errs, _ := join(ctx, len(fns), func(ctx context.Context, i int) (cause, err error) {
		v, err := fns[i](ctx)
		if err != nil {
			return nil, err
		}
		results <- v
		return errRaceWon, nil
	})
	select {
	case v := <-results:
		return v, nil
	default:
		return zero, multierr.Combine(errs...)
	}
}

// All calls the functions concurrently and returns their results in the order
// of the functions. The first failure cancels the others, all are awaited, and
// the errors are returned in the order of the functions, without those that
// only repeat the cancellation. A panic cancels and joins the others, then All
// panics with a [*PanicError]. For a bounded number at once see [Async].
func All[T any](ctx context.Context, fns ...func(ctx context.Context) (T, error)) ([]T, error) {
	results := make([]T, len(fns))
	err := joinAll(ctx, len(fns), func(ctx context.Context, i int) (err error) {
		results[i], err = fns[i](ctx)
		return err
	})
	return results, err
}

// AcquireAll calls the functions, each of which acquires something in s,
// concurrently. The first failure cancels the others; what was acquired until
// then stays the scope's and is dropped with it. Errors and panics are as in
// [All]. On a scope that is being dropped or closed none is called.
func AcquireAll(ctx context.Context, s *Scope, acquires ...func(ctx context.Context) error) error {
	if err := (&node{s: s}).admits("all", &guardConfig{}); err != nil {
		return s.refusal("acquire", "all", err)
	}
	return joinAll(ctx, len(acquires), func(ctx context.Context, i int) error { return acquires[i](ctx) })
}

// joinAll is [join] for functions of which every one has to succeed.
func joinAll(ctx context.Context, n int, call func(ctx context.Context, i int) error) error {
	errs, origin := join(ctx, n, func(ctx context.Context, i int) (cause, err error) {
		err = call(ctx, i)
		return err, err
	})
	if origin < 0 {
		return nil
	}
	above := context.Cause(ctx)
	s, _ := From(ctx) // its WithEcho counts here too
	echoes := func(err, cause error) bool {
		return isEcho(err, cause) || cause != nil && s != nil && s.saysEcho(err)
	}
	var all error
	for i, err := range errs {
		if err != nil && !echoes(err, above) && (i == origin || !echoes(err, errs[origin])) {
			all = multierr.Append(all, err)
		}
	}
	switch {
	case all != nil:
		return all
	case above != nil:
		return above
	}
	return errs[origin] // an error of package context that is its own
}

// join calls call n times concurrently and returns the errors in order when all
// have returned. The first call with a cause cancels the others, and is the
// origin; -1 is none. A panic or a Goexit cancels too, and join then goes on with
// the panic.
func join(ctx context.Context, n int, call func(ctx context.Context, i int) (cause, err error)) (_ []error, origin int) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var first atomic.Int64 // the origin, from 1; only the call that sets it cancels, so the cause is its own
	errs := make([]error, n)
	panics := make([]*PanicError, n)
	var tasks group.Tasks
	for i := range n {
		tasks.Go(func(context.Context) error {
			returned := false
			var cause error
			defer func() {
				if !returned {
					errs[i] = fault.Ended(recover())
					panics[i], _ = errs[i].(*PanicError)
					cause = errs[i]
				}
				if cause != nil && first.CompareAndSwap(0, int64(i)+1) {
					cancel(cause)
				}
			}()
			cause, errs[i] = call(ctx, i)
			returned = true
			return nil
		})
	}
	// The error of a task that called Goexit is in errs already.
	_ = tasks.Wait()
	for i, p := range panics {
		if p != nil {
			errs[i] = nil
			panicAgain(fault.Again(p, slices.DeleteFunc(errs, func(err error) bool { return err == nil })))
		}
	}
	return errs, int(first.Load()) - 1
}
