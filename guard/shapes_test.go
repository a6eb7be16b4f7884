package guard_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"os"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ebb-go/ebb/guard"
	"go.uber.org/multierr"
)

type closer struct{ err error }

func (c closer) Close() error { return c.err }

type stopper struct{ stopped bool }

func (s *stopper) Stop() { s.stopped = true }

// A server hangs in Shutdown until ctx ends, and can be closed.
type server struct {
	closeErr error
	closed   bool
}

func (s *server) Shutdown(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }
func (s *server) Close() error                       { s.closed = true; return s.closeErr }

type quietServer struct{ closed bool }

func (s *quietServer) Shutdown(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }
func (s *quietServer) Close()                             { s.closed = true }

type provider struct{ err error }

func (p provider) Shutdown(context.Context) error { return p.err }

// The shapes are passed uninstantiated.
func TestShapes(t *testing.T) {
	wantErr(t, "Close", guard.New(closer{errDrop}, guard.Close).Drop(t.Context()), errDrop)
	s := new(stopper)
	if err := guard.New(s, guard.Stop).Drop(t.Context()); err != nil || !s.stopped {
		t.Error("Stop", err)
	}
	n := 1
	if err := guard.New(&n, guard.Func(func(n *int) { *n = 2 })).Drop(t.Context()); err != nil || n != 2 {
		t.Error("Func", err)
	}
	if err := guard.New(1, guard.Nothing).Drop(t.Context()); err != nil {
		t.Error("Nothing", err)
	}
	if err := guard.New(new(http.Server), guard.Shutdown).Drop(t.Context()); err != nil {
		t.Error("Shutdown", err)
	}
	wantErr(t, "Of", guard.Of(guard.New(closer{errDrop}, guard.Close)).Drop(t.Context()), errDrop)
}

// Shutdown closes at the deadline, and only then.
func TestShutdownCloses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		s := &server{closeErr: errDrop}
		err := guard.New(s, guard.Shutdown).Drop(ctx)
		if errs := multierr.Errors(err); len(errs) != 2 || errs[0] != context.DeadlineExceeded || errs[1] != errDrop || !s.closed {
			t.Errorf("Shutdown: %v", errs)
		}
		q := new(quietServer)
		if err := guard.New(q, guard.Shutdown).Drop(ctx); !errors.Is(err, context.DeadlineExceeded) || !q.closed {
			t.Errorf("Shutdown: %v", err)
		}
	})
	wantErr(t, "Shutdown", guard.New(provider{errDrop}, guard.Shutdown).Drop(t.Context()), errDrop)
	wantErr(t, "Shutdown", guard.New(provider{}, guard.Shutdown).Drop(t.Context()), nil)
}

// What has been closed already is closed; an error that says more is one.
func TestCloseOfWhatIsClosed(t *testing.T) {
	var absent *hostile
	closedTwice := func(c interface{ Close() error }, err error) error {
		if err != nil {
			t.Fatal(err)
		}
		c.Close()
		return c.Close()
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	file, err2 := os.Open(os.DevNull)
	for _, c := range []struct {
		err  error
		want bool // an error
	}{
		{nil, false},
		{net.ErrClosed, false}, {fs.ErrClosed, false}, {os.ErrClosed, false},
		{closedTwice(listener, err), false}, {closedTwice(file, err2), false},
		{fmt.Errorf("x: %w", net.ErrClosed), false}, {errors.Join(net.ErrClosed, fs.ErrClosed), false},
		{errDrop, true}, {errors.Join(net.ErrClosed, errDrop), true}, {fmt.Errorf("%w: %w", errDrop, net.ErrClosed), true},
		{io.ErrClosedPipe, true}, {errors.Join(net.ErrClosed, absent), true}, {errors.Join(absent, net.ErrClosed), true},
		{&hostile{runtime.Goexit}, true}, {circle{}, true}, {badValue{"x", []int{}}, true},
	} {
		got := guard.New(closer{c.err}, guard.Close).Drop(t.Context())
		if (got != nil) != c.want || c.want && !same(got, c.err) {
			t.Errorf("Close with %T returned %T", c.err, got)
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		got = guard.New(&server{closeErr: c.err}, guard.Shutdown).Drop(ctx)
		if n := len(multierr.Errors(got)); !errors.Is(got, context.Canceled) || (n == 2) != c.want || n > 2 {
			t.Errorf("Shutdown with %T: %d errors", c.err, n)
		}
	}
}
