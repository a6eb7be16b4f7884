package scopehttp

import (
	"bufio"
	"io"
	"maps"
	"net"
	"net/http"
)

// response is what a handler writes to. It knows whether anything was sent, can hold
// a response back, and hears of a hijacking. It has the methods that
// [http.ResponseController] and older code look for, whether or not the writer below
// does; they then return [http.ErrNotSupported].
type response struct {
	http.ResponseWriter

	server *server // of the outermost one: whose connections those are; else nil
	sent   bool    // something is on its way, or the connection was hijacked

	// Of a response that is held back.
	limit  int         // of body; 0: nothing is held back any more
	status int         // 0 before WriteHeader
	body   []byte      // at most limit
	before http.Header // what had been set before the handler
}

// Unwrap is for [http.ResponseController].
func (w *response) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// hold keeps up to limit bytes from now on.
func (w *response) hold(limit int) {
	if limit > 0 {
		w.limit, w.before = limit, w.Header().Clone()
	}
}

// release sends what is held back; from there on nothing is.
func (w *response) release() {
	if w.limit == 0 {
		return
	}
	w.limit = 0
	if w.status != 0 {
		w.WriteHeader(w.status)
	}
	if len(w.body) > 0 {
		// The client has gone if this fails, and there is nobody to tell.
		_, _ = w.ResponseWriter.Write(w.body)
	}
	w.body = nil
}

// discard forgets what is held back.
func (w *response) discard() {
	if w.limit == 0 {
		return
	}
	w.limit, w.status, w.body = 0, 0, nil
	clear(w.Header())
	maps.Copy(w.Header(), w.before)
}

// WriteHeader sends or keeps the status. Informational ones are sent at once, and
// are not yet the response.
func (w *response) WriteHeader(status int) {
	informational := status < 200 && status != http.StatusSwitchingProtocols
	switch {
	case informational:
	case w.limit > 0:
		if w.status == 0 {
			w.status = status
		}
		return
	default:
		w.sent = true
	}
	w.ResponseWriter.WriteHeader(status)
}

// Write sends or keeps b.
func (w *response) Write(b []byte) (int, error) {
	if w.limit > 0 {
		if w.status == 0 {
			w.status = http.StatusOK
		}
		if len(w.body)+len(b) <= w.limit {
			w.body = append(w.body, b...)
			return len(b), nil
		}
		w.release()
	}
	w.sent = true
	return w.ResponseWriter.Write(b)
}

// ReadFrom keeps the way open on which net/http sends files.
func (w *response) ReadFrom(r io.Reader) (int64, error) {
	if w.limit > 0 {
		return io.Copy(struct{ io.Writer }{w}, r)
	}
	w.sent = true
	return io.Copy(w.ResponseWriter, r)
}

// Flush sends what was written so far. It is for those who ask for an
// [http.Flusher].
func (w *response) Flush() { _ = w.FlushError() }

// FlushError is Flush, for [http.ResponseController].
func (w *response) FlushError() error {
	w.release()
	err := http.NewResponseController(w.ResponseWriter).Flush()
	w.sent = w.sent || err == nil
	return err
}

// Hijack takes the connection from net/http. The server then keeps an eye on it.
func (w *response) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	c, rw, err := http.NewResponseController(w.ResponseWriter).Hijack()
	if err != nil {
		return nil, nil, err
	}
	w.discard() // what was held back was never written
	w.sent = true
	if w.server != nil {
		c = w.server.watch(c)
	}
	return c, rw, nil
}
