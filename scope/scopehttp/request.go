package scopehttp

import (
	"context"
	"net/http"
	"sync"

	"go.uber.org/multierr"

	"github.com/ebb-go/ebb/internal/fault"
	"github.com/ebb-go/ebb/scope"
)

// request is the context of one request inside of its scope. It is a context itself
// so that handlers further down find it.
type request struct {
	context.Context // set before the handler is called; with asked it ends when that is asked to stop
	asked           bool

	mu      sync.Mutex // protects the following
	buffer  int        // see asks
	onError func(http.ResponseWriter, *http.Request, error)
	pattern string        // of the route, as the innermost router has found it
	routed  bool          // by a Func, which is further in than what its Handler gets to see
	err     error         // of all Funcs
	runs    int           // Funcs that run
	over    bool          // the handler has returned; terminal
	idle    chan struct{} // made when the handler has returned before a Func; closed when runs is 0
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

// asks returns what the handler and its Funcs ask for: how much of the response is to
// be held back, and how an error is answered, nil for the default.
func (q *request) asks() (buffer int, onError func(http.ResponseWriter, *http.Request, error)) {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.buffer, q.onError
}

// stopHolding lets what is written from now on through: it answers an error.
func (q *request) stopHolding() {
	q.mu.Lock()
	q.buffer = 0
	q.mu.Unlock()
}

// serve calls next in the scope s of r, and returns what its Funcs have failed with.
func (q *request) serve(ctx context.Context, s *scope.Scope, next http.Handler, w http.ResponseWriter, r *http.Request) error {
	q.Context = ctx
	if q.asked {
		var free context.CancelFunc
		q.Context, free = scope.StoppingContext(ctx)
		defer free()
	}
	if r.Trailer == nil && len(r.TransferEncoding) > 0 {
		r.Trailer = make(http.Header) // net/http fills that of r: both have to be the same map
	}
	inner := r.WithContext(q)
	defer func() {
		q.end(s)
		takeBack(r, inner)
		q.found(inner.Pattern, false)
	}()
	next.ServeHTTP(w, inner)
	q.end(s)
	return q.err
}

// takeBack gives r what a handler has made of a copy of it. net/http and the handlers
// further up know r only: net/http removes the files of its form, and looks at its body
// before the next request.
func takeBack(r, inner *http.Request) {
	r.Pattern, r.Body = inner.Pattern, inner.Body
	r.Form, r.PostForm, r.MultipartForm = inner.Form, inner.PostForm, inner.MultipartForm
}

// end is called when the handler has returned. Funcs that still run then, which an
// [http.TimeoutHandler] leaves behind, are part of the request: it waits for them, and
// what they do is canceled, since the client has another answer.
func (q *request) end(s *scope.Scope) {
	q.mu.Lock()
	q.over = true
	if q.runs > 0 && q.idle == nil {
		q.idle = make(chan struct{})
	}
	idle := q.idle
	q.mu.Unlock()
	if idle != nil {
		s.Cancel(leftBehind{})
		<-idle
	}
}

// found takes the pattern of the route, by a Func if that is where it was found.
func (q *request) found(pattern string, byFunc bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if pattern != "" && (byFunc || !q.routed) {
		q.pattern, q.routed = pattern, byFunc
	}
}

// begin counts a Func in that asks for c, unless the request has ended.
func (q *request) begin(c config) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.over && q.runs == 0 {
		return false
	}
	q.runs++
	if c.buffer > 0 {
		q.buffer = c.buffer
	}
	if c.onError != nil {
		q.onError = c.onError
	}
	return true
}

// done counts a Func out that came to err.
func (q *request) done(err error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.err = multierr.Append(q.err, err)
	if q.runs--; q.runs == 0 && q.idle != nil {
		close(q.idle)
	}
}

// leftBehind is why the scope of a request is canceled that was answered before its
// handler was done.
type leftBehind struct{}

func (leftBehind) Error() string {
	return "the request was answered before its handler had returned"
}

func (leftBehind) Is(target error) bool { return target == context.Canceled }

func (leftBehind) ErrorType() string { return "canceled" }

// failing is the handler that [Func] makes, in the scope that it needs.
type failing func(w http.ResponseWriter, r *http.Request) error

// ServeHTTP leaves the error to the handler that has opened the scope.
func (fn failing) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	fn.serveIn(requestOf(r.Context()), config{}, w, r)
}

// serveIn calls fn as a part of q. It reports false, and does not call fn, if there is
// no q or it has ended.
func (fn failing) serveIn(q *request, c config, w http.ResponseWriter, r *http.Request) bool {
	if q == nil || !q.begin(c) {
		return false
	}
	q.found(r.Pattern, true)
	returned := false
	var err error
	defer func() {
		if !returned {
			// The panic goes on from here. On another goroutine than that of the
			// request it may not come to it, and the request is told as well.
			if v := recover(); v != nil {
				q.done(fault.Panic(v))
				panic(v)
			}
			err = fault.ErrGoexit
		}
		q.done(err)
	}()
	if c.asked {
		ctx, free := scope.StoppingContext(r.Context())
		defer free()
		outer := r
		r = r.WithContext(ctx)
		defer func() { takeBack(outer, r) }()
	}
	err = fn(w, r)
	returned = true
	return true
}
