package scopehttp_test

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"time"
)

// notes is what a handler saw of its connection, and what net/http has logged.
type notes struct {
	mu   sync.Mutex
	text strings.Builder
}

func (n *notes) Write(b []byte) (int, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	line, _, _ := bytes.Cut(b, []byte("\n")) // the first: stacks differ
	fmt.Fprintf(&n.text, "%s\n", line)
	return len(b), nil
}

func (n *notes) add(format string, args ...any) { fmt.Fprintf(n, format, args...) }

// exchange is a handler and what a client sends to it, up to a request after which
// the server closes the connection.
type exchange struct {
	name    string
	request string
	handler func(n *notes, w http.ResponseWriter, r *http.Request)
	streams bool // Buffer changes how the body is cut into chunks, or when a byte is sent
}

const (
	get   = "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
	keep  = "GET / HTTP/1.1\r\nHost: x\r\n\r\n"
	only1 = "GET /1 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n" // HTTP/2 logs a panic at any time
	head  = "HEAD / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
	post  = "POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 5\r\n\r\nhello"
)

var exchanges = []exchange{
	{"nothing is written", get, func(n *notes, w http.ResponseWriter, r *http.Request) {}, false},
	{"a body", get, func(n *notes, w http.ResponseWriter, r *http.Request) { io.WriteString(w, "hello") }, false},
	{"an empty body", get, func(n *notes, w http.ResponseWriter, r *http.Request) { w.Write(nil) }, false},
	{"a status", get, func(n *notes, w http.ResponseWriter, r *http.Request) { w.WriteHeader(418) }, false},
	{"a header", get, func(n *notes, w http.ResponseWriter, r *http.Request) {
		w.Header()["X-b"] = []string{"1", "2"}
		w.Header().Set("X-A", "a")
		w.Header()["Date"] = nil
		w.WriteHeader(201)
		w.Header().Set("X-Late", "a")
		io.WriteString(w, "hello")
		w.Header().Set("X-A", "late")
	}, false},
	{"a header that was kept", get, func(n *notes, w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Trailer", "X-Sum")
		w.WriteHeader(200)
		io.WriteString(w, "body")
		h.Set("X-Sum", "42")
		h.Set("X-Late", "must not be sent")
	}, false},
	{"a trailer that was not declared", get, func(n *notes, w http.ResponseWriter, r *http.Request) {
		io.WriteString(w, "body")
		w.Header().Set(http.TrailerPrefix+"X-Sum", "42")
		w.(http.Flusher).Flush()
	}, false},
	{"a long body", get, func(n *notes, w http.ResponseWriter, r *http.Request) {
		for range 100 {
			io.WriteString(w, strings.Repeat("x", 100))
		}
	}, true},
	{"a long body at once", get, func(n *notes, w http.ResponseWriter, r *http.Request) {
		n.add("%v", w.Header().Write(n))
		fmt.Fprint(w, strings.Repeat("x", 10_000))
	}, false},
	{"a body of the declared length", get, func(n *notes, w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Length", "10")
		for range 3 {
			k, err := io.WriteString(w, "12345")
			n.add("%d %v", k, err)
		}
	}, false},
	{"a body that is too short", keep, func(n *notes, w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Length", "10")
		io.WriteString(w, "12345")
	}, false},
	{"a length that is none", get, func(n *notes, w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Length", "ten")
		io.WriteString(w, "12345")
	}, false},
	{"no content", get, func(n *notes, w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusNoContent)
		k, err := io.WriteString(w, "body")
		n.add("%d %v", k, err)
		k, err = w.Write(nil)
		n.add("%d %v", k, err)
	}, false},
	{"not modified", get, func(n *notes, w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Etag", `"a"`)
		w.WriteHeader(http.StatusNotModified)
		k, err := io.Copy(w, strings.NewReader("body"))
		n.add("%d %v", k, err)
	}, false},
	{"head", head, func(n *notes, w http.ResponseWriter, r *http.Request) { io.WriteString(w, "hello") }, false},
	{"head without a body", head, func(n *notes, w http.ResponseWriter, r *http.Request) {}, false},
	{"head of a declared length", head, func(n *notes, w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Length", "100")
	}, false},
	{"head of a long body", head, func(n *notes, w http.ResponseWriter, r *http.Request) {
		k, err := io.Copy(w, strings.NewReader(strings.Repeat("x", 5000)))
		n.add("%d %v", k, err)
	}, true},
	{"early hints", get, func(n *notes, w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Link", "</a.css>; rel=preload")
		w.WriteHeader(http.StatusEarlyHints)
		w.Header().Del("Link")
		w.WriteHeader(http.StatusEarlyHints)
		io.WriteString(w, "hello")
	}, false},
	{"switching protocols", get, func(n *notes, w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Upgrade", "x")
		w.WriteHeader(http.StatusSwitchingProtocols)
		k, err := io.WriteString(w, "hello")
		n.add("%d %v", k, err)
	}, false},
	{"two statuses", get, func(n *notes, w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(201)
		w.WriteHeader(500)
		http.Error(w, "late", 400)
	}, false},
	{"a status after the body", get, func(n *notes, w http.ResponseWriter, r *http.Request) {
		io.WriteString(w, "hello")
		w.WriteHeader(500)
		w.WriteHeader(103)
	}, false},
	{"a status that is none", only1, func(n *notes, w http.ResponseWriter, r *http.Request) { w.WriteHeader(99) }, false},
	{"a status that is none, recovered", get, func(n *notes, w http.ResponseWriter, r *http.Request) {
		defer func() { n.add("%v", recover()); w.WriteHeader(202) }()
		w.WriteHeader(1000)
	}, false},
	{"flushed", get, func(n *notes, w http.ResponseWriter, r *http.Request) {
		n.add("%v", http.NewResponseController(w).Flush())
		io.WriteString(w, "a")
		w.(http.Flusher).Flush()
		io.WriteString(w, "b")
	}, false},
	{"a copy of nothing", get, func(n *notes, w http.ResponseWriter, r *http.Request) {
		k, err := io.Copy(w, struct{ io.Reader }{strings.NewReader("")})
		n.add("%d %v", k, err)
		w.WriteHeader(202)
	}, false},
	{"a short copy", get, func(n *notes, w http.ResponseWriter, r *http.Request) {
		k, err := io.Copy(w, struct{ io.Reader }{strings.NewReader(strings.Repeat("x", 300))})
		n.add("%d %v", k, err)
	}, false},
	{"a copy", get, func(n *notes, w http.ResponseWriter, r *http.Request) {
		k, err := io.Copy(w, struct{ io.Reader }{strings.NewReader(strings.Repeat("x", 700))})
		n.add("%d %v", k, err)
	}, true},
	{"a long copy of a declared length", get, func(n *notes, w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Length", "7000")
		k, err := io.Copy(w, struct{ io.Reader }{strings.NewReader(strings.Repeat("x", 7000))})
		n.add("%d %v", k, err)
	}, false},
	{"a copy that fails", get, func(n *notes, w http.ResponseWriter, r *http.Request) {
		k, err := io.Copy(w, struct{ io.Reader }{io.MultiReader(strings.NewReader("abc"), failing{})})
		n.add("%d %v", k, err)
	}, false},
	{"a copy that fails at once", get, func(n *notes, w http.ResponseWriter, r *http.Request) {
		k, err := io.Copy(w, struct{ io.Reader }{failing{}})
		n.add("%d %v", k, err)
		http.Error(w, "sorry", 500)
	}, false},
	{"content", "GET / HTTP/1.1\r\nHost: x\r\nRange: bytes=2-5\r\nConnection: close\r\n\r\n", func(n *notes, w http.ResponseWriter, r *http.Request) {
		http.ServeContent(w, r, "a.txt", time.Unix(0, 0), strings.NewReader("0123456789"))
	}, false},
	{"a redirect", get, func(n *notes, w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/b", http.StatusSeeOther) }, false},
	{"a mux", "POST /a/1 HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 0\r\n\r\n", func(n *notes, w http.ResponseWriter, r *http.Request) {
		mux := http.NewServeMux()
		mux.HandleFunc("GET /a/{id}", func(http.ResponseWriter, *http.Request) {})
		mux.ServeHTTP(w, r)
		n.add("%q", r.Pattern)
	}, false},
	{"a body that is read", post, func(n *notes, w http.ResponseWriter, r *http.Request) { io.Copy(w, r.Body) }, false},
	{"a body that is not read", post, func(n *notes, w http.ResponseWriter, r *http.Request) { io.WriteString(w, "no") }, false},
	{"a body that is asked for", "POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nConnection: close\r\nContent-Length: 5\r\n\r\nhello", func(n *notes, w http.ResponseWriter, r *http.Request) {
		b, err := io.ReadAll(r.Body)
		n.add("%q %v", b, err)
		w.Write(b)
	}, false},
	{"a body that is refused", "POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nConnection: close\r\nContent-Length: 5\r\n\r\n", func(n *notes, w http.ResponseWriter, r *http.Request) {
		http.Error(w, "no", http.StatusRequestEntityTooLarge)
	}, false},
	{"an expectation that is none", "POST / HTTP/1.1\r\nHost: x\r\nExpect: x\r\nContent-Length: 5\r\n\r\nhello", func(n *notes, w http.ResponseWriter, r *http.Request) {}, false},
	{"trailers of the request", "POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\nX-Sum: 42\r\n\r\n", func(n *notes, w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		fmt.Fprint(w, r.Trailer)
	}, false},
	{"pipelined requests", keep + keep + get, func(n *notes, w http.ResponseWriter, r *http.Request) { io.WriteString(w, "hello") }, false},
	{"pipelined bodies", strings.Replace(post, "Connection: close\r\n", "", 1) + post, func(n *notes, w http.ResponseWriter, r *http.Request) {
		r.Body = http.MaxBytesReader(w, r.Body, 100)
		io.Copy(w, r.Body)
	}, false},
	{"an old client", "GET / HTTP/1.0\r\n\r\n", func(n *notes, w http.ResponseWriter, r *http.Request) { io.WriteString(w, "hello") }, false},
	{"an old client that stays", "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\nGET / HTTP/1.0\r\n\r\n", func(n *notes, w http.ResponseWriter, r *http.Request) { io.WriteString(w, "hello") }, false},
	{"a request that is none", "GET / HTTP/1.1\r\nHost: a b\r\n\r\n", func(n *notes, w http.ResponseWriter, r *http.Request) { n.add("called") }, false},
	{"general options", "OPTIONS * HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", func(n *notes, w http.ResponseWriter, r *http.Request) { n.add("called") }, false},
	{"an abort", get, func(n *notes, w http.ResponseWriter, r *http.Request) {
		io.WriteString(w, "hello")
		panic(http.ErrAbortHandler)
	}, false},
	{"an abort after a flush", get, func(n *notes, w http.ResponseWriter, r *http.Request) {
		io.WriteString(w, "hello")
		w.(http.Flusher).Flush()
		io.WriteString(w, "hello")
		panic(http.ErrAbortHandler)
	}, false},
	{"a panic", only1, func(n *notes, w http.ResponseWriter, r *http.Request) { panic("mad") }, false},
	{"a goexit", get, func(n *notes, w http.ResponseWriter, r *http.Request) { runtime.Goexit() }, false},
	{"hijacked", get, func(n *notes, w http.ResponseWriter, r *http.Request) {
		h, ok := w.(http.Hijacker)
		if !ok {
			n.add("%v", http.NewResponseController(w).SetReadDeadline(time.Now()))
			return
		}
		c, rw, err := h.Hijack()
		n.add("%T %v", c, err)
		io.WriteString(rw, "by hand")
		rw.Flush()
		w.WriteHeader(200)
		k, err := io.WriteString(w, "hello")
		n.add("%d %v", k, err)
		c.Close()
	}, false},
	{"hijacked after the header", get, func(n *notes, w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-A", "a")
		io.WriteString(w, "hello")
		c, _, err := http.NewResponseController(w).Hijack()
		if n.add("%v", err); err == nil {
			c.Close()
		}
	}, false},
	{"deadlines", get, func(n *notes, w http.ResponseWriter, r *http.Request) {
		c := http.NewResponseController(w)
		n.add("%v %v %v", c.SetReadDeadline(time.Now().Add(time.Hour)), c.SetWriteDeadline(time.Time{}), c.EnableFullDuplex())
	}, false},
	{"optional methods", get, func(n *notes, w http.ResponseWriter, r *http.Request) { n.add("%s", methods(w)) }, false},
	{"a superfluous status inside of net/http", get, func(n *notes, w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(200)
		http.NotFound(w, r)
	}, false},
	{"a timeout handler", get, func(n *notes, w http.ResponseWriter, r *http.Request) {
		http.TimeoutHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			n.add("%s", methods(w))
			w.WriteHeader(201)
			w.WriteHeader(202)
		}), time.Hour, "").ServeHTTP(w, r)
	}, false},
}

type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, errBoom }

// methods says which optional methods w has, and which a controller finds below it.
func methods(w http.ResponseWriter) string {
	text := ""
	for {
		_, flush := w.(http.Flusher)
		_, hijack := w.(http.Hijacker)
		_, notify := w.(http.CloseNotifier)
		_, push := w.(http.Pusher)
		_, copies := w.(io.ReaderFrom)
		_, writes := w.(io.StringWriter)
		text = fmt.Sprintf("flush=%v hijack=%v notify=%v push=%v copy=%v string=%v", flush, hijack, notify, push, copies, writes)
		u, ok := w.(interface{ Unwrap() http.ResponseWriter })
		if !ok {
			return text
		}
		if below := u.Unwrap(); methods(below) != text {
			return text + ", below " + methods(below)
		}
		w = u.Unwrap()
	}
}
