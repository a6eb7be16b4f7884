package scope_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"time"

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

// What a daemon has taken is worked off in a Graceful child, which accepts tasks until
// the daemon that feeds it has ended.
func ExampleScope_Daemon_gracefulChild() {
	queue := make(chan string, 2)
	queue <- "one"
	queue <- "two"
	_ = scope.Run(context.Background(), func(ctx context.Context, s *scope.Scope) error {
		work, err := s.Child("work", scope.Graceful(), scope.DropTimeout(10*time.Second))
		if err != nil {
			return err
		}
		_, err = s.Daemon("consumer", func(ctx context.Context) error {
			<-ctx.Done() // its turn; what is in the queue was taken already
			for len(queue) > 0 {
				job := <-queue
				work.Go("job", func(ctx context.Context) error {
					fmt.Println(job, "is done, canceled:", ctx.Err() != nil)
					return nil
				})
			}
			return nil
		}, scope.AlsoDependsOn(work))
		s.Cancel(errors.New("deploy"))
		return err
	})
	// Unordered output:
	// one is done, canceled: false
	// two is done, canceled: false
}

// A read that knows of no context ends when its connection is closed, and the daemon
// with it.
func ExampleScope_Daemon_interrupt() {
	_ = scope.Run(context.Background(), func(ctx context.Context, s *scope.Scope) error {
		near, far := net.Pipe()
		if _, err := scope.Defer(s, "conn", func(context.Context) error { return near.Close() }); err != nil {
			return err
		}
		_, err := s.Daemon("reader", func(context.Context) error {
			_, err := far.Read(make([]byte, 1))
			fmt.Println(err)
			return nil
		}, scope.Interrupt(func() { _ = far.Close() }))
		return err
	})
	// Output: io: read/write on closed pipe
}
