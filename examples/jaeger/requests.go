package main

import (
	"context"
	"errors"

	"github.com/ebb-go/ebb/scope"
)

var errRefund = errors.New("order 4711 was never paid")

// serve takes a request every two paces until it is asked to stop, and then
// finishes those it has begun: they belong to the daemon, whose context lives
// until its time is up.
func (v *service) serve(ctx context.Context) error {
	return scope.Run(ctx, func(ctx context.Context, s *scope.Scope) error {
		for _, r := range []struct {
			name string
			took float64
			err  error
		}{
			{"GET /cart", 1, nil},
			{"POST /order", 7, nil}, // has begun when the service is stopped
			{"POST /refund", 5, errRefund},
		} {
			s.Go(r.name, func(ctx context.Context) error {
				v.request(ctx, r.name, r.took, r.err) // answered, not passed on
				return nil
			})
			v.wait(ctx, 2)
		}
		<-scope.Stopping(ctx)
		return nil
	}, scope.WithName("requests"))
}

// request is one request: a transaction, and inside of it a scope that holds a
// lock for as long as it is needed and no longer.
func (v *service) request(ctx context.Context, name string, took float64, failure error) error {
	return scope.Run(ctx, func(ctx context.Context, s *scope.Scope) error {
		if _, err := scope.Acquire(ctx, s, "transaction", v.open, v.end); err != nil {
			return err
		}
		err := scope.Run(ctx, func(ctx context.Context, s *scope.Scope) error {
			_, err := scope.Acquire(ctx, s, "lock", v.open, v.drop(part{took: .2}))
			v.wait(ctx, took)
			return err
		}, scope.WithName("stock"))
		if err != nil {
			return err
		}
		return failure
	}, scope.WithName(name))
}

// end ends a transaction: a commit takes longer than a rollback.
func (v *service) end(ctx context.Context, _ struct{}) error {
	if scope.ExitOf(ctx).Kind == scope.Succeeded {
		v.wait(ctx, .6)
	} else {
		v.wait(ctx, .2)
	}
	return nil
}
