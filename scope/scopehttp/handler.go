package scopehttp

import (
	"context"
	"net/http"

	"github.com/ebb-go/ebb/internal/fault"
	"github.com/ebb-go/ebb/scope"
)

// Handler returns a handler that calls next in a scope of its own for each request,
// and returns when that scope has closed. If next is an [http.ServeMux], or anything
// else with its Handler method, the scope is named by the pattern of the route. The
// context of the request that next gets is that of the scope: [scope.From] finds the
// scope, scopes that next opens are nested in it, and it is canceled when the context
// of the request is.
//
// An error of the scope is answered as [OnError] says. A panic goes on, with its own
// value, when the scope has closed. The writer that next gets has the same optional
// methods as that of the connection. Handler panics if next is nil.
func Handler(next http.Handler, opts ...Option) http.Handler {
	if next == nil {
		panic("scopehttp.Handler: nil handler")
	}
	return newHandler(next, newConfig(opts))
}

// Middleware is [Handler] in the shape in which routers take it. Where the router
// has not chosen yet, the pattern may not be known; see [Name].
func Middleware(opts ...Option) func(next http.Handler) http.Handler {
	return func(next http.Handler) http.Handler { return Handler(next, opts...) }
}

// Func returns a handler that calls fn in the scope of the request, which fails with
// the error that fn returns. Below a [Handler] or in a [Serve] there is such a scope
// already: [Buffer] and [OnError] among opts then apply to the rest of the request, in
// place of the Handler's, [CancelOnStop] to what fn gets, and other options do not. Otherwise Func opens a scope, as
// Handler does. It panics if fn is nil.
//
// Below an [http.TimeoutHandler] fn may still run when the request has been answered
// without it. The scope is then canceled, so that what fn does is undone, and does
// not close before fn has returned.
func Func(fn func(w http.ResponseWriter, r *http.Request) error, opts ...Option) http.Handler {
	if fn == nil {
		panic("scopehttp.Func: nil function")
	}
	return newHandler(failing(fn), newConfig(opts))
}

// router is what can name the route of a request before it serves it, such as an
// [http.ServeMux].
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

// ServeHTTP runs the request in a scope, unless it is a Func's and there is one.
func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if fn, ok := h.next.(failing); ok && fn.serveIn(requestOf(r.Context()), h.config, w, r) {
		return
	}
	h.serve(w, r, nil)
}

// serve runs the request in a scope. server is whose connection w writes to, if h is
// its outermost handler.
func (h *handler) serve(w http.ResponseWriter, r *http.Request, server *server) {
	q := &request{buffer: h.buffer, onError: h.onError, asked: h.asked}
	inside := newResponse(w, r, q, server)
	front := inside.shaped(shapeOf(w))
	closed := false
	defer func() {
		if !closed { // a panic or a Goexit goes on, and those above can still answer
			inside.drop()
		}
	}()
	name, passing := h.nameOf(r)
	opts := append(h.scope[:len(h.scope):len(h.scope)], scope.WithName(name))
	if passing {
		opts = append(opts, scope.WithFinalName(func() string { return q.finalName(r.Method) }))
	}
	err := scope.Run(r.Context(), func(ctx context.Context, s *scope.Scope) error {
		return q.serve(ctx, s, h.next, front, r)
	}, opts...)
	closed = true
	if err == nil {
		inside.release()
		return
	}
	inside.answer(front, err)
}

// answer answers a request whose scope has ended with err. What the handler has sent
// cannot be taken back: if it was no error, the connection is aborted, so that net/http
// keeps what it still holds, and a client that can see it knows that the answer is not
// whole.
func (w *response) answer(front http.ResponseWriter, err error) {
	if fault.Is(err, http.ErrAbortHandler) {
		panic(http.ErrAbortHandler)
	}
	buffer, onError := w.q.asks()
	stage, status, failed := w.ResponseWriter, w.status, w.failed()
	untrue := w.sent && !failed
	w.q.stopHolding() // what is written from here on answers the error
	if onError != nil {
		if buffer > 0 {
			w.discard()
		}
		onError(front, w.outer, err)
	}
	switch {
	case untrue:
		panic(http.ErrAbortHandler)
	case w.sent: // by onError, or the handler's own error
	case failed:
		w.ResponseWriter, w.status = stage, status
		w.release() // it is true whatever became of the scope
	default:
		w.discard()
		answer(front, w.outer, err)
	}
}

// answer is the default of [OnError].
func answer(w http.ResponseWriter, r *http.Request, err error) {
	status := http.StatusInternalServerError
	if r.Context().Err() != nil || fault.Is(err, scope.ErrClosed) {
		status = http.StatusServiceUnavailable
	}
	http.Error(w, http.StatusText(status), status)
}
