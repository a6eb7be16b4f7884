package scope_test

import (
	"context"
	"fmt"
	"time"

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

// A listener must be closed before the next one can have its port.
func ExampleSlot_Retire() {
	_ = scope.Run(context.Background(), func(ctx context.Context, s *scope.Scope) error {
		var ports *scope.Slot[int]
		open := func(n int) func(context.Context) (int, error) {
			return func(ctx context.Context) (int, error) {
				// First all that can fail, then:
				if err := ports.Retire(ctx); err != nil {
					return 0, err
				}
				fmt.Println("listen", n)
				return n, nil
			}
		}
		ports, err := scope.NewSlot(ctx, s, "listener", open(1), func(_ context.Context, n int) error {
			fmt.Println("close", n)
			return nil
		})
		if err != nil {
			return err
		}
		return ports.Replace(ctx, open(2))
	})
	// Output:
	// listen 1
	// close 1
	// listen 2
	// close 2
}

// A generation of daemons is replaced as a whole: they are started on the scope of the
// value, and end with it.
func ExampleSlot_Replace() {
	type config struct{ name string }
	open := func(c config) func(context.Context) (config, error) {
		return func(ctx context.Context) (config, error) {
			value, _ := scope.From(ctx)
			_, d, err := scope.Start(ctx, value, "dispatcher", func(ctx context.Context, ready func(bool)) error {
				ready(true)
				<-ctx.Done()
				fmt.Println("end of the dispatcher of", c.name)
				return nil
			})
			_ = d
			return c, err
		}
	}
	_ = scope.Run(context.Background(), func(ctx context.Context, s *scope.Scope) error {
		l, err := scope.NewSlot(ctx, s, "generation", open(config{"first"}), func(_ context.Context, c config) error {
			fmt.Println("end of", c.name)
			return nil
		})
		if err != nil {
			return err
		}
		return l.Replace(ctx, open(config{"second"}))
	})
	// Output:
	// end of first
	// end of the dispatcher of first
	// end of second
	// end of the dispatcher of second
}

// What lives longer than a value borrows it for as long as it needs it.
func ExampleSlot_Borrow() {
	_ = scope.Run(context.Background(), func(ctx context.Context, s *scope.Scope) error {
		pools, err := scope.NewSlot(ctx, s, "pool", openPool("db"), closePool)
		if err != nil {
			return err
		}
		return pools.Borrow(context.Background(), func(_ context.Context, p *pool) error {
			fmt.Println("query", p.dsn)
			return nil
		})
	})
	// Output:
	// query db
	// close db
}

// Each tenant has a pool, which is opened by its first request and closed when it has had
// none for ten minutes.
func ExampleNewSlots() {
	_ = scope.Run(context.Background(), func(ctx context.Context, s *scope.Scope) error {
		pools := scope.NewSlots(s, "tenants",
			func(ctx context.Context, tenant string) (*pool, error) { return openPool(tenant)(ctx) },
			func(ctx context.Context, _ string, p *pool) error { return closePool(ctx, p) },
			scope.SlotIdle(10*time.Minute))
		for _, tenant := range []string{"acme", "acme", "initech"} {
			err := scope.Run(ctx, func(ctx context.Context, _ *scope.Scope) error { // a request
				p, err := pools.Use(ctx, tenant)
				if err != nil {
					return err
				}
				fmt.Println("request of", p.dsn)
				return nil
			})
			if err != nil {
				return err
			}
		}
		fmt.Println("tenants:", pools.Len())
		return pools.Evict(ctx, "acme")
	})
	// Output:
	// request of acme
	// request of acme
	// request of initech
	// tenants: 2
	// close acme
	// close initech
}

// A client that nothing has used for a minute is closed.
func ExampleSlotIdle() {
	_ = scope.Run(context.Background(), func(ctx context.Context, s *scope.Scope) error {
		clients := scope.NewSlots(s, "clients",
			func(_ context.Context, host string) (string, error) { return "client of " + host, nil },
			func(context.Context, string, string) error { return nil },
			scope.SlotIdle(time.Minute))
		return clients.Borrow(ctx, "example.org", func(_ context.Context, c string) error {
			fmt.Println(c)
			return nil
		})
	})
	// Output: client of example.org
}
