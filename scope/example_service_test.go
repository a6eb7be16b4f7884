package scope_test

import (
	"context"
	"fmt"
	"net"

	"github.com/ebb-go/ebb/scope"
)

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
