package scopehttp

import (
	"net/http"
	"slices"

	"github.com/ebb-go/ebb/scope"
)

// Option is an option of [Handler], [Middleware] and [Func].
type Option func(*config)

type config struct {
	name    func(*http.Request) string
	onError func(http.ResponseWriter, *http.Request, error) // nil: answer
	scope   []scope.Option
	buffer  int
	asked   bool // CancelOnStop
}

func newConfig(opts []Option) (c config) {
	for _, o := range opts {
		if o != nil {
			o(&c)
		}
	}
	return c
}

// Name sets how the scope of a request is named. fn is called before the handler; an
// empty result stands for the default. Names go into spans and metrics, so they come
// from a small set.
//
// The default is the pattern that matched, with the method before it if the pattern has
// none: that of the [http.ServeMux] that the handler is below, or is itself. Where there
// is none yet ("request"), or one that another router may be behind, such as "/api/", the
// scope is renamed by the pattern that the innermost router has found when the handler
// has returned: its span, its path and on the live page. That is what [http.Request] has
// as Pattern then, in the request that a Func got, or in the one that the handler was
// called with. A middleware in between that makes a copy of the request, as chi's Router
// does where it is the outermost, hides it from a Handler, so that the place of
// [Middleware] is inside: router.Use(scopehttp.Middleware()).
func Name(fn func(r *http.Request) string) Option {
	return func(c *config) { c.name = fn }
}

// OnError sets how a request is answered whose scope has ended with an error. fn is
// called on the goroutine of the request when the scope has closed, with the request
// that the [Handler] was called with. With [Buffer], what the handler has
// written and not sent is put aside, header fields included; otherwise w has what the
// handler has written so far.
//
// If fn is nil or writes nothing, the default answer is given: an error status (400 or
// above) that the handler itself has answered with; else status 500, or 503 if the
// request was canceled, or came when the server had stopped. The client does not see
// the error, nor header fields that the handler has set.
//
// If another status than an error's is on its way already, the connection is aborted
// with [http.ErrAbortHandler], also after fn has returned. Only Buffer can promise that
// the client has not seen that status; see the package documentation.
func OnError(fn func(w http.ResponseWriter, r *http.Request, err error)) Option {
	return func(c *config) { c.onError = fn }
}

// Scope sets options of the scope of each request, such as [scope.WithGrace]. It may
// be given more than once.
func Scope(opts ...scope.Option) Option {
	return func(c *config) { c.scope = append(slices.Clip(c.scope), opts...) }
}

// Buffer holds up to n bytes of a response back until the scope of the request has
// closed. It is sent, as it would have been without Buffer, if the scope has ended
// without an error, and else thrown away, so that a client that has got a status of
// success knows that all drops have seen [scope.Succeeded] and have returned nil.
//
// A response that grows beyond n bytes, or is flushed or hijacked, is sent from there
// on. Informational responses are sent at once. 0, the default, holds nothing back.
func Buffer(n int) Option { return func(c *config) { c.buffer = n } }

// CancelOnStop gives requests a context that is canceled when the server is asked to
// stop, or the scope that the handler is below, instead of when its time is running
// out. It is for handlers that know nothing of [scope.Stopping] and do not end by
// themselves, such as an [net/http/httputil.ReverseProxy] of an event stream: without
// it they take all of the time there is, and are cut off then. The cause is that of
// [scope.StoppingContext]. The scope of the request is not canceled by it: what the
// handler has acquired is dropped as of any request that has ended.
//
// Given to a [Handler] around one route, it leaves the others their time.
func CancelOnStop() Option { return func(c *config) { c.asked = true } }
