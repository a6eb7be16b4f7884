package scope_test

import (
	"context"
	"fmt"
	"os"
	"syscall"
	"time"

	"github.com/ebb-go/ebb/scope"
)

func ExampleWithStopFirst() {
	code := scope.Main(func(ctx context.Context, s *scope.Scope) error {
		time.AfterFunc(time.Millisecond, func() { _ = syscall.Kill(os.Getpid(), syscall.SIGTERM) })
		<-scope.Stopping(ctx)
		fmt.Println("asked to stop, canceled:", ctx.Err() != nil)
		return nil
	}, scope.WithStopFirst())
	fmt.Println("exit code", code)
	// Output:
	// asked to stop, canceled: false
	// exit code 0
}

func ExampleWithSignals() {
	err := scope.Run(context.Background(), func(ctx context.Context, s *scope.Scope) error {
		time.AfterFunc(time.Millisecond, func() { _ = syscall.Kill(os.Getpid(), syscall.SIGUSR1) })
		<-scope.Stopping(ctx)
		fmt.Println("asked to stop, canceled:", ctx.Err() != nil)
		return nil
	}, scope.WithSignals(syscall.SIGUSR1))
	fmt.Println(err)
	// Output:
	// asked to stop, canceled: false
	// <nil>
}
