package scope_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
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

// The last words of the program go where its others do.
func ExampleWithErrorLog() {
	log := slog.New(slog.NewJSONHandler(os.Stdout, &slog.HandlerOptions{ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey || a.Key == slog.MessageKey {
			return slog.Attr{} // they differ
		}
		return a
	}}))
	code := scope.Main(func(ctx context.Context, s *scope.Scope) error {
		return errors.New("no configuration")
	}, scope.WithErrorLog(log))
	fmt.Println(code)
	// Output:
	// {"level":"ERROR","error":"no configuration"}
	// 1
}
