package scopehttp

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"maps"
	"net"
	"net/http"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/ebb-go/ebb/group"
	"github.com/ebb-go/ebb/scope"
)

// Hijack takes the connection of a request from net/http and makes it a guard of s,
// which closes it. s can be the request's own scope ([scope.From]), where the
// connection lives no longer than the handler, or one that lives longer, such as a
// [scope.Graceful] child of the program's scope with the tasks that read and write: then
// no goroutine of a handler has to stay, and the server, which depends on the child, has
// stopped before they are asked to. The reader and writer are those of
// [http.Hijacker]; the reader may hold data of the client already.
//
// When the context of s is canceled, as that of a child is when its turn comes, a read
// of the connection that is waiting ends with [os.ErrDeadlineExceeded], for a read
// knows of no context; a later SetReadDeadline gives time for a farewell.
//
// A connection that is owned so is no longer closed by its server. Errors are those of
// [scope.Acquire] and of hijacking, which HTTP/2 does not support.
func Hijack(ctx context.Context, s *scope.Scope, name string, w http.ResponseWriter, opts ...scope.GuardOption) (*scope.Handle[net.Conn], *bufio.ReadWriter, error) {
	var buf *bufio.ReadWriter
	var unwatch func() bool
	h, err := scope.Acquire(ctx, s, name, func(context.Context) (net.Conn, error) {
		c, rw, err := http.NewResponseController(w).Hijack()
		if err != nil {
			return nil, err
		}
		buf = rw
		unwatch = context.AfterFunc(s.Context(), func() { _ = c.SetReadDeadline(time.Unix(1, 0)) })
		if v := serverOf(w); v != nil {
			v.forget(c)
		}
		return c, nil
	}, func(ctx context.Context, c net.Conn) error {
		unwatch()
		return closeConn(ctx, c)
	}, opts...)
	return h, buf, err
}

// closeConn is the drop of a hijacked connection. That it is closed already is no
// error: a protocol closes its connection in its course.
func closeConn(_ context.Context, c net.Conn) error {
	if err := c.Close(); !errors.Is(err, net.ErrClosed) {
		return err
	}
	return nil
}

// serverOf returns the server whose connection w writes to, as far as the writers
// around it can be unwrapped, or nil.
func serverOf(w http.ResponseWriter) *server {
	for {
		if r, ok := w.(interface{ owner() *server }); ok && r.owner() != nil {
			return r.owner()
		}
		u, ok := w.(interface{ Unwrap() http.ResponseWriter })
		if !ok {
			return nil
		}
		w = u.Unwrap()
	}
}

// hijacked are the connections that handlers of a server have hijacked. They are
// handed out as they are, since code asks them for methods of their own, such as
// CloseWrite; so it is not seen when one is closed. Those that are closed are swept
// out when there are twice as many as after the last sweep, which makes a constant
// cost for each, and keeps fewer than twice as many as are open.
type hijacked struct {
	conns map[net.Conn]struct{}
	sweep int // how many there may be before the next sweep
}

// add remembers c.
func (h *hijacked) add(c net.Conn) {
	if h.conns == nil {
		h.conns = make(map[net.Conn]struct{})
	}
	if len(h.conns) >= max(h.sweep, 64) {
		maps.DeleteFunc(h.conns, func(c net.Conn, _ struct{}) bool { return isClosed(c) })
		h.sweep = 2 * len(h.conns)
	}
	h.conns[c] = struct{}{}
}

// isClosed reports whether c was closed by this side. It has no effect on c, and calls
// no code but net's, so that it may be called with mu held.
func isClosed(c net.Conn) bool {
	if w, ok := c.(*watched); ok {
		return w.closed.Load()
	}
	socket := socketOf(c)
	if socket == nil {
		return false
	}
	raw, err := socket.SyscallConn()
	return err != nil || raw.Control(func(uintptr) {}) != nil
}

// socketOf returns the socket of c, or nil if c is of a type that net/http does not
// make itself.
func socketOf(c net.Conn) syscall.Conn {
	if t, ok := c.(*tls.Conn); ok {
		c = t.NetConn()
	}
	switch c := c.(type) {
	case *net.TCPConn:
		return c
	case *net.UnixConn:
		return c
	}
	return nil
}

// watched is a hijacked connection that is no socket of package net, so that only its
// Close shows that it is closed.
type watched struct {
	net.Conn
	closed atomic.Bool
}

// NetConn returns the connection itself.
func (c *watched) NetConn() net.Conn { return c.Conn }

// Close closes the connection.
func (c *watched) Close() error {
	c.closed.Store(true)
	return c.Conn.Close()
}

// watch remembers a connection that a handler has hijacked, and returns what to hand
// out. After the end of the server it is closed at once.
func (v *server) watch(c net.Conn) net.Conn {
	if socketOf(c) == nil {
		c = &watched{Conn: c}
	}
	v.mu.Lock()
	late := v.closed
	if !late {
		v.hijacked.add(c)
	}
	v.mu.Unlock()
	if late {
		_ = c.Close()
	}
	return c
}

// forget leaves a hijacked connection to its owner.
func (v *server) forget(c net.Conn) {
	v.mu.Lock()
	delete(v.hijacked.conns, c)
	v.mu.Unlock()
}

// closeHijacked closes the hijacked connections that are open and not owned, and
// returns how many there were.
func (v *server) closeHijacked() (n int) {
	v.mu.Lock()
	left := v.hijacked.conns
	v.hijacked.conns, v.closed = nil, true
	v.mu.Unlock()
	var closing group.Tasks
	for c := range left {
		if !isClosed(c) {
			n++
			closing.Go(func(context.Context) error { return cut(c) })
		}
	}
	_ = closing.Wait() // as in refuse
	return n
}
