package scopehttp

import (
	"bufio"
	"io"
	"net"
	"net/http"
)

//go:generate go run shapes_gen.go

// shape is a set of optional methods of an [http.ResponseWriter].
type shape uint8

const (
	canFlush shape = 1 << iota
	canHijack
	canNotify
	canPush
	canReadFrom
	canWriteString
)

// shapeOf returns which optional methods w has. A handler finds exactly these: code
// that asks for an [http.Hijacker], as WebSocket libraries do, decides by the answer
// whether the connection is one it can take.
func shapeOf(w http.ResponseWriter) (s shape) {
	if _, ok := w.(http.Flusher); ok {
		s |= canFlush
	}
	if _, ok := w.(http.Hijacker); ok {
		s |= canHijack
	}
	if _, ok := w.(http.CloseNotifier); ok { // deprecated, and still asked for
		s |= canNotify
	}
	if _, ok := w.(http.Pusher); ok {
		s |= canPush
	}
	if _, ok := w.(io.ReaderFrom); ok {
		s |= canReadFrom
	}
	if _, ok := w.(io.StringWriter); ok {
		s |= canWriteString
	}
	return s
}

// The parts that a shape is made of. Each is the method of the writer below, and
// keeps the response informed of what is sent.
type (
	flusher       struct{ w *response }
	hijacker      struct{ w *response }
	closeNotifier struct{ w *response }
	pusher        struct{ w *response }
	readerFrom    struct{ w *response }
	stringWriter  struct{ w *response }
)

// Flush sends what was written so far.
func (f flusher) Flush() { _ = f.FlushError() }

// FlushError is Flush, for [http.ResponseController].
func (f flusher) FlushError() error {
	f.w.open()
	return http.NewResponseController(f.w.below).Flush()
}

// Hijack takes the connection from net/http. Its server, if it is one of this
// package, then watches the connection.
func (h hijacker) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	if h.w.status != 0 {
		h.w.release() // net/http sends a header that was written before, too
	}
	c, rw, err := http.NewResponseController(h.w.below).Hijack()
	if err != nil {
		return nil, nil, err
	}
	h.w.pass(h.w.status)
	if h.w.server != nil {
		c = h.w.server.watch(c)
	}
	return c, rw, nil
}

// CloseNotify is that of the connection.
func (n closeNotifier) CloseNotify() <-chan bool {
	return n.w.below.(http.CloseNotifier).CloseNotify()
}

// Push is that of the connection: it sends nothing of this response.
func (p pusher) Push(target string, opts *http.PushOptions) error {
	return p.w.below.(http.Pusher).Push(target, opts)
}

// WriteString sends or keeps s, as Write does.
func (s stringWriter) WriteString(text string) (int, error) {
	if s.w.write(); !s.w.sent && !s.w.holds() {
		s.w.pass(http.StatusOK)
	}
	return io.WriteString(s.w.ResponseWriter, text)
}

// ReadFrom keeps the way open on which net/http sends files. What is held back is
// copied by hand. A source that has nothing, or fails at once, sends nothing.
func (r readerFrom) ReadFrom(src io.Reader) (n int64, err error) {
	w, buf := r.w, []byte(nil)
	for w.write(); w.holds(); {
		if len(buf) == 0 {
			buf = make([]byte, 4<<10)
		}
		m, err := io.CopyBuffer(struct{ io.Writer }{w}, io.LimitReader(src, int64(len(buf))), buf)
		if n += m; err != nil || m < int64(len(buf)) {
			return n, err
		}
	}
	first := !w.sent
	if first {
		w.pass(http.StatusOK) // before src can panic half way
	}
	m, err := w.below.(io.ReaderFrom).ReadFrom(src)
	if first && m == 0 {
		w.ResponseWriter, w.status, w.sent = (*unsent)(w), 0, false
	}
	return n + m, err
}

// Unwrap is for [http.ResponseController]. What it finds below must not go past the
// response, which would not notice that something is sent: where a method is only
// found further down, a controller on the way to it comes by here.
func (w *response) Unwrap() http.ResponseWriter {
	var found shape
	for below := w.below; ; {
		found |= shapeOf(below)
		u, ok := below.(interface{ Unwrap() http.ResponseWriter })
		if !ok {
			break
		}
		below = u.Unwrap()
	}
	switch hidden := found &^ shapeOf(w.below) & (canFlush | canHijack); hidden {
	case canFlush:
		return struct {
			deeper
			flusher
		}{deeper{w}, flusher{w}}
	case canHijack:
		return struct {
			deeper
			hijacker
		}{deeper{w}, hijacker{w}}
	case canFlush | canHijack:
		return struct {
			deeper
			flusher
			hijacker
		}{deeper{w}, flusher{w}, hijacker{w}}
	}
	return w.below
}

// deeper is the response for a controller that has not found what it looks for.
type deeper struct{ *response }

// Unwrap goes on with the writer below.
func (d deeper) Unwrap() http.ResponseWriter { return d.below }
