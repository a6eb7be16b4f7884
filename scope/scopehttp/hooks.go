package scopehttp

import (
	"context"
	"net"
	"net/http"
	"runtime/debug"
)

// prepare puts the daemon's own hooks into srv, around those of the user. Before the
// first connection restore takes them out again.
func (v *server) prepare(ctx context.Context) (restore func()) {
	srv := v.srv
	next, base, connContext, connState := srv.Handler, srv.BaseContext, srv.ConnContext, srv.ConnState
	srv.Handler = tracked{v, handlerOf(next)}
	srv.BaseContext = func(l net.Listener) context.Context {
		// A panic of base ends the start of the server.
		inside := ctx
		if base != nil {
			inside = joined{ctx, baseContext(base, l)}
		}
		close(v.up) // net/http accepts from here on
		return inside
	}
	srv.ConnContext = func(ctx context.Context, c net.Conn) context.Context {
		p := v.admit(c)
		inside := ctx
		if connContext != nil && !v.contained("ConnContext", func() {
			if inside = connContext(ctx, c); inside == nil {
				panic("ConnContext returned nil") // as net/http does
			}
		}) {
			v.refuse(p) // its handlers would not find what they rely on
			inside = ctx
		}
		return context.WithValue(inside, peerKey{}, p)
	}
	srv.ConnState = func(c net.Conn, state http.ConnState) {
		v.note(c, state)
		if connState != nil {
			v.contained("ConnState", func() { connState(c, state) })
		}
	}
	return func() {
		srv.Handler, srv.BaseContext, srv.ConnContext, srv.ConnState = next, base, connContext, connState
	}
}

// handlerOf returns next as a Handler.
func handlerOf(next http.Handler) *handler {
	switch next := next.(type) {
	case nil:
		return newHandler(http.DefaultServeMux, newConfig(nil))
	case *handler:
		return next
	}
	return newHandler(next, newConfig(nil))
}

// baseContext returns the user's base context for l, which the user knows without the
// daemon's wrapping.
func baseContext(base func(net.Listener) context.Context, l net.Listener) context.Context {
	if own, ok := l.(listener); ok {
		l = own.Listener
	}
	ctx := base(l)
	if ctx == nil {
		panic("BaseContext returned a nil context") // as net/http does
	}
	return ctx
}

// contained calls a hook of the user and reports whether it has returned. net/http
// calls hooks where a panic would end accepting, or the process.
func (v *server) contained(hook string, f func()) (ok bool) {
	defer func() {
		if ok {
			return
		}
		if p := recover(); p != nil {
			v.logf("scopehttp: server %q: panic in %s: %v\n%s", v.name, hook, p, debug.Stack())
		}
	}()
	f()
	return true
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
	next *handler
}

// ServeHTTP counts the handler in and out. A request that comes too late to be
// answered is not begun.
func (h tracked) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p, _ := r.Context().Value(peerKey{}).(*peer)
	begun, last := h.v.begin(p)
	if !begun {
		panic(http.ErrAbortHandler)
	}
	defer h.v.end()
	if last {
		w.Header().Set("Connection", "close") // HTTP/2 sends GOAWAY for it
	}
	h.next.serve(w, r, h.v)
}
