package scope_test

import (
	"context"
	"errors"
	"fmt"
	"net"

	"github.com/ebb-go/ebb/guard"
	"github.com/ebb-go/ebb/scope"
)

func ExampleInterrupt() {
	err := scope.Run(context.Background(), func(ctx context.Context, s *scope.Scope) error {
		l, err := scope.Acquire(ctx, s, "listener", func(context.Context) (net.Listener, error) {
			return net.Listen("tcp", "127.0.0.1:0")
		}, guard.Func(func(l net.Listener) { _ = l.Close() }))
		if err != nil {
			return err
		}
		_, err = s.Daemon("accepts", func(context.Context) error {
			_, err := l.Value().Accept() // knows of no context
			fmt.Println("listener is closed:", errors.Is(err, net.ErrClosed))
			return nil
		}, scope.Interrupt(func() { _ = l.Value().Close() }))
		return err
	})
	fmt.Println(err)
	// Output:
	// listener is closed: true
	// <nil>
}

func ExampleGraceful_child() {
	_ = scope.Run(context.Background(), func(ctx context.Context, s *scope.Scope) error {
		background, err := s.Child("background", scope.Graceful())
		if err != nil {
			return err
		}
		// The server depends on what it feeds, so it is stopped first.
		_, err = s.Daemon("server", func(ctx context.Context) error {
			<-ctx.Done() // its turn
			background.Go("mail", func(ctx context.Context) error {
				fmt.Println("the mail is sent, canceled:", ctx.Err() != nil)
				return nil
			})
			return nil
		}, scope.AlsoDependsOn(background))
		s.Cancel(errors.New("deploy"))
		return err
	})
	// Output: the mail is sent, canceled: false
}
