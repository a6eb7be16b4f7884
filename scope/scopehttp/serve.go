package scopehttp

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"syscall"

	"go.uber.org/multierr"

	"github.com/ebb-go/ebb/scope"
)

// Serve listens on the TCP address srv.Addr, or ":http" (":https" with
// certificates), and starts srv as a daemon of s. It returns when connections are
// accepted, with the address that was taken, which has the port for an Addr of
// "localhost:0". If listening fails, the error is returned and nothing is registered.
// With certificates in srv.TLSConfig it serves TLS.
//
// srv.Handler, or [http.DefaultServeMux] if it is nil, is wrapped in a [Handler] unless
// it is one. Serve also sets srv.BaseContext, srv.ConnContext and srv.ConnState. What
// these were is called as well; of a user's base context the values are kept. A panic
// of ConnContext or ConnState is logged to srv.ErrorLog, and the former closes the
// connection. srv belongs to the daemon from then on and, as always with net/http,
// serves only once: a second Serve, or one after srv was shut down, returns an error.
//
// The daemon is [scope.Graceful]. When its turn comes, [scope.Stopping] closes for its
// handlers, and the server accepts no more connections. Connections that have sent
// nothing yet have a second to do so, and are answered. Then it calls srv's
// [http.Server.Shutdown], which closes idle connections and calls what
// RegisterOnShutdown has registered, and waits for the requests that have begun: each
// of these is answered, and no handler is called for another. When three quarters of
// the time for its drop are up (see [scope.DropTimeout] and [scope.WithGrace]) it
// cancels the handlers, which have three quarters of the rest to answer. Then it closes
// all connections, hijacked ones included, and the drop ends with a [*CutError] once
// the handlers have ended. Without a limit it waits for as long as they take. A
// hijacked connection that is left when all handlers have ended is closed too, unless
// it is owned; see [Hijack].
//
// If accepting ends while nothing has asked the daemon to stop, by an error or because
// srv was shut down, s fails at once with a [*scope.TaskError], and requests that have
// begun go on until the daemon's turn.
//
// Without [scope.DependsOn] the daemon depends on every guard that s holds now.
func Serve(ctx context.Context, s *scope.Scope, name string, srv *http.Server, opts ...scope.GuardOption) (net.Addr, *scope.Daemon, error) {
	return start(ctx, s, name, srv, opts, func(ctx context.Context) (net.Listener, error) {
		addr := ":http"
		if secure(srv) {
			addr = ":https"
		}
		return new(net.ListenConfig).Listen(ctx, "tcp", cmp.Or(srv.Addr, addr))
	})
}

// ServeOn is [Serve] on a listener that there is already, and that becomes the
// daemon's: it is closed also when ServeOn returns an error.
func ServeOn(ctx context.Context, s *scope.Scope, name string, l net.Listener, srv *http.Server, opts ...scope.GuardOption) (net.Addr, *scope.Daemon, error) {
	taken := false
	addr, d, err := start(ctx, s, name, srv, opts, func(context.Context) (net.Listener, error) {
		taken = true
		if err := closed(l); err != nil {
			return nil, multierr.Append(err, l.Close())
		}
		return l, nil
	})
	if !taken { // else the daemon has closed it
		err = multierr.Append(err, l.Close())
	}
	return addr, d, err
}

// closed returns an error if l is a socket that was closed. Without it a server that
// cannot serve would seem to have started.
func closed(l net.Listener) error {
	socket, ok := l.(syscall.Conn)
	if !ok {
		return nil
	}
	c, err := socket.SyscallConn()
	if err == nil {
		err = c.Control(func(uintptr) {})
	}
	return err
}

func start(ctx context.Context, s *scope.Scope, name string, srv *http.Server, opts []scope.GuardOption,
	listen func(context.Context) (net.Listener, error),
) (net.Addr, *scope.Daemon, error) {
	if _, used := srv.Handler.(tracked); used {
		return nil, nil, fmt.Errorf("scope %q: start %q: %w", s.Path(), name, errUsed)
	}
	duck, err := lameDuckOf(opts)
	if err != nil {
		return nil, nil, fmt.Errorf("scope %q: start %q: %w", s.Path(), name, err)
	}
	v := &server{srv: srv, scope: s, name: name, up: make(chan struct{}), accepted: make(chan struct{}), duck: duck}
	return scope.Start(ctx, s, name, func(ctx context.Context, ready func(net.Addr)) error {
		l, err := listen(ctx)
		if err != nil {
			return err
		}
		return v.run(ctx, l, ready)
	}, append(opts[:len(opts):len(opts)], scope.Graceful())...)
}

// errUsed is for a server that another Serve has taken.
var errUsed = errors.New("the http.Server was served already, and serves only once")

// run is the daemon. ctx is canceled when three quarters of the time of its drop are
// up, and before that only if the start of the daemon is given up.
func (v *server) run(ctx context.Context, l net.Listener, ready func(net.Addr)) error {
	v.listener, v.over = listener{l, sync.OnceValue(l.Close)}, ctx.Done()
	restore := v.prepare(ctx)
	v.accepting.Go(func(context.Context) error {
		defer close(v.accepted)
		return v.accept()
	})
	var goodbye *farewell
	select {
	case <-v.up:
		goodbye = v.farewell()
		defer goodbye.end()
		ready(l.Addr())
	case <-v.accepted: // it has come to nothing
		restore()
		err := v.listener.Close()
		return multierr.Append(v.ended(), err)
	case <-ctx.Done():
		return v.stop(ctx)
	}
	select {
	case <-scope.Stopping(ctx):
	case <-v.accepted:
		// The scope has to know at once, but a daemon that returns can no longer
		// stop its connections in order. So a task fails with the error, unless no
		// task is taken any longer.
		goodbye.begin()
		if v.scope.TryGo(v.name, func(context.Context) error { return v.ended() }) != nil {
			err := v.stop(ctx)
			return multierr.Append(v.ended(), err)
		}
		<-scope.Stopping(ctx)
	}
	goodbye.wait(ctx)
	return v.stop(ctx)
}

// accept serves until the server stops.
func (v *server) accept() error {
	if secure(v.srv) {
		return v.srv.ServeTLS(v.listener, "", "")
	}
	return v.srv.Serve(v.listener)
}

// ended returns why accepting has ended, by itself. If by a panic, it goes on.
func (v *server) ended() error {
	err := v.accepting.Wait()
	if p, ok := err.(*scope.PanicError); ok {
		panic(p)
	}
	if err == http.ErrServerClosed {
		return fmt.Errorf("the http.Server was shut down: %w", err)
	}
	return err
}

// listener is one that both the daemon and net/http close.
type listener struct {
	net.Listener
	close func() error
}

// Close closes the listener once.
func (l listener) Close() error { return l.close() }

// secure reports whether srv has certificates.
func secure(srv *http.Server) bool {
	c := srv.TLSConfig
	return c != nil && (len(c.Certificates) > 0 || c.GetCertificate != nil || c.GetConfigForClient != nil)
}
