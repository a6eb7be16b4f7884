package scopehttp_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ebb-go/ebb/scope"
	"github.com/ebb-go/ebb/scope/scopehttp"
)

// ends are the ways in which the scope of a request can end after its handler has
// written 201.
var ends = []struct {
	name string
	good bool
	end  func(ctx context.Context, s *scope.Scope) error
}{
	{"success", true, func(context.Context, *scope.Scope) error { return nil }},
	{"success of a task", true, func(_ context.Context, s *scope.Scope) error {
		return s.TryGo("job", func(context.Context) error { return nil })
	}},
	{"error", false, func(context.Context, *scope.Scope) error { return errBoom }},
	{"error of a task", false, func(_ context.Context, s *scope.Scope) error {
		return s.TryGo("job", func(context.Context) error { return errBoom })
	}},
	{"error of a daemon", false, func(ctx context.Context, s *scope.Scope) error {
		_, err := s.Daemon("watch", func(context.Context) error { return errBoom })
		<-ctx.Done()
		return err
	}},
	{"error of a drop", false, func(_ context.Context, s *scope.Scope) error {
		_, err := scope.Defer(s, "audit", func(context.Context) error { return errBoom })
		return err
	}},
	{"panic", false, func(context.Context, *scope.Scope) error { panic("mad") }},
	{"panic of a task", false, func(_ context.Context, s *scope.Scope) error {
		return s.TryGo("job", func(context.Context) error { panic("mad") })
	}},
	{"panic of a drop", false, func(_ context.Context, s *scope.Scope) error {
		_, err := scope.Defer(s, "audit", func(context.Context) error { panic("mad") })
		return err
	}},
	{"abort", false, func(context.Context, *scope.Scope) error { panic(http.ErrAbortHandler) }},
	{"abort as an error", false, func(context.Context, *scope.Scope) error { return http.ErrAbortHandler }},
	{"abort of a task", false, func(_ context.Context, s *scope.Scope) error {
		return s.TryGo("job", func(context.Context) error { panic(http.ErrAbortHandler) })
	}},
	{"cancellation", false, func(_ context.Context, s *scope.Scope) error { s.Cancel(errBoom); return nil }},
	{"deadline", false, func(ctx context.Context, s *scope.Scope) error { <-ctx.Done(); return nil }},
}

// A client that has an answer of 201, to its end, knows that all drops have seen
// Succeeded, and have returned nil. Without Buffer that holds for what net/http has
// not sent yet.
func TestAcknowledged(t *testing.T) {
	timeout := func(h http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			ctx, cancel := context.WithTimeout(r.Context(), 30*time.Millisecond)
			defer cancel()
			if r.URL.Path == "/deadline" {
				r = r.WithContext(ctx)
			}
			h.ServeHTTP(w, r)
		})
	}
	quiet := scopehttp.OnError(func(http.ResponseWriter, *http.Request, error) {}) // has nothing to say
	as := scopehttp.Scope(scope.WithPanicAsError())
	tests := []struct {
		name string
		size int
		opts []scopehttp.Option
	}{
		{"held", 5000, []scopehttp.Option{scopehttp.Buffer(8 << 10)}},
		{"held, panics as errors", 5000, []scopehttp.Option{scopehttp.Buffer(8 << 10), as}},
		{"held, own OnError", 5000, []scopehttp.Option{scopehttp.Buffer(8 << 10), quiet}},
		{"not held", 7, nil},
		{"not held, panics as errors", 7, []scopehttp.Option{as}},
		{"not held, own OnError", 7, []scopehttp.Option{quiet}},
	}
	for _, tt := range tests {
		for _, e := range ends {
			for _, http2 := range []bool{false, true} {
				t.Run(fmt.Sprintf("%s/%s/http2=%v", tt.name, e.name, http2), func(t *testing.T) {
					var committed atomic.Bool
					create := scopehttp.Func(func(w http.ResponseWriter, r *http.Request) error {
						s, _ := scope.From(r.Context())
						_, err := scope.Defer(s, "tx", func(ctx context.Context) error {
							committed.Store(scope.ExitOf(ctx).Kind == scope.Succeeded)
							return nil
						})
						if err != nil {
							return err
						}
						w.WriteHeader(http.StatusCreated)
						io.WriteString(w, strings.Repeat("x", tt.size))
						return e.end(r.Context(), s)
					}, tt.opts...)
					got := request(t, &http.Server{Handler: timeout(scopehttp.Handler(create))}, http2, "POST", "/"+strings.ReplaceAll(e.name, " ", "-"))
					if acknowledged := got == fmt.Sprintf("201 %d", tt.size); acknowledged != e.good || acknowledged && !committed.Load() {
						t.Errorf("the client has %q, committed %v", got, committed.Load())
					}
					if strings.HasPrefix(got, "2") && !e.good {
						t.Errorf("the client has seen %q", got)
					}
				})
			}
		}
	}
}

// request serves srv, sends one request, and returns the status and how long the body
// is, or the error. Over HTTP/1 the transport does not send a POST twice.
func request(t *testing.T, srv *http.Server, http2 bool, method, path string) (got string) {
	t.Helper()
	if srv.ErrorLog == nil {
		srv.ErrorLog = log.New(io.Discard, "", 0)
	}
	srv.Addr, srv.Protocols = "127.0.0.1:0", new(http.Protocols)
	srv.Protocols.SetHTTP1(!http2)
	srv.Protocols.SetUnencryptedHTTP2(http2)
	tr := &http.Transport{Protocols: srv.Protocols}
	err := scope.Run(t.Context(), func(ctx context.Context, s *scope.Scope) error {
		defer tr.CloseIdleConnections()
		addr, _, err := scopehttp.Serve(ctx, s, "http", srv)
		if err != nil {
			return err
		}
		r, err := http.NewRequest(method, "http://"+addr.String()+path, http.NoBody)
		if err != nil {
			return err
		}
		res, err := tr.RoundTrip(r)
		if err != nil {
			got = err.Error()
			return nil
		}
		defer res.Body.Close()
		b, err := io.ReadAll(res.Body)
		if got = fmt.Sprint(res.StatusCode, " ", len(b)); err != nil {
			got += " " + err.Error()
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
	return got
}

// What was sent before the scope has failed cannot be taken back, but shows that it is
// not whole.
func TestTruncated(t *testing.T) {
	for _, http2 := range []bool{false, true} {
		got := request(t, &http.Server{Handler: scopehttp.Func(func(w http.ResponseWriter, r *http.Request) error {
			io.WriteString(w, "half")
			return errors.Join(http.NewResponseController(w).Flush(), errBoom)
		}, scopehttp.Buffer(1000))}, http2, "POST", "/")
		if !strings.HasPrefix(got, "200 4 ") {
			t.Errorf("http2 %v: got %q", http2, got)
		}
	}
}

// A client that closes its half of the connection has canceled the request.
func TestHalfClose(t *testing.T) {
	for _, opts := range [][]scopehttp.Option{nil, {scopehttp.Buffer(1000)}} {
		kind := make(chan scope.ExitKind, 1)
		h := scopehttp.Func(func(w http.ResponseWriter, r *http.Request) error {
			s, _ := scope.From(r.Context())
			_, err := scope.Defer(s, "tx", func(ctx context.Context) error {
				kind <- scope.ExitOf(ctx).Kind
				return nil
			})
			w.WriteHeader(http.StatusCreated)
			<-r.Context().Done()
			return err
		}, opts...)
		err := scope.Run(t.Context(), func(ctx context.Context, s *scope.Scope) error {
			addr, _, err := scopehttp.Serve(ctx, s, "http", &http.Server{Addr: "127.0.0.1:0", Handler: h})
			if err != nil {
				return err
			}
			c, err := net.Dial("tcp", addr.String())
			if err != nil {
				return err
			}
			defer c.Close()
			io.WriteString(c, keep)
			c.(*net.TCPConn).CloseWrite()
			b, _ := io.ReadAll(c)
			if k := <-kind; k != scope.Canceled || strings.Contains(string(b), " 201 ") {
				t.Errorf("exit %v, client has %q", k, b)
			}
			return nil
		})
		if err != nil {
			t.Error(err)
		}
	}
}
