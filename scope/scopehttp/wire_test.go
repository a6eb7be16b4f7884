package scopehttp_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ebb-go/ebb/scope"
	"github.com/ebb-go/ebb/scope/scopehttp"
)

// serveFunc serves srv on l in a scope.
type serveFunc func(ctx context.Context, s *scope.Scope, l net.Listener, srv *http.Server) error

// carriers are ways in which a handler gets to a connection. The first is net/http's.
var carriers = []struct {
	name     string
	buffered bool
	serve    serveFunc
}{
	{"net/http", false, serveBare},
	{"Handler", false, around(func(h http.Handler) http.Handler { return scopehttp.Handler(h) })},
	{"nested Handlers", false, around(func(h http.Handler) http.Handler { return scopehttp.Handler(scopehttp.Middleware()(h)) })},
	{"Func", false, around(func(h http.Handler) http.Handler {
		return scopehttp.Func(func(w http.ResponseWriter, r *http.Request) error { h.ServeHTTP(w, r); return nil })
	})},
	{"Buffer", true, around(func(h http.Handler) http.Handler { return scopehttp.Handler(h, scopehttp.Buffer(1000)) })},
	{"Serve", false, func(ctx context.Context, s *scope.Scope, l net.Listener, srv *http.Server) error {
		_, _, err := scopehttp.ServeOn(ctx, s, "http", l, srv)
		return err
	}},
}

func around(wrap func(http.Handler) http.Handler) serveFunc {
	return func(ctx context.Context, s *scope.Scope, l net.Listener, srv *http.Server) error {
		srv.Handler = wrap(srv.Handler)
		return serveBare(ctx, s, l, srv)
	}
}

func serveBare(_ context.Context, s *scope.Scope, l net.Listener, srv *http.Server) error {
	go srv.Serve(l)
	_, err := scope.Defer(s, "http", srv.Shutdown)
	return err
}

var (
	date   = regexp.MustCompile(`Date: [^\r]*`)
	remote = regexp.MustCompile(`127\.0\.0\.1:\d+`)
)

// raw sends the request over HTTP/1 and returns the bytes that come back.
func (e exchange) raw(addr string) (answer string, err error) {
	c, err := net.Dial("tcp", addr)
	if err != nil {
		return "", err
	}
	defer c.Close()
	if _, err := io.WriteString(c, e.request); err != nil {
		return "", err
	}
	if err := c.SetReadDeadline(time.Now().Add(10 * time.Second)); err != nil {
		return "", err
	}
	b, err := io.ReadAll(c)
	return date.ReplaceAllString(string(b), "Date: now"), err
}

// multiplexed sends the request over HTTP/2 and returns what the answer consists of.
func (e exchange) multiplexed(addr string) (answer string, err error) {
	sent, err := http.ReadRequest(bufio.NewReader(strings.NewReader(e.request)))
	if err != nil {
		return "", err
	}
	sent.Header.Del("Connection")
	req, err := http.NewRequest(sent.Method, "http://"+addr, sent.Body)
	if err != nil {
		return "", err
	}
	req.Header, req.ContentLength = sent.Header, sent.ContentLength
	tr := &http.Transport{Protocols: new(http.Protocols)}
	tr.Protocols.SetUnencryptedHTTP2(true)
	defer tr.CloseIdleConnections()
	res, err := tr.RoundTrip(req)
	if err != nil {
		return err.Error(), nil
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	res.Header.Del("Date")
	return fmt.Sprintf("%s %v %d %q %v %v", res.Status, res.Header, res.ContentLength, body, res.Trailer, err), nil
}

// run sends the request by send and returns what comes back, and what was noted and
// logged.
func (e exchange) run(t *testing.T, serve serveFunc, send func(addr string) (string, error)) (answer, seen string) {
	t.Helper()
	n := new(notes)
	var handlers sync.WaitGroup // net/http does not wait for one that has hijacked its connection
	err := scope.Run(t.Context(), func(ctx context.Context, s *scope.Scope) error {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return err
		}
		srv := &http.Server{ErrorLog: log.New(n, "", 0), Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			handlers.Add(1)
			defer handlers.Done()
			e.handler(n, w, r)
		})}
		srv.Protocols = new(http.Protocols)
		srv.Protocols.SetHTTP1(true)
		srv.Protocols.SetUnencryptedHTTP2(true)
		if err := serve(ctx, s, l, srv); err != nil {
			return err
		}
		answer, err = send(l.Addr().String())
		return err
	})
	if err != nil {
		t.Errorf("%s: %v", e.name, err)
	}
	handlers.Wait()
	return answer, remote.ReplaceAllString(n.text.String(), "client")
}

// A handler cannot find out by what it sees, nor a client by what it gets, that a
// request has a scope.
func TestAnswersAsNetHTTPDoes(t *testing.T) {
	for _, e := range exchanges {
		t.Run(e.name, func(t *testing.T) {
			want, saw := e.run(t, serveBare, e.raw)
			for _, c := range carriers[1:] {
				if c.buffered && e.streams {
					continue
				}
				if got, seen := e.run(t, c.serve, e.raw); got != want || seen != saw {
					t.Errorf("%s:\n%q\n%s\nnet/http:\n%q\n%s", c.name, got, seen, want, saw)
				}
			}
		})
	}
}

// The same over HTTP/2, but for what is only possible, or only certain, over HTTP/1.
func TestAnswersAsHTTP2Does(t *testing.T) {
	for _, e := range exchanges {
		if e.request != get && e.request != head && e.request != post {
			continue
		}
		t.Run(e.name, func(t *testing.T) {
			want, saw := e.run(t, serveBare, e.multiplexed)
			for _, c := range carriers[1:] {
				if c.buffered && e.streams {
					continue
				}
				if got, seen := e.run(t, c.serve, e.multiplexed); got != want || seen != saw {
					t.Errorf("%s:\n%s\n%s\nnet/http:\n%s\n%s", c.name, got, seen, want, saw)
				}
			}
		})
	}
}
