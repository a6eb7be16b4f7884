package main

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"testing"
	"time"

	"github.com/ebb-go/ebb/scope"
)

// A client that is connected when the server stops has its answers and a farewell, and one
// that comes later is refused; the exit takes no more than that.
func TestStops(t *testing.T) {
	var addr net.Addr
	said := make(chan string, 2)
	err := scope.Run(t.Context(), func(ctx context.Context, s *scope.Scope) error {
		var err error
		if addr, err = start(ctx, s, "127.0.0.1:0"); err != nil {
			return err
		}
		c, err := net.Dial("tcp", addr.String())
		if err != nil {
			return err
		}
		in := bufio.NewReader(c)
		fmt.Fprintln(c, "hello")
		line, err := in.ReadString('\n')
		if line != "HELLO\n" {
			t.Errorf("got %q, %v", line, err)
		}
		go func() {
			defer c.Close()
			line, _ := in.ReadString('\n')
			said <- line
			_, err := in.ReadByte()
			said <- fmt.Sprint(err)
		}()
		s.Stop(nil)
		return s.Wait(ctx)
	}, scope.WithName("tcp"), scope.WithGrace(time.Minute))
	if err != nil {
		t.Error(err)
	}
	if got := <-said; got != "bye\n" {
		t.Errorf("got %q", got)
	}
	if got := <-said; got != "EOF" {
		t.Errorf("got %q", got)
	}
	if c, err := net.Dial("tcp", addr.String()); err == nil {
		t.Error("it still accepts")
		c.Close()
	}
}

// A listener that fails fails the service.
func TestListenerFails(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	err = scope.Run(t.Context(), func(ctx context.Context, s *scope.Scope) error {
		_, err := start(ctx, s, taken.Addr().String())
		return err
	})
	if err == nil {
		t.Error("two servers on one port")
	}
}
