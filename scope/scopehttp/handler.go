package scopehttp

import (
	"context"
	"net/http"

	"github.com/ebb-go/ebb/scope"
)

// Handler returns a handler that calls next in a scope of its own for each request,
// and returns when that has closed. If next is an [http.ServeMux], or anything else
// with its Handler method, the scope is named by the pattern of the route. Its
// context, which the request has, is cancelled as the request's is; it is
// that of [scope.From], and scopes that next opens are nested in it.
//
// An error of the scope is answered by [OnError]. Panics go on, with their own value,
// when the scope has closed. Handler panics if next is nil.
func Handler(next http.Handler, opts ...Option) http.Handler {
	if next == nil {
		panic("scopehttp.Handler: nil handler")
	}
	return newHandler(next, newConfig(opts))
}

// Middleware is [Handler] in the shape in which routers take it. There, where the
// router has not chosen yet, the pattern may not be known; see [Name].
func Middleware(opts ...Option) func(next http.Handler) http.Handler {
	return func(next http.Handler) http.Handler { return Handler(next, opts...) }
}

// Func returns a handler that calls fn in the scope of the request, which fails with
// the error that fn returns. Below a [Handler] or in a [Serve] that scope is there
// already, and opts do not apply; otherwise Func opens one, as Handler does. It
// panics if fn is nil.
func Func(fn func(w http.ResponseWriter, r *http.Request) error, opts ...Option) http.Handler {
	if fn == nil {
		panic("scopehttp.Func: nil function")
	}
	return newHandler(failing(fn), newConfig(opts))
}

// failing is the handler that [Func] makes, in the scope that it needs.
type failing func(w http.ResponseWriter, r *http.Request) error

// ServeHTTP leaves the error to the handler that has opened the scope.
func (fn failing) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if err := fn(w, r); err != nil {
		requestOf(r.Context()).err = err
	}
}

// router is what an [http.ServeMux] can tell before it serves.
type router interface {
	Handler(r *http.Request) (h http.Handler, pattern string)
}

type handler struct {
	config
	next   http.Handler
	router router // next, if it is one
}

func newHandler(next http.Handler, c config) *handler {
	h := &handler{config: c, next: next}
	h.router, _ = next.(router)
	return h
}

// request is the context of one request inside of its scope. It is a context itself
// so that handlers further down find it.
type request struct {
	context.Context
	err error // of a Func
}

type requestKey struct{}

// Value answers for the request itself and leaves the rest to the scope.
func (q *request) Value(key any) any {
	if key == (requestKey{}) {
		return q
	}
	return q.Context.Value(key)
}

func requestOf(ctx context.Context) *request {
	q, _ := ctx.Value(requestKey{}).(*request)
	return q
}

// ServeHTTP runs the request in a scope, unless it is a Func's and there is one.
func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if _, ok := h.next.(failing); ok && requestOf(r.Context()) != nil {
		h.next.ServeHTTP(w, r)
		return
	}
	sent := &response{ResponseWriter: w}
	sent.hold(h.buffer)
	err := scope.Run(r.Context(), func(ctx context.Context, s *scope.Scope) error {
		q := &request{Context: ctx}
		inner := r.WithContext(q)
		defer func() { r.Pattern = inner.Pattern }() // for those outside, who have no other way to it
		h.next.ServeHTTP(sent, inner)
		return q.err
	}, append(h.scope[:len(h.scope):len(h.scope)], scope.WithName(h.nameOf(r)))...)
	if err == nil {
		sent.release()
		return
	}
	sent.discard()
	h.onError(sent, r, err)
}

// nameOf returns a name for the scope of r that is known before r is served.
func (h *handler) nameOf(r *http.Request) string {
	if h.name != nil {
		if name := h.name(r); name != "" {
			return name
		}
	}
	pattern := r.Pattern
	if h.router != nil {
		_, pattern = h.router.Handler(r)
	}
	if pattern == "" {
		return "request"
	}
	return pattern
}
