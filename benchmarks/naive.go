package benchmarks

import (
	"context"

	"go.uber.org/multierr"
	"golang.org/x/sync/errgroup"
)

// Naive is the walker that is written in an afternoon: a goroutine for every
// node, which waits for a channel of every node that uses it, then drops.
func Naive() Peer { return Peer{Name: "naive", Teardown: naiveTeardown} }

func naiveTeardown(ctx context.Context, units []Unit, built func()) error {
	users := make([][]int, len(units))
	for i, u := range units {
		for _, d := range u.Uses {
			users[d] = append(users[d], i)
		}
	}
	built()
	ctx = context.WithoutCancel(ctx)
	ended := make([]chan struct{}, len(units))
	for i := range ended {
		ended[i] = make(chan struct{})
	}
	errs := make([]error, len(units))
	var g errgroup.Group
	for i, u := range units {
		g.Go(func() error {
			for _, user := range users[i] {
				<-ended[user]
			}
			defer close(ended[i])
			errs[i] = contain(ctx, u.Drop)
			return nil
		})
	}
	_ = g.Wait()
	return multierr.Combine(errs...)
}
