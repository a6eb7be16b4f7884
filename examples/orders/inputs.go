package main

import (
	"bytes"
	"context"
	_ "embed"
	"errors"
	"net"
	"os"

	"github.com/ebb-go/ebb/scope"
)

// sample is shipped inside the program, so that it runs from anywhere.
//
//go:embed orders.csv
var sample []byte

// inputs are all that a run is given by its user.
type inputs struct {
	orders   []Order
	bad      []badRow
	html     *output
	svg      *output // may be nil
	listener net.Listener
	dir      string
}

// acquireInputs looks at all that the command line names, before anything is
// done with it. What it has made when it comes upon a fault is dropped with s,
// so a fault leaves nothing behind.
func acquireInputs(ctx context.Context, s *scope.Scope, c config) (in inputs, err error) {
	if in.orders, in.bad, err = loadOrders(c.orders); err != nil {
		return in, usagef("-orders: %w", err)
	}
	if in.html, err = acquireOutput(ctx, s, "html", c.html); err != nil {
		return in, usagef("-html: %w", err)
	}
	if c.svg != "" {
		if in.svg, err = acquireOutput(ctx, s, "svg", c.svg); err != nil {
			return in, usagef("-svg: %w", err)
		}
	}
	listener, err := scope.Acquire(ctx, s, "listener", func(context.Context) (net.Listener, error) {
		return listen(c.addr)
	}, closeListener)
	if err != nil {
		return in, usagef("-addr: %w", err)
	}
	dir, err := scope.Acquire(ctx, s, "data", func(context.Context) (directory, error) {
		return openDirectory(c.data)
	}, dropDirectory)
	if err != nil {
		return in, usagef("-data: %w", err)
	}
	in.listener, in.dir = listener.Value(), dir.Value().path
	return in, nil
}

// loadOrders reads the file, or the sample if none is named.
func loadOrders(path string) ([]Order, []badRow, error) {
	if path == "" {
		return readOrders(bytes.NewReader(sample))
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, nil, err
	}
	defer f.Close()
	good, bad, err := readOrders(f)
	if err != nil && !errors.As(err, new(*os.PathError)) {
		err = &os.PathError{Op: "read", Path: path, Err: err}
	}
	return good, bad, err
}

var errNotLoopback = errors.New("is no loopback address, and the service authenticates no client")

func listen(addr string) (net.Listener, error) {
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, err
	}
	if a, ok := l.Addr().(*net.TCPAddr); !ok || !a.IP.IsLoopback() {
		return nil, errors.Join(&net.AddrError{Err: errNotLoopback.Error(), Addr: addr}, l.Close())
	}
	return l, nil
}

// closeListener closes what the server has perhaps closed.
func closeListener(_ context.Context, l net.Listener) error {
	if err := l.Close(); !errors.Is(err, net.ErrClosed) {
		return err
	}
	return nil
}
