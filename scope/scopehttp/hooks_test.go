package scopehttp_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ebb-go/ebb/scope"
	"github.com/ebb-go/ebb/scope/scopehttp"
	"github.com/ebb-go/ebb/scope/scopetest"
)

// hooked serves srv in a bubble.
func hooked(t *testing.T, st *scopetest.Tester, srv *http.Server) *service {
	t.Helper()
	v := &service{Tester: st, l: newPipes()}
	v.client = &http.Client{Transport: &http.Transport{DialContext: v.l.dial, DisableKeepAlives: true}}
	_, d, err := scopehttp.ServeOn(st.Context(), st.Scope(), "http", v.l, srv)
	if err != nil {
		t.Fatal(err)
	}
	v.daemon = d
	return v
}

// Hooks of the user get what net/http would give them.
func TestHooksAreCalled(t *testing.T) {
	type key struct{}
	synctest.Test(t, func(t *testing.T) {
		st := scopetest.New(t)
		var shutdowns, states sync.Map
		var given net.Listener
		srv := &http.Server{
			Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				io.WriteString(w, r.Context().Value(key{}).(string))
			}),
			BaseContext: func(l net.Listener) context.Context {
				given = l
				return context.WithValue(context.Background(), key{}, "base")
			},
			ConnContext: func(ctx context.Context, c net.Conn) context.Context {
				return context.WithValue(ctx, key{}, ctx.Value(key{}).(string)+", conn")
			},
			ConnState: func(_ net.Conn, s http.ConnState) { states.Store(s, true) },
		}
		srv.RegisterOnShutdown(func() {
			if _, twice := shutdowns.LoadOrStore("called", true); twice {
				t.Error("called twice")
			}
		})
		v := hooked(t, st, srv)
		if a := <-v.get("/"); a.body != "base, conn" {
			t.Errorf("got %+v", a)
		}
		if given != net.Listener(v.l) {
			t.Errorf("the listener is a %T", given)
		}
		st.Exit()
		st.WantErr()
		synctest.Wait()
		if _, ok := shutdowns.Load("called"); !ok {
			t.Error("what RegisterOnShutdown has registered was not called")
		}
		for _, s := range []http.ConnState{http.StateNew, http.StateActive, http.StateClosed} {
			if _, ok := states.Load(s); !ok {
				t.Errorf("no call for %v", s)
			}
		}
	})
}

// A hook that panics at any of its calls is logged, and ends neither the process nor
// the server.
func TestHooksThatPanic(t *testing.T) {
	mad := func() { panic("mad") }
	for _, state := range []http.ConnState{http.StateNew, http.StateActive, http.StateIdle, http.StateClosed} {
		synctest.Test(t, func(t *testing.T) {
			var logged bytes.Buffer
			st := scopetest.New(t)
			v := hooked(t, st, &http.Server{
				Handler:  http.HandlerFunc(pathOf),
				ErrorLog: log.New(&logged, "", 0),
				ConnState: func(_ net.Conn, s http.ConnState) {
					if s == state {
						mad()
					}
				},
			})
			v.client.Transport.(*http.Transport).DisableKeepAlives = false
			for range 2 {
				if a := <-v.get("/"); a.body != "scope/request" {
					t.Errorf("%v: got %+v", state, a)
				}
			}
			st.Exit()
			st.WantErr()
			synctest.Wait()
			if text := logged.String(); !strings.Contains(text, "panic in ConnState: mad") || !strings.Contains(text, "TestHooksThatPanic") {
				t.Errorf("%v: logged %q", state, text)
			}
		})
	}
	for rule, hook := range map[string]func(ctx context.Context) context.Context{
		"a panic": func(context.Context) context.Context { mad(); return nil },
		"nil":     func(context.Context) context.Context { return nil },
	} {
		synctest.Test(t, func(t *testing.T) {
			var logged bytes.Buffer
			st := scopetest.New(t)
			broken := true
			v := hooked(t, st, &http.Server{
				Handler:  http.HandlerFunc(pathOf),
				ErrorLog: log.New(&logged, "", 0),
				ConnContext: func(ctx context.Context, _ net.Conn) context.Context {
					if broken {
						return hook(ctx)
					}
					return ctx
				},
			})
			if a := <-v.get("/"); a.err == nil {
				t.Errorf("%s: a connection without its context is served: %+v", rule, a)
			}
			broken = false
			if a := <-v.get("/"); a.body != "scope/request" {
				t.Errorf("%s: got %+v", rule, a)
			}
			st.Exit()
			st.WantErr()
			if !strings.Contains(logged.String(), "panic in ConnContext") {
				t.Errorf("%s: logged %q", rule, &logged)
			}
		})
	}
}

// A server that cannot start is an error of Serve, or a panic of its caller; nothing is
// registered, the listener is closed, and srv can be served once it is mended.
func TestCannotStart(t *testing.T) {
	certificate := &tls.Config{Certificates: make([]tls.Certificate, 1)}
	tests := []struct {
		rule  string
		srv   *http.Server
		panic any
		err   error // nil: any
		mend  func(srv *http.Server)
	}{
		{"a base context that panics", &http.Server{BaseContext: func(net.Listener) context.Context { panic("mad") }}, "mad", nil,
			func(srv *http.Server) { srv.BaseContext = nil }},
		{"a base context that is nil", &http.Server{BaseContext: func(net.Listener) context.Context { return nil }}, "BaseContext returned a nil context", nil,
			func(srv *http.Server) { srv.BaseContext = nil }},
		{"a base context that calls Goexit", &http.Server{BaseContext: func(net.Listener) context.Context { runtime.Goexit(); return nil }}, nil, scope.ErrGoexit,
			func(srv *http.Server) { srv.BaseContext = nil }},
		{"a server that was shut down", shut(), nil, http.ErrServerClosed, nil},
		{"a cipher suite that HTTP/2 refuses", &http.Server{TLSConfig: &tls.Config{Certificates: certificate.Certificates, MaxVersion: tls.VersionTLS12, CipherSuites: []uint16{tls.TLS_RSA_WITH_AES_128_CBC_SHA}}}, nil, nil, nil},
	}
	for _, tt := range tests {
		t.Run(tt.rule, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				st := scopetest.New(t)
				l := newPipes()
				var err error
				v := caught(func() { _, _, err = scopehttp.ServeOn(st.Context(), st.Scope(), "http", l, tt.srv) })
				if p, ok := v.(*scope.PanicError); ok {
					v = p.Value
				}
				if v != tt.panic || tt.panic == nil && (err == nil || !errors.Is(err, tt.err) && tt.err != nil) {
					t.Errorf("panic %v, error %v", v, err)
				}
				if !is(l.done) {
					t.Error("the listener is open")
				}
				if n := len(st.Scope().Plan().Waves); n != 0 {
					t.Errorf("%d waves", n)
				}
				if tt.mend != nil {
					tt.mend(tt.srv)
					if a := <-hooked(t, st, tt.srv).get("/"); a.status != 404 {
						t.Errorf("got %+v", a)
					}
				}
				st.Exit()
				st.WantErr()
			})
		})
	}
}

func shut() *http.Server {
	srv := new(http.Server)
	_ = srv.Close()
	return srv
}

// A server is served once: another Serve is an error, while it serves and after it.
func TestUsedTwice(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		st := scopetest.New(t)
		srv := &http.Server{Handler: http.HandlerFunc(pathOf)}
		v := hooked(t, st, srv)
		for range 2 {
			l := newPipes()
			if _, _, err := scopehttp.ServeOn(st.Context(), st.Scope(), "again", l, srv); err == nil || !strings.Contains(err.Error(), "serves only once") || !is(l.done) {
				t.Errorf("got %v, listener closed %v", err, is(l.done))
			}
			if v.client == nil {
				break
			}
			if a := <-v.get("/"); a.body != "scope/request" {
				t.Errorf("the first: %+v", a)
			}
			if err := v.daemon.Drop(t.Context()); err != nil {
				t.Error(err)
			}
			v.client = nil
		}
		st.Exit()
		st.WantErr()
	})
}

// A server that is shut down behind the daemon's back no longer serves, and the scope
// hears of it.
func TestShutDownByHand(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		st := scopetest.New(t)
		srv := &http.Server{Handler: http.HandlerFunc(pathOf)}
		hooked(t, st, srv)
		if err := srv.Shutdown(t.Context()); err != nil {
			t.Error(err)
		}
		st.WantErr(http.ErrServerClosed)
	})
}

// A socket that was closed cannot be served.
func TestClosedListener(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_ = l.Close()
	err = scope.Run(t.Context(), func(ctx context.Context, s *scope.Scope) error {
		if _, _, err := scopehttp.ServeOn(ctx, s, "http", l, new(http.Server)); !errors.Is(err, net.ErrClosed) || !errors.Is(err, scope.ErrNotReady) {
			t.Errorf("got %v", err)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

// broken is a listener whose methods are the test's.
type broken struct {
	*pipes
	accept func() (net.Conn, error)
	close  func() error
}

func (l broken) Accept() (net.Conn, error) { return l.accept() }
func (l broken) Close() error              { return l.close() }

// A listener that panics or hangs takes neither the requests that have begun nor what
// they use with it.
func TestListenersThatBreak(t *testing.T) {
	tests := []struct {
		rule   string
		accept func(l *pipes) (net.Conn, error) // the second call
		close  func(l *pipes) error
		want   []string
	}{
		{"an Accept that panics", func(*pipes) (net.Conn, error) { panic("mad") }, (*pipes).Close, []string{"mad"}},
		{"an Accept that calls Goexit", func(*pipes) (net.Conn, error) { runtime.Goexit(); return nil, nil }, (*pipes).Close, []string{"Goexit"}},
		{"a Close that panics", (*pipes).Accept, func(l *pipes) error { _ = l.Close(); panic("mad") }, []string{"mad"}},
	}
	for _, tt := range tests {
		t.Run(tt.rule, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				st := scopetest.New(t, scope.WithPanicAsError())
				db := st.Guard("db")
				api := scopetest.NewStandIn(t, "handler")
				p := newPipes()
				calls := 0
				l := broken{p, func() (net.Conn, error) {
					if calls++; calls > 1 {
						return tt.accept(p)
					}
					return p.Accept()
				}, func() error { return tt.close(p) }}
				if _, _, err := scopehttp.ServeOn(st.Context(), st.Scope(), "http", l, &http.Server{Handler: standIn(api)}); err != nil {
					t.Fatal(err)
				}
				v := &service{l: p, client: &http.Client{Transport: &http.Transport{DialContext: p.dial}}}
				answer := v.get("/")
				st.Scope().Cancel(nil)
				api.WantDropping()
				db.WantIdle()
				api.Finish(nil)
				if a := <-answer; a.status != 200 {
					t.Errorf("got %+v", a)
				}
				db.Finish(nil)
				err := st.Err()
				for _, want := range tt.want {
					if err == nil || !strings.Contains(err.Error(), want) {
						t.Errorf("%q is not in %v", want, err)
					}
				}
				st.WantOutcome("db", "ok")
			})
		})
	}
}

// One that hangs when it is closed is abandoned by name at the deadline, and holds up
// nothing else: handlers are canceled and can answer, and their connections are closed.
func TestListenerThatHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		st := scopetest.New(t)
		db := st.Guard("db")
		db.Finish(nil)
		api := scopetest.NewStandIn(t, "handler") // ends when its time is up
		p, release := newPipes(), make(chan struct{})
		l := broken{p, p.Accept, func() error { <-release; return p.Close() }}
		if _, _, err := scopehttp.ServeOn(st.Context(), st.Scope(), "http", l, &http.Server{Handler: standIn(api)}, scope.DropTimeout(10*time.Second)); err != nil {
			t.Fatal(err)
		}
		v := &service{l: p, client: &http.Client{Transport: &http.Transport{DialContext: p.dial}}}
		answer := v.get("/")
		idle, r := v.raw(t, "")
		gone := ended(r)
		st.Exit()
		st.WantErr(scope.ErrAbandoned)
		st.WantOutcome("http", "abandoned")
		st.WantOutcome("db", "ok")
		if a := <-answer; a.status != 503 {
			t.Errorf("got %+v", a)
		}
		if !is(gone) {
			t.Errorf("%v is open", idle)
		}
		close(release)
	})
}
