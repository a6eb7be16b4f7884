package scopehttp

import (
	"errors"
	"net/http"
	"slices"

	"github.com/ebb-go/ebb/scope"
)

// Option is an option of [Handler], [Middleware] and [Func].
type Option func(*config)

type config struct {
	name    func(*http.Request) string
	onError func(http.ResponseWriter, *http.Request, error)
	scope   []scope.Option
	buffer  int
}

func newConfig(opts []Option) config {
	c := config{onError: answer}
	for _, o := range opts {
		if o != nil {
			o(&c)
		}
	}
	return c
}

// Name sets how the scope of a request is named. fn is called before the handler;
// an empty result stands for the default: the pattern that matched, if the handler
// is below an [http.ServeMux] or is one, else "request". Names go into spans and
// metrics, so they come from a small set.
func Name(fn func(r *http.Request) string) Option {
	return func(c *config) { c.name = fn }
}

// OnError sets who answers a request whose scope has ended with an error. w has
// what the handler has written so far, unless [Buffer] has held it back. fn may panic
// with [http.ErrAbortHandler] where there is nothing true left to say. A nil fn
// stands for the default.
//
// The default answers with status 500, or 503 if the request was cancelled, or came
// when the server had stopped; the error itself is not shown to the client. If a
// part of the response is on its way already, it aborts the connection.
func OnError(fn func(w http.ResponseWriter, r *http.Request, err error)) Option {
	return func(c *config) {
		if c.onError = fn; fn == nil {
			c.onError = answer
		}
	}
}

// Scope sets options of the scope of each request, such as [scope.WithGrace]. It may
// be given more than once.
func Scope(opts ...scope.Option) Option {
	return func(c *config) { c.scope = append(slices.Clip(c.scope), opts...) }
}

// Buffer holds up to n bytes of a response back until the scope of the request has
// closed. If that has failed, the response is thrown away, headers included, and
// [OnError] answers instead. A response that grows beyond n bytes, or is flushed or
// hijacked, is sent from there on. 0, the default, holds nothing back.
func Buffer(n int) Option { return func(c *config) { c.buffer = n } }

// answer is the default of OnError.
func answer(w http.ResponseWriter, r *http.Request, err error) {
	if sent, ok := w.(*response); ok && sent.sent {
		panic(http.ErrAbortHandler)
	}
	status := http.StatusInternalServerError
	if r.Context().Err() != nil || errors.Is(err, scope.ErrClosed) {
		status = http.StatusServiceUnavailable
	}
	http.Error(w, http.StatusText(status), status)
}
