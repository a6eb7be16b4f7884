package scopehttp

import (
	"maps"
	"net/http"
)

// response is what a handler writes to. It is a front, and the writer that it embeds
// says in which of three stages the response is:
//
//   - *held: it is kept back, because of [Buffer];
//   - *unsent: nothing was written yet;
//   - the writer below: something is on its way, and there is nothing left to know.
//
// Methods that a type gets by embedding do not show in a stack. So in the last stage
// net/http, which logs a superfluous call of WriteHeader, finds the line of the user.
//
// The optional methods of the writer below are added by shaped.
type response struct {
	http.ResponseWriter // the stage

	below   http.ResponseWriter
	server  *server       // whose connection it is, for the outermost one; else nil
	request *http.Request // for what net/http would log
	before  http.Header   // what had been set before the handler

	status int  // of what was written, held or not; 0: none yet
	sent   bool // something is on its way, or the connection was hijacked
}

// newResponse returns a response on w that keeps up to limit bytes back.
func newResponse(w http.ResponseWriter, r *http.Request, limit int, server *server) *response {
	front := &response{below: w, request: r, server: server}
	if header := w.Header(); len(header) > 0 {
		front.before = header.Clone()
	}
	if limit > 0 {
		front.ResponseWriter = &held{response: front, limit: limit, length: -1}
	} else {
		front.ResponseWriter = (*unsent)(front)
	}
	return front
}

// owner returns the server whose connection it is.
func (w *response) owner() *server { return w.server }

// pass goes on to the last stage: a response of that status is on its way.
func (w *response) pass(status int) {
	w.ResponseWriter, w.status, w.sent = w.below, status, true
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

// drop discards the response if it is held back.
func (w *response) drop() {
	if w.holds() {
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

func (w *response) http2() bool { return w.request.ProtoMajor >= 2 }

// unsent is a response of which nothing was written. The first write passes it on.
type unsent response

// Header is that of the writer below.
func (u *unsent) Header() http.Header { return u.below.Header() }

// WriteHeader sends the status. An informational one is not yet the response; one
// that is refused, with a panic, is not sent.
func (u *unsent) WriteHeader(status int) {
	u.below.WriteHeader(status)
	if w := (*response)(u); !w.informational(status) {
		w.pass(status)
	}
}

// Write sends b, and a status of 200 before it.
func (u *unsent) Write(b []byte) (int, error) {
	(*response)(u).pass(http.StatusOK)
	return u.below.Write(b)
}
