package scope_test

import (
	"context"
	"fmt"

	"github.com/ebb-go/ebb/scope"
)

// pool is a value that is replaced while requests use it.
type pool struct{ dsn string }

func openPool(dsn string) func(context.Context) (*pool, error) {
	return func(context.Context) (*pool, error) { return &pool{dsn}, nil }
}

func closePool(_ context.Context, p *pool) error {
	fmt.Println("close", p.dsn)
	return nil
}

// A new configuration replaces a pool. A request that has the old one finishes with it.
func ExampleNewSlot() {
	_ = scope.Run(context.Background(), func(ctx context.Context, s *scope.Scope) error {
		pools, err := scope.NewSlot(ctx, s, "pool", openPool("db-1"), closePool)
		if err != nil {
			return err
		}
		err = scope.Run(ctx, func(ctx context.Context, _ *scope.Scope) error { // a request
			p, err := pools.Use(ctx) // its until the request has ended
			fmt.Println("request with", p.dsn)
			return err
		})
		if err != nil {
			return err
		}
		if err := pools.Replace(ctx, openPool("db-2")); err != nil {
			return err // the old one stays if the new one does not open
		}
		fmt.Println("now", pools.Value().dsn)
		return nil
	})
	// Output:
	// request with db-1
	// close db-1
	// now db-2
	// close db-2
}
