package scope_test

import (
	"context"
	"fmt"
	"net"

	"github.com/ebb-go/ebb/guard"
	"github.com/ebb-go/ebb/scope"
)

// resource is a resource that says when it is closed.
type resource string

func (r resource) Close() error {
	fmt.Println("close", string(r))
	return nil
}

// Example_service is the program of the README.
func Example_service() {
	err := scope.Run(context.Background(), func(ctx context.Context, s *scope.Scope) error {
		db, err := scope.Acquire(ctx, s, "postgres", func(context.Context) (resource, error) {
			return "postgres", nil // open it here
		}, guard.Close)
		if err != nil {
			return err // what was acquired so far is dropped
		}
		_, err = scope.Acquire(ctx, s, "cache", func(ctx context.Context) (resource, error) {
			return "cache over " + db.Use(ctx), nil // using db here records the edge cache -> postgres
		}, guard.Close)
		if err != nil {
			return err
		}
		s.Go("warm-up", func(context.Context) error {
			fmt.Println("warm up") // the exit waits for it
			return nil
		})
		return nil
	}, scope.WithName("orders"))
	fmt.Println("error:", err)
	// Output:
	// warm up
	// close cache over postgres
	// close postgres
	// error: <nil>
}

func ExampleServe() {
	err := scope.Run(context.Background(), func(ctx context.Context, s *scope.Scope) error {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return err
		}
		_, err = scope.Serve(ctx, s, "echo", func() error {
			for {
				conn, err := l.Accept()
				if err != nil {
					return err // net.ErrClosed, once it was shut down
				}
				_ = conn.Close()
			}
		}, func(context.Context) error { return l.Close() })
		return err
	})
	fmt.Println(err)
	// Output: <nil>
}

func ExampleAttach() {
	_ = scope.Run(context.Background(), func(ctx context.Context, s *scope.Scope) error {
		// A broker calls back with a context of its own.
		callback := func(call context.Context) error {
			ctx, cancel := scope.Attach(call, ctx)
			defer cancel()
			return scope.Run(ctx, func(ctx context.Context, message *scope.Scope) error {
				fmt.Println(message.Path())
				return nil
			}, scope.WithName("message"))
		}
		return callback(context.Background())
	}, scope.WithName("consumer"))
	// Output: consumer/message
}
