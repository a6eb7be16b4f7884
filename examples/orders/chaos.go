package main

import (
	"context"
	"errors"
	"time"

	"github.com/ebb-go/ebb/scope"
)

// chaosTimeout is what the drop that hangs is given.
const chaosTimeout = 400 * time.Millisecond

var errChaos = errors.New("dial tcp 192.0.2.1:25: connection refused")

// acquireChaos acquires three guards that do no work and cannot be dropped as
// they should be: one fails, one panics, one hangs. All use the database, which
// must be closed all the same.
func acquireChaos(ctx context.Context, s *scope.Scope, t *tally, database scope.Node) ([]scope.Node, error) {
	var nodes []scope.Node
	for _, c := range []struct {
		name string
		drop func(context.Context, struct{}) error
	}{
		{"chaos-fails", func(context.Context, struct{}) error { return errChaos }},
		{"chaos-panics", func(context.Context, struct{}) error { panic("assignment to entry in nil map") }},
		{"chaos-hangs", func(context.Context, struct{}) error { select {} }}, // deaf to its context, too
	} {
		h, err := acquire(ctx, s, t, c.name, func(context.Context) (struct{}, error) { return struct{}{}, nil },
			c.drop, scope.DependsOn(database), scope.DropTimeout(chaosTimeout))
		if err != nil {
			return nil, err
		}
		nodes = append(nodes, h)
	}
	return nodes, nil
}
