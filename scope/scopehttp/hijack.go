package scopehttp

import (
	"bufio"
	"context"
	"errors"
	"net"
	"net/http"

	"github.com/ebb-go/ebb/scope"
)

// Hijack takes the connection of a request from net/http and makes it a guard of s,
// which closes it. s can be the request's own scope ([scope.From]), where the
// connection lives no longer than the handler, or one that lives longer, such as a
// child of the program's scope with the tasks that read and write: then no goroutine
// of a handler has to stay. The reader and writer are those of
// [http.Hijacker]; the reader may hold data of the client already.
//
// A connection that is owned so is no longer closed by its server. Errors are those of
// [scope.Acquire] and of hijacking, which HTTP/2 does not support.
func Hijack(ctx context.Context, s *scope.Scope, name string, w http.ResponseWriter, opts ...scope.GuardOption) (*scope.Handle[net.Conn], *bufio.ReadWriter, error) {
	var buf *bufio.ReadWriter
	h, err := scope.Acquire(ctx, s, name, func(context.Context) (net.Conn, error) {
		c, rw, err := http.NewResponseController(w).Hijack()
		if err != nil {
			return nil, err
		}
		buf = rw
		if watched, ok := c.(*conn); ok {
			watched.leave()
		}
		return c, nil
	}, closeConn, opts...)
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

// conn is a hijacked connection that its server closes in the end, unless it was
// closed or owned before.
type conn struct {
	net.Conn
	v *server
}

// NetConn returns the connection itself.
func (c *conn) NetConn() net.Conn { return c.Conn }

// Close closes the connection, and its server forgets it.
func (c *conn) Close() error {
	c.leave()
	return c.Conn.Close()
}

func (c *conn) leave() {
	c.v.mu.Lock()
	delete(c.v.hijacked, c)
	c.v.mu.Unlock()
}

// watch remembers a connection that a handler has hijacked. After the end of
// the server it is closed at once.
func (v *server) watch(raw net.Conn) net.Conn {
	c := &conn{raw, v}
	v.mu.Lock()
	late := v.closed
	if !late {
		if v.hijacked == nil {
			v.hijacked = make(map[*conn]struct{})
		}
		v.hijacked[c] = struct{}{}
	}
	v.mu.Unlock()
	if late {
		_ = raw.Close()
	}
	return c
}

// closeHijacked closes the hijacked connections that are not owned, and returns
// how many there were.
func (v *server) closeHijacked() int {
	v.mu.Lock()
	left := v.hijacked
	v.hijacked, v.closed = nil, true
	v.mu.Unlock()
	for c := range left {
		_ = c.Conn.Close() // the peer sees it
	}
	return len(left)
}
