package scopehttp

import (
	"fmt"
	"log"
	"maps"
	"net/http"
	"path"
	"runtime"
	"slices"
	"strconv"
	"strings"
)

// held is a response that is kept back. It answers each call as the connection would,
// so that a handler cannot see the difference, and sends what the connection would
// have sent: the header as it was when it was written.
//
// The handler's header is that of the writer below all the time, because handlers
// keep it to set trailers.
type held struct {
	*response

	limit   int // of body
	body    []byte
	header  http.Header // as it was written
	length  int64       // the Content-Length in it; -1: none
	written int64       // bytes, also those beyond length
}

// Header is that of the writer below.
func (h *held) Header() http.Header { return h.below.Header() }

// WriteHeader keeps the status and the header. Informational ones are sent at once.
func (h *held) WriteHeader(status int) {
	switch {
	case h.status != 0:
		h.superfluous()
	case status < 100 || status > 999: // refused where the caller can be seen
		panic(fmt.Sprintf("invalid WriteHeader code %v", status))
	case h.informational(status):
		h.below.WriteHeader(status)
	default:
		h.status, h.header = status, h.below.Header().Clone()
		if h.http2() {
			return // its connection looks at the length when it sends the header
		}
		if length := h.header.Get("Content-Length"); length != "" { // ParseInt allocates an error for what is no number
			if n, err := strconv.ParseInt(length, 10, 64); err == nil && n >= 0 {
				h.length = n
			}
		}
	}
}

// Write keeps b, or, beyond the limit, sends all there is.
func (h *held) Write(b []byte) (int, error) {
	if h.status == 0 {
		h.WriteHeader(http.StatusOK)
	}
	if !bodyAllowed(h.status) && (len(b) > 0 || h.http2()) {
		return 0, http.ErrBodyNotAllowed
	}
	if h.written += int64(len(b)); h.length >= 0 && h.written > h.length {
		return 0, http.ErrContentLength
	}
	if len(b) <= h.limit-len(h.body) {
		h.body = append(h.body, b...)
		return len(b), nil
	}
	h.release()
	return h.below.Write(b)
}

// send writes the header as it was, then the body. Fields that were set since, the
// trailers among them, are put back before the body, which the connection may send.
func (h *held) send() {
	header := h.below.Header()
	if maps.EqualFunc(header, h.header, slices.Equal) { // nearly always, and it spares two maps
		h.below.WriteHeader(h.status)
		h.pass(h.status)
	} else {
		since := maps.Clone(header)
		replace(header, h.header)
		h.below.WriteHeader(h.status)
		h.pass(h.status)
		replace(header, since)
	}
	if len(h.body) > 0 {
		_, _ = h.below.Write(h.body) // an error means that the client has gone
	}
}

// bodyAllowed reports whether a response of that status has a body.
func bodyAllowed(status int) bool {
	return status >= 200 && status != http.StatusNoContent && status != http.StatusNotModified
}

// superfluous logs what net/http logs of the second call of WriteHeader on HTTP/1;
// HTTP/2 keeps silent.
func (h *held) superfluous() {
	if h.http2() {
		return
	}
	caller := outside()
	logf(h.outer, "http: superfluous response.WriteHeader call from %s (%s:%d)", caller.Function, path.Base(caller.File), caller.Line)
}

// logf logs where the server of r does.
func logf(r *http.Request, format string, args ...any) {
	if srv, ok := r.Context().Value(http.ServerContextKey).(*http.Server); ok && srv.ErrorLog != nil {
		srv.ErrorLog.Printf(format, args...)
		return
	}
	log.Printf(format, args...)
}

// outside returns the innermost caller that belongs neither to net/http nor to this
// package.
func outside() (frame runtime.Frame) {
	pc := make([]uintptr, 16)
	frames := runtime.CallersFrames(pc[:runtime.Callers(1, pc)])
	for more := true; more; {
		frame, more = frames.Next()
		if !strings.HasPrefix(frame.Function, "net/http.") && !strings.HasPrefix(frame.Function, here) {
			break
		}
	}
	return frame
}

// here is how the names of this package's functions begin.
const here = "github.com/ebb-go/ebb/scope/scopehttp."
