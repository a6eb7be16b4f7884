package scopehttp

import (
	"cmp"
	"context"
	"errors"
	"net"
	"net/http"
	"sync"

	"go.uber.org/multierr"

	"github.com/ebb-go/ebb/scope"
)

// Serve listens on the TCP address srv.Addr, or ":http" (":https" with
// certificates), and starts srv as a daemon of s. It returns when connections are
// accepted, with the address that was taken, which tells the port for an Addr of
// "localhost:0". If listening fails the error is returned and nothing is registered.
//
// srv.Handler, or [http.DefaultServeMux] if it is nil, is wrapped in a [Handler] unless
// it is one. Serve sets srv.Handler, BaseContext and ConnState; what the latter two
// were is called as well, and of a user's base context the values are kept. srv belongs
// to the daemon from then on and, as always with net/http, serves only once. With
// certificates in srv.TLSConfig it serves TLS.
//
// The daemon is [scope.Graceful]. When its turn comes, [scope.Stopping] closes for its
// handlers, it stops accepting, closes idle connections, and waits for the requests that
// have begun. A connection that has sent nothing yet has a second to do so, and is
// answered; not so on a server with TLS or HTTP/2, where net/http refuses it. At the
// deadline of its drop (see [scope.DropTimeout] and [scope.WithGrace]) it cancels the
// handlers. They have half of the time that is left until it would be abandoned to
// answer. Then it closes all connections, hijacked ones included, and the drop ends
// with a [*CutError], once the handlers have ended. Without a deadline it waits for
// as long as they take. A hijacked connection that is left when all handlers have
// ended is closed too, unless it is owned; see [Hijack].
//
// If accepting fails while nobody has asked the daemon to stop, s fails at once with a
// [*scope.TaskError], and requests that have begun go on until its turn.
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
		return l, nil
	})
	if !taken { // else the daemon has closed it
		err = multierr.Append(err, l.Close())
	}
	return addr, d, err
}

func start(ctx context.Context, s *scope.Scope, name string, srv *http.Server, opts []scope.GuardOption,
	listen func(context.Context) (net.Listener, error),
) (net.Addr, *scope.Daemon, error) {
	v := &server{srv: srv, scope: s, name: name}
	return scope.Start(ctx, s, name, func(ctx context.Context, ready func(net.Addr)) error {
		l, err := listen(ctx)
		if err != nil {
			return err
		}
		return v.run(ctx, l, ready)
	}, append(opts[:len(opts):len(opts)], scope.Graceful())...)
}

// run is the daemon. ctx is cancelled at the deadline of its drop, and before that
// only if the start of the daemon is given up.
func (v *server) run(ctx context.Context, l net.Listener, ready func(net.Addr)) error {
	v.listener, v.over = listener{l, sync.OnceValue(l.Close)}, ctx.Done()
	v.prepare(ctx)
	failed := make(chan error, 1)
	v.accepting.Go(func(context.Context) error {
		failed <- v.accept()
		return nil
	})
	ready(l.Addr())
	select {
	case <-scope.Stopping(ctx):
		return v.stop(ctx)
	case err := <-failed:
		// The scope has to know at once, but a daemon that returns can no
		// longer stop its connections in order. So a task says it, unless no
		// task is taken any more.
		if err != nil && v.scope.TryGo(v.name, func(context.Context) error { return err }) != nil {
			return multierr.Append(err, v.stop(ctx))
		}
		<-scope.Stopping(ctx)
		return v.stop(ctx)
	}
}

// accept serves until the server stops, which is no error.
func (v *server) accept() (err error) {
	if secure(v.srv) {
		err = v.srv.ServeTLS(v.listener, "", "")
	} else {
		err = v.srv.Serve(v.listener)
	}
	if errors.Is(err, http.ErrServerClosed) || v.isStopping() {
		return nil
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

// prepare puts the server's own eyes and ears into srv.
func (v *server) prepare(ctx context.Context) {
	srv := v.srv
	next := srv.Handler
	if next == nil {
		next = http.DefaultServeMux
	}
	if _, ok := next.(*handler); !ok {
		next = Handler(next)
	}
	srv.Handler = tracked{v, next}
	base := srv.BaseContext
	srv.BaseContext = func(l net.Listener) context.Context {
		if base == nil {
			return ctx
		}
		return joined{ctx, base(l)}
	}
	hook := srv.ConnState
	srv.ConnState = func(c net.Conn, state http.ConnState) {
		v.count(c, state)
		if hook != nil {
			hook(c, state)
		}
	}
}

// joined is the context of a daemon with the values of another one beside its own.
type joined struct {
	context.Context
	values context.Context
}

// Value asks the daemon's context first.
func (j joined) Value(key any) any {
	if v := j.Context.Value(key); v != nil {
		return v
	}
	return j.values.Value(key)
}

// tracked is the outermost handler of a server.
type tracked struct {
	v    *server
	next http.Handler
}

// ServeHTTP counts the handler in and out, and sees the hijackings of all that is
// below.
func (h tracked) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h.v.enter()
	defer h.v.leave()
	h.next.ServeHTTP(&response{ResponseWriter: w, server: h.v}, r)
}
