// Tcp is a server of a protocol of its own: each line is answered in capitals. The accept
// loop is a server as package scope knows it, so it stops in its place; connections are
// tasks of a Graceful child, which answer what they have read before they end.
package main

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"net"
	"os"
	"strings"
	"time"

	"github.com/ebb-go/ebb/guard"
	"github.com/ebb-go/ebb/scope"
)

func main() {
	addr := flag.String("addr", "127.0.0.1:4242", "where to listen")
	flag.Parse()
	os.Exit(scope.Main(func(ctx context.Context, s *scope.Scope) error {
		l, err := start(ctx, s, *addr)
		if err != nil {
			return err
		}
		fmt.Println(l)
		return s.Wait(ctx)
	}, scope.WithName("tcp"), scope.WithStopFirst(), scope.WithGrace(20*time.Second)))
}

// start listens on addr and answers until the teardown, and returns the address.
func start(ctx context.Context, s *scope.Scope, addr string) (net.Addr, error) {
	conns, err := s.Child("conns", scope.Graceful(), scope.WithSupervisor())
	if err != nil {
		return nil, err
	}
	listener, err := scope.Acquire(ctx, s, "listener", func(ctx context.Context) (net.Listener, error) {
		return new(net.ListenConfig).Listen(ctx, "tcp", addr)
	}, guard.Close)
	if err != nil {
		return nil, err
	}
	l := listener.Value()
	// It depends on the listener and on conns, so it ends before either. Accept knows of
	// no context: it ends when the listener is closed, which its guard does not mind.
	_, err = scope.Serve(ctx, s, "accept", func() error {
		for {
			c, err := l.Accept()
			if err != nil {
				return err
			}
			if conns.TryGo("conn", func(ctx context.Context) error { return answer(ctx, c) }) != nil {
				_ = c.Close()
			}
		}
	}, func(context.Context) error { return l.Close() }, scope.AlsoDependsOn(conns))
	return l.Addr(), err
}

// answer answers lines until the client ends the connection, or the server stops. A read
// knows of no context either: when the server stops, it ends by a deadline.
func answer(ctx context.Context, c net.Conn) error {
	defer c.Close()
	asked, free := scope.StoppingContext(ctx)
	defer free()
	defer context.AfterFunc(asked, func() { _ = c.SetReadDeadline(time.Unix(1, 0)) })()
	lines := bufio.NewScanner(c)
	for lines.Scan() {
		if _, err := fmt.Fprintln(c, strings.ToUpper(lines.Text())); err != nil {
			return err
		}
	}
	if err := lines.Err(); !errors.Is(err, os.ErrDeadlineExceeded) {
		return err
	}
	_, err := fmt.Fprintln(c, "bye")
	return err
}
