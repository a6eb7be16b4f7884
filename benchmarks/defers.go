package benchmarks

import (
	"context"
	"sync"

	"go.uber.org/multierr"
)

// Defers is what is written without any library: a defer for every value, so
// one drop after the other, in the reverse order of registration.
func Defers() Peer {
	return Peer{Name: "defers", Teardown: deferTeardown, Request: deferRequest}
}

func deferTeardown(ctx context.Context, units []Unit, built func()) (err error) {
	ctx = context.WithoutCancel(ctx)
	for _, u := range units {
		defer func() { err = multierr.Append(err, contain(ctx, u.Drop)) }()
	}
	built()
	return nil
}

func deferRequest(ctx context.Context, r Request) (err error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	live := context.WithoutCancel(ctx)
	for range r.Guards {
		v, failed := r.Open(ctx)
		if failed != nil {
			return failed
		}
		defer func() {
			err = multierr.Append(err, contain(live, func(ctx context.Context) error { return r.Drop(ctx, v) }))
		}()
	}
	var tasks sync.WaitGroup
	errs := make([]error, len(r.Tasks))
	for i := range r.Tasks {
		tasks.Go(func() {
			if errs[i] = contain(ctx, r.Task); errs[i] != nil {
				cancel(errs[i])
			}
		})
	}
	tasks.Wait()
	return multierr.Combine(errs...)
}
