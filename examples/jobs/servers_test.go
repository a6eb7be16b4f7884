package jobs

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/go-chi/chi/v5"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"

	"github.com/ebb-go/ebb/guard"
	"github.com/ebb-go/ebb/scope"
	"github.com/ebb-go/ebb/scope/scopehttp"
)

// checker is a gRPC service whose handler uses the database.
type checker struct {
	healthpb.UnimplementedHealthServer
	begun  chan<- struct{}
	finish <-chan struct{}
	db     *atomic.Bool // open
	t      *testing.T
}

func (c checker) Check(ctx context.Context, _ *healthpb.HealthCheckRequest) (*healthpb.HealthCheckResponse, error) {
	err := scope.Run(ctx, func(context.Context, *scope.Scope) error {
		c.begun <- struct{}{}
		<-c.finish
		if !c.db.Load() {
			c.t.Error("the database is closed under a call")
		}
		return nil
	}, scope.WithName("check"))
	return &healthpb.HealthCheckResponse{Status: healthpb.HealthCheckResponse_SERVING}, err
}

// A gRPC server stops in its place: calls belong to it, so what they use is closed after
// the last of them.
// Here 10 lines (Serve and an interceptor); by hand about 40.
func TestGRPC(t *testing.T) {
	begun, finish := make(chan struct{}, 1), make(chan struct{})
	answered := make(chan error, 1)
	err := scope.Run(t.Context(), func(ctx context.Context, s *scope.Scope) error {
		var db atomic.Bool
		db.Store(true)
		if _, err := scope.Defer(s, "db", func(context.Context) error { db.Store(false); return nil }); err != nil {
			return err
		}
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return err
		}
		calls, err := s.Child("calls", scope.Graceful())
		if err != nil {
			return err
		}
		srv := grpc.NewServer(grpc.UnaryInterceptor(func(ctx context.Context, r any, _ *grpc.UnaryServerInfo, next grpc.UnaryHandler) (any, error) {
			ctx, done := scope.Attach(ctx, calls.Context())
			defer done()
			return next(ctx, r)
		}))
		healthpb.RegisterHealthServer(srv, checker{begun: begun, finish: finish, db: &db, t: t})
		_, err = scope.Serve(ctx, s, "grpc", func() error { return srv.Serve(l) }, func(ctx context.Context) error {
			defer context.AfterFunc(ctx, srv.Stop)() // at the deadline
			srv.GracefulStop()
			return nil
		}, scope.AlsoDependsOn(calls))
		if err != nil {
			return err
		}
		conn, err := grpc.NewClient(l.Addr().String(), grpc.WithTransportCredentials(insecure.NewCredentials()))
		if err != nil {
			return err
		}
		go func() {
			defer conn.Close()
			_, err := healthpb.NewHealthClient(conn).Check(t.Context(), nil)
			answered <- err
		}()
		<-begun
		time.AfterFunc(50*time.Millisecond, func() { close(finish) }) // while the server stops
		return nil
	}, scope.WithGrace(time.Minute))
	if err != nil {
		t.Error(err)
	}
	if err := <-answered; err != nil {
		t.Error(err)
	}
}

// An accept loop and a reader that know of no context, each with a resource of its own:
// neither waits for the other.
// Here 2 lines (Interrupt); by hand about 20.
func TestEndsWhenClosed(t *testing.T) {
	err := scope.Run(t.Context(), func(ctx context.Context, s *scope.Scope) error {
		l, err := scope.Acquire(ctx, s, "listener", func(context.Context) (net.Listener, error) {
			return net.Listen("tcp", "127.0.0.1:0")
		}, guard.Close)
		if err != nil {
			return err
		}
		accepted := make(chan net.Conn, 1)
		_, err = s.Daemon("accept", func(context.Context) error {
			for {
				c, err := l.Value().Accept()
				if errors.Is(err, net.ErrClosed) {
					return nil
				}
				if err != nil {
					return err
				}
				accepted <- c
			}
		}, scope.Interrupt(func() { _ = l.Value().Close() }))
		if err != nil {
			return err
		}
		client, err := net.Dial("tcp", l.Value().Addr().String())
		if err != nil {
			return err
		}
		defer client.Close()
		conn := <-accepted
		reader, err := s.Child("reader", scope.Interrupt(func() { _ = conn.Close() }))
		if err != nil {
			return err
		}
		reader.Go("read", func(context.Context) error {
			_, err := io.Copy(io.Discard, conn)
			if errors.Is(err, net.ErrClosed) {
				return nil
			}
			return err
		})
		return nil
	}, scope.WithGrace(time.Minute))
	if err != nil {
		t.Error(err)
	}
}

// A reverse proxy of an event stream ends with its server, and not at the end of the
// grace.
// Here 1 line (CancelOnStop); by hand about 15, with a context for all requests.
func TestProxyOfEvents(t *testing.T) {
	upstream := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, "data: hello\n\n")
		w.(http.Flusher).Flush()
		<-r.Context().Done()
	}))
	defer upstream.Close()
	to, err := url.Parse(upstream.URL)
	if err != nil {
		t.Fatal(err)
	}
	begun := time.Now()
	err = scope.Run(t.Context(), func(ctx context.Context, s *scope.Scope) error {
		addr, _, err := scopehttp.Serve(ctx, s, "http", &http.Server{
			Addr:    "127.0.0.1:0",
			Handler: scopehttp.Handler(httputil.NewSingleHostReverseProxy(to), scopehttp.CancelOnStop()),
		})
		if err != nil {
			return err
		}
		r, err := http.Get("http://" + addr.String())
		if err != nil {
			return err
		}
		_, err = r.Body.Read(make([]byte, 1))
		return err
	}, scope.WithGrace(time.Minute))
	if took := time.Since(begun); err != nil || took > 10*time.Second {
		t.Errorf("%v after %v", err, took)
	}
}

// Work that was acknowledged is done, whatever comes between: 1,000 requests in
// mid-traffic, and the scope is stopped after the first hundred.
// Here 3 lines (Child, Submit, AlsoDependsOn); by hand about 60.
func TestWorkOutlivesItsRequest(t *testing.T) {
	var acknowledged, done atomic.Int32
	err := scope.Run(t.Context(), func(ctx context.Context, s *scope.Scope) error {
		forwards, err := s.Child("forwards", scope.Graceful())
		if err != nil {
			return err
		}
		h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if forwards.Submit(r.Context(), "forward", func(context.Context) error { done.Add(1); return nil }) != nil {
				w.WriteHeader(http.StatusServiceUnavailable)
			}
		})
		addr, _, err := scopehttp.Serve(ctx, s, "http", &http.Server{Addr: "127.0.0.1:0", Handler: h}, scope.AlsoDependsOn(forwards))
		if err != nil {
			return err
		}
		for k := range 1000 {
			r, err := http.Get("http://" + addr.String())
			if err != nil {
				break
			}
			if r.StatusCode == http.StatusOK {
				acknowledged.Add(1)
			}
			_ = r.Body.Close()
			if k == 100 {
				s.Stop(nil)
			}
		}
		return s.Wait(ctx)
	}, scope.WithGrace(time.Minute))
	if err != nil || done.Load() != acknowledged.Load() || acknowledged.Load() < 100 {
		t.Errorf("%d acknowledged, %d done, %v", acknowledged.Load(), done.Load(), err)
	}
}

// A WebSocket session that waits for a message ends with the server, with a goodbye.
// Here 6 lines (a task that waits for Stopping); by hand about 35, with a registry.
func TestWebSocket(t *testing.T) {
	status := make(chan websocket.StatusCode, 1)
	err := scope.Run(t.Context(), func(ctx context.Context, s *scope.Scope) error {
		h := scopehttp.Func(func(w http.ResponseWriter, r *http.Request) error {
			s, _ := scope.From(r.Context())
			c, err := websocket.Accept(w, r, nil)
			if err != nil {
				return nil
			}
			goodbye := func(ctx context.Context) error {
				<-scope.Stopping(ctx)
				_ = c.Close(websocket.StatusGoingAway, "")
				return nil
			}
			if s.TryGo("goodbye", goodbye) != nil { // the server has been stopped meanwhile
				return goodbye(r.Context())
			}
			for {
				if _, _, err := c.Read(r.Context()); err != nil {
					s.Stop(nil) // the goodbye task, if the client has left
					return nil
				}
			}
		})
		addr, _, err := scopehttp.Serve(ctx, s, "http", &http.Server{Addr: "127.0.0.1:0", Handler: h})
		if err != nil {
			return err
		}
		c, _, err := websocket.Dial(t.Context(), "ws://"+addr.String(), nil)
		if err == nil {
			go func() {
				_, _, err := c.Read(t.Context())
				status <- websocket.CloseStatus(err)
			}()
		}
		return err
	}, scope.WithGrace(time.Minute))
	if got := <-status; err != nil || got != websocket.StatusGoingAway {
		t.Errorf("%v, status %v", err, got)
	}
}

// Requests are named by the routes of chi, mounted routers included.
// Here 1 line; by hand about 10, after the router.
func TestRoutesOfChi(t *testing.T) {
	var paths []string
	api := chi.NewRouter()
	api.Get("/orders/{id}", func(_ http.ResponseWriter, r *http.Request) {
		s, _ := scope.From(r.Context())
		_, _ = scope.Defer(s, "tx", func(context.Context) error { paths = append(paths, s.Path()); return nil })
	})
	root := chi.NewRouter()
	root.Use(scopehttp.Middleware())
	root.Mount("/api", api)
	root.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/api/orders/17", nil))
	if got := strings.Join(paths, " "); got != "GET /api/orders/{id}" {
		t.Errorf("named %q", got)
	}
}
