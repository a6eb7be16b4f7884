package benchmarks

import (
	"context"

	"go.uber.org/multierr"
	"golang.org/x/sync/errgroup"
)

// Errgroup is golang.org/x/sync/errgroup by hand: one group for the tasks, then
// one for each wave, with a goroutine for each drop.
func Errgroup() Peer {
	return Peer{Name: "errgroup", Teardown: errgroupTeardown, Request: errgroupRequest}
}

func errgroupTeardown(ctx context.Context, units []Unit, built func()) error {
	waves := Waves(units)
	built()
	ctx = context.WithoutCancel(ctx)
	errs := make([]error, len(units)) // errgroup keeps the first only
	for _, wave := range waves {
		var g errgroup.Group
		for _, i := range wave {
			g.Go(func() error {
				errs[i] = contain(ctx, units[i].Drop)
				return nil
			})
		}
		_ = g.Wait()
	}
	return multierr.Combine(errs...)
}

func errgroupRequest(ctx context.Context, r Request) error {
	tasks, tctx := errgroup.WithContext(ctx)
	values := make([]int, 0, len(r.Guards))
	var err error
	for range r.Guards {
		var v int
		if v, err = r.Open(tctx); err != nil {
			break
		}
		values = append(values, v)
	}
	if err == nil {
		for range r.Tasks {
			tasks.Go(func() error { return contain(tctx, r.Task) })
		}
	}
	err = multierr.Append(err, tasks.Wait())

	ctx = context.WithoutCancel(ctx)
	var drops errgroup.Group
	errs := make([]error, len(values))
	for i, v := range values {
		drops.Go(func() error {
			errs[i] = contain(ctx, func(ctx context.Context) error { return r.Drop(ctx, v) })
			return nil
		})
	}
	_ = drops.Wait()
	return multierr.Append(err, multierr.Combine(errs...))
}
