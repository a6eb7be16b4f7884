package scopehttp_test

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/ebb-go/ebb/scope"
	"github.com/ebb-go/ebb/scope/scopehttp"
)

// A real server on a real port, stopped while a request runs: plain, and over TLS with
// HTTP/2.
func TestLoopback(t *testing.T) {
	for _, secure := range []bool{false, true} {
		t.Run(fmt.Sprintf("tls=%v", secure), func(t *testing.T) {
			begun, finish, idle := make(chan struct{}), make(chan struct{}), make(chan struct{})
			mux := http.NewServeMux()
			mux.HandleFunc("GET /slow/{id}", func(w http.ResponseWriter, r *http.Request) {
				close(begun)
				<-scope.Stopping(r.Context())
				if r.Context().Err() != nil {
					t.Error("canceled, not asked")
				}
				<-finish
				pathOf(w, r)
			})
			mux.HandleFunc("GET /quick", pathOf)
			srv := &http.Server{Addr: "127.0.0.1:0", Handler: mux}
			client, scheme := &http.Client{Transport: new(http.Transport)}, "http"
			if secure {
				client, scheme, srv.TLSConfig = certified(t)
			}
			defer client.CloseIdleConnections()
			answer := make(chan string, 1)
			err := scope.Run(t.Context(), func(ctx context.Context, s *scope.Scope) error {
				if _, err := scope.Defer(s, "db", func(context.Context) error { close(idle); return nil }); err != nil {
					return err
				}
				addr, _, err := scopehttp.Serve(ctx, s, "http", srv)
				if err != nil {
					return err
				}
				url := scheme + "://" + addr.String()
				if got := fetch(client, url+"/quick"); !strings.HasSuffix(got, "200 orders/GET /quick") {
					t.Errorf("got %q", got)
				}
				go func() { answer <- fetch(client, url+"/slow/17") }()
				<-begun
				go func() {
					select {
					case <-idle:
						t.Error("db was dropped under a request")
					default:
					}
					close(finish)
				}()
				return nil
			}, scope.WithName("orders"))
			if err != nil {
				t.Error(err)
			}
			want := "HTTP/1.1 200 orders/GET /slow/{id}"
			if secure {
				want = "HTTP/2.0 200 orders/GET /slow/{id}"
			}
			if got := <-answer; got != want {
				t.Errorf("got %q, want %q", got, want)
			}
		})
	}
}

// certified returns a client that trusts a certificate, and a configuration that has
// it.
func certified(t *testing.T) (*http.Client, string, *tls.Config) {
	t.Helper()
	s := httptest.NewUnstartedServer(nil)
	s.EnableHTTP2 = true
	s.StartTLS()
	defer s.Close()
	return s.Client(), "https", &tls.Config{Certificates: s.TLS.Certificates}
}

// fetch returns the protocol, the status and the body of an answer.
func fetch(client *http.Client, url string) string {
	r, err := client.Get(url)
	if err != nil {
		return err.Error()
	}
	defer r.Body.Close()
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return err.Error()
	}
	return fmt.Sprintf("%s %d %s", r.Proto, r.StatusCode, body)
}

// A port that is taken is an error of Serve; nothing is registered, and the scope goes
// on.
func TestPortTaken(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	err = scope.Run(t.Context(), func(ctx context.Context, s *scope.Scope) error {
		_, _, err := scopehttp.Serve(ctx, s, "http", &http.Server{Addr: l.Addr().String()})
		var op *net.OpError
		if !errors.Is(err, scope.ErrNotReady) || !errors.As(err, &op) {
			t.Errorf("got %v", err)
		}
		if n := len(s.Plan().Waves); n != 0 {
			t.Errorf("%d waves", n)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

// A start that is canceled leaves nothing behind.
func TestStartCancelled(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errBoom)
	err := scope.Run(t.Context(), func(_ context.Context, s *scope.Scope) error {
		addr, d, err := scopehttp.Serve(ctx, s, "http", &http.Server{Addr: "127.0.0.1:0"})
		if err == nil { // it was quicker
			return d.Drop(t.Context())
		}
		if addr != nil || !errors.Is(err, errBoom) && !errors.Is(err, scope.ErrNotReady) {
			t.Errorf("got %v, %v", addr, err)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}
