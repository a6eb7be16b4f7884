package benchmarks

import (
	"context"

	"github.com/sourcegraph/conc/pool"
)

// Conc is github.com/sourcegraph/conc: a pool for the tasks, then one for each
// wave. Its pools keep all errors. Their own way with a panic is to go on with it
// when all have ended, which would skip the waves after; so drops are contained.
func Conc() Peer {
	return Peer{Name: "conc", Teardown: concTeardown, Request: concRequest}
}

func concTeardown(ctx context.Context, units []Unit, built func()) error {
	waves := Waves(units)
	built()
	ctx = context.WithoutCancel(ctx)
	var errs errorList
	for _, wave := range waves {
		p := pool.New().WithErrors()
		for _, i := range wave {
			p.Go(func() error { return contain(ctx, units[i].Drop) })
		}
		errs.add(p.Wait())
	}
	return errs.err
}

func concRequest(ctx context.Context, r Request) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	tasks := pool.New().WithContext(ctx).WithCancelOnError()
	values := make([]int, 0, len(r.Guards))
	var errs errorList
	for range r.Guards {
		v, err := r.Open(ctx)
		if err != nil {
			errs.add(err)
			break
		}
		values = append(values, v)
	}
	if errs.err == nil {
		for range r.Tasks {
			tasks.Go(func(ctx context.Context) error { return contain(ctx, r.Task) })
		}
	}
	errs.add(tasks.Wait())

	live := context.WithoutCancel(ctx)
	drops := pool.New().WithErrors()
	for _, v := range values {
		drops.Go(func() error {
			return contain(live, func(ctx context.Context) error { return r.Drop(ctx, v) })
		})
	}
	errs.add(drops.Wait())
	return errs.err
}
