package guard

import (
	"context"
	"sync"

	"github.com/ebb-go/ebb/internal/fault"
	"go.uber.org/multierr"
)

// DropAll drops all ds concurrently and waits for them. Nil ones are skipped.
// Each is attempted, whatever becomes of the others: a panic is contained as
// *[PanicError], a Goexit as ErrGoexit. The errors are returned as one flat list
// in the order of ds, as [go.uber.org/multierr] makes it. What must not be dropped
// in any order belongs into a scope.
func DropAll(ctx context.Context, ds ...Dropper) error {
	return DropLimit(ctx, 0, ds...)
}

// DropLimit is as [DropAll], with at most n drops at a time, begun in the order
// of ds. An n of less than 1 sets no limit.
func DropLimit(ctx context.Context, n int, ds ...Dropper) error {
	return multierr.Combine(concurrently(len(ds), n, func(i int) error {
		if ds[i] == nil {
			return nil
		}
		return ds[i].Drop(ctx)
	})...)
}

// concurrently calls do(0) to do(n-1), at most limit at a time, each on a
// goroutine of its own, waits for them, and returns their outcomes. Also a single call
// has its own goroutine: a Goexit of it must not end the caller, which has the outcomes
// of others to return.
func concurrently(n, limit int, do func(i int) error) []error {
	if limit < 1 || limit > n {
		limit = n
	}
	errs := make([]error, n)
	room := make(chan struct{}, limit)
	var wg sync.WaitGroup
	for i := range n {
		room <- struct{}{}
		wg.Go(func() {
			defer func() { <-room }()
			contain(&errs[i], func() error { return do(i) })
		})
	}
	wg.Wait()
	return errs
}

// contain calls fn, stores its outcome, and reports whether it panicked. The
// outcome is fn's error, a *PanicError, or ErrGoexit: then contain does not
// return, but the outcome is there for a deferred function. It is on the caller's goroutine,
// unlike fault.Foreign, for callers that have a goroutine of their own for fn.
func contain(outcome *error, fn func() error) (panicked bool) {
	*outcome = ErrGoexit // replaced when fn returns or panics
	defer func() {
		if p := recover(); p != nil {
			*outcome, panicked = fault.Panic(p), true
		}
	}()
	*outcome = fn()
	return false
}
