package scopehttp

import (
	"maps"
	"net/http"
)

// response is what a handler writes to. It is a front, and the writer that it embeds
// says in which of three stages the response is:
//
//   - *unsent: nothing was written yet;
//   - *held: it is kept back, because of [Buffer];
//   - the writer below: something is on its way, and there is nothing left to know.
//
// Methods that a type gets by embedding do not show in a stack. So in the last stage
// net/http, which logs a superfluous call of WriteHeader, finds the line of the user.
//
// The optional methods of the writer below are added by shaped.
type response struct {
	http.ResponseWriter // the stage

	below  http.ResponseWriter
	outer  *http.Request // as the handler that opened the scope got it
	q      *request      // inside of the scope
	server *server       // whose connection it is, for the outermost one; else nil
	before http.Header   // what had been set before the handler

	status int  // of what was written, held or not; 0: none yet
	sent   bool // something is on its way, or the connection was hijacked
}

// newResponse returns a response on w to q, which came in as r.
func newResponse(w http.ResponseWriter, r *http.Request, q *request, server *server) *response {
	front := &response{below: w, outer: r, q: q, server: server}
	if header := w.Header(); len(header) > 0 {
		front.before = header.Clone()
	}
	front.ResponseWriter = (*unsent)(front)
	return front
}

// owner returns the server whose connection it is.
func (w *response) owner() *server { return w.server }

// pass goes on to the last stage: a response of that status is on its way.
func (w *response) pass(status int) {
	w.ResponseWriter, w.status, w.sent = w.below, status, true
}

// write is called before anything is written: from here on the response is held, if
// that is asked for. The question comes so late because a [Func] asks, which may be
// called on another goroutine than that of the response.
func (w *response) write() {
	if _, ok := w.ResponseWriter.(*unsent); !ok {
		return
	}
	if n, _ := w.q.asks(); n > 0 {
		w.ResponseWriter = &held{response: w, limit: n, length: -1}
	}
}

// open sends what there is, if that is only a header with status 200.
func (w *response) open() {
	w.release()
	if !w.sent {
		w.pass(http.StatusOK)
	}
}

// holds reports whether the response is held back.
func (w *response) holds() bool {
	_, ok := w.ResponseWriter.(*held)
	return ok
}

// release sends what is held back; from there on nothing is.
func (w *response) release() {
	h, ok := w.ResponseWriter.(*held)
	if !ok {
		return
	}
	w.ResponseWriter = (*unsent)(w)
	if w.status != 0 {
		h.send()
	}
}

// discard forgets what is held back, and from there on nothing is; and it takes back
// the header fields that the handler has set, unless they are on their way.
func (w *response) discard() {
	if w.sent {
		return
	}
	w.ResponseWriter, w.status = (*unsent)(w), 0
	replace(w.below.Header(), w.before)
}

// drop discards the response if it is held back, or would be.
func (w *response) drop() {
	if w.write(); w.holds() {
		w.discard()
	}
}

// replace makes the fields of header those of by.
func replace(header, by http.Header) {
	clear(header)
	maps.Copy(header, by)
}

// failed reports whether the handler has answered with an error status itself.
func (w *response) failed() bool { return w.status >= http.StatusBadRequest }

// informational reports whether more follows a header of that status. HTTP/2 has no
// other protocol to switch to.
func (w *response) informational(status int) bool {
	return status >= 100 && status <= 199 && (status != http.StatusSwitchingProtocols || w.http2())
}

func (w *response) http2() bool { return w.outer.ProtoMajor >= 2 }

// unsent is a response of which nothing was written. The first write passes it on.
type unsent response

// Header is that of the writer below.
func (u *unsent) Header() http.Header { return u.below.Header() }

// WriteHeader sends the status. An informational one is not yet the response; one
// that is refused, with a panic, is not sent.
func (u *unsent) WriteHeader(status int) {
	w := (*response)(u)
	if w.write(); w.holds() {
		w.ResponseWriter.WriteHeader(status)
		return
	}
	u.below.WriteHeader(status)
	if !w.informational(status) {
		w.pass(status)
	}
}

// Write sends b, and a status of 200 before it.
func (u *unsent) Write(b []byte) (int, error) {
	w := (*response)(u)
	if w.write(); !w.holds() {
		w.pass(http.StatusOK)
	}
	return w.ResponseWriter.Write(b)
}
