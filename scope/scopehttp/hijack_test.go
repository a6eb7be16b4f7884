package scopehttp_test

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ebb-go/ebb/scope"
	"github.com/ebb-go/ebb/scope/scopehttp"
	"github.com/ebb-go/ebb/scope/scopetest"
)

const upgrade = "GET / HTTP/1.1\r\nHost: x\r\n\r\n"

// hijack takes the connection and lets it lie about.
func hijack(t *testing.T, w http.ResponseWriter) net.Conn {
	c, _, err := w.(http.Hijacker).Hijack()
	if err != nil {
		t.Error(err)
		return nil
	}
	return c
}

// A connection without an owner is closed when the last handler has ended.
func TestConnectionWithoutOwner(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		st := scopetest.New(t)
		v := serving(t, st, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { hijack(t, w) }))
		_, r := v.raw(t, upgrade)
		gone := ended(r)
		synctest.Wait()
		if is(gone) {
			t.Error("closed while the server runs")
		}
		st.Exit()
		st.WantClosed()
		if !is(gone) {
			t.Error("not closed")
		}
		st.WantErr()
	})
}

// The handler of a hijacked connection is asked and waited for, and cut off in the
// end.
func TestHandlerOfHijacked(t *testing.T) {
	serve := func(t *testing.T, st *scopetest.Tester, f *scopetest.StandIn, h func(c net.Conn)) <-chan struct{} {
		v := serving(t, st, scopehttp.Func(func(w http.ResponseWriter, r *http.Request) error {
			c := hijack(t, w)
			defer c.Close()
			err := f.Run(r.Context())
			h(c)
			return err
		}, scopehttp.OnError(func(http.ResponseWriter, *http.Request, error) {})), scope.DropTimeout(10*time.Second))
		_, r := v.raw(t, upgrade)
		return ended(r)
	}
	synctest.Test(t, func(t *testing.T) {
		st := scopetest.New(t)
		session := scopetest.NewStandIn(t, "session")
		gone := serve(t, st, session, func(net.Conn) {})
		st.Exit()
		session.WantDropping()
		time.Sleep(time.Second)
		st.WantOpen()
		session.Finish(nil)
		st.WantClosed()
		if !is(gone) {
			t.Error("not closed")
		}
	})
	synctest.Test(t, func(t *testing.T) {
		st := scopetest.New(t)
		session := scopetest.NewStandIn(t, "session")
		session.FinishWhenAsked()
		serve(t, st, session, func(c net.Conn) { _, _ = io.Copy(io.Discard, c) }) // deaf to all but the connection
		st.Exit()
		var cut *scopehttp.CutError
		if err := st.Err(); !errors.As(err, &cut) || *cut != (scopehttp.CutError{Requests: 1, Conns: 1}) {
			t.Errorf("got %v", err)
		}
		st.WantWithin(10 * time.Second)
	})
}

// A connection that its handler has closed is no longer the server's.
func TestClosedByHandler(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		st := scopetest.New(t)
		closes := 0
		v := serving(t, st, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			c := hijack(t, w)
			if raw, ok := c.(interface{ NetConn() net.Conn }); !ok || raw.NetConn() == nil {
				t.Errorf("%T hides its connection", c)
			}
			closes++
			_ = c.Close()
		}))
		_, r := v.raw(t, upgrade)
		<-ended(r)
		st.Exit()
		st.WantErr()
		if closes != 1 {
			t.Error(closes)
		}
	})
}

// Nor is it counted among what the server had to cut off.
func TestClosedIsNotCut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		st := scopetest.New(t)
		api := scopetest.NewStandIn(t, "handler") // ends when its time is up
		mux := http.NewServeMux()
		mux.Handle("/slow", standIn(api))
		mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) { _ = hijack(t, w).Close() })
		v := serving(t, st, mux, scope.DropTimeout(10*time.Second))
		v.raw(t, upgrade)
		v.get("/slow")
		st.Exit()
		var cut *scopehttp.CutError
		if err := st.Err(); !errors.As(err, &cut) || *cut != (scopehttp.CutError{Requests: 1}) {
			t.Errorf("got %v", err)
		}
	})
}

// session (child) owns the connection: it says goodbye after the server has stopped.
func TestOwned(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		st := scopetest.New(t)
		session := st.Child("session") // depends on nothing, as the server does
		v := serving(t, st, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			s := session.Scope()
			h, rw, err := scopehttp.Hijack(r.Context(), s, "conn", w)
			if err != nil {
				t.Error(err)
				return
			}
			s.Go("goodbye", func(ctx context.Context) error {
				<-ctx.Done()
				fmt.Fprint(rw, "bye\n")
				_ = rw.Flush()
				return h.Value().SetDeadline(time.Time{})
			})
		}))
		_, r := v.raw(t, upgrade)
		line := make(chan string, 1)
		go func() {
			s, _ := r.ReadString('\n')
			line <- s
		}()
		synctest.Wait()
		if err := v.daemon.Drop(t.Context()); err != nil {
			t.Fatal(err)
		}
		st.Scope().Cancel(nil)
		if got := <-line; got != "bye\n" {
			t.Errorf("got %q", got)
		}
		<-ended(r)
		session.Finish(nil)
		st.WantErr(context.Canceled)
	})
}

// The request's own scope closes it with the handler; closing it before is no error.
func TestOwnedByRequest(t *testing.T) {
	for _, early := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			st := scopetest.New(t)
			v := serving(t, st, scopehttp.Func(func(w http.ResponseWriter, r *http.Request) error {
				s, _ := scope.From(r.Context())
				h, _, err := scopehttp.Hijack(r.Context(), s, "conn", w)
				if err == nil && early {
					err = h.Value().Close()
				}
				return err
			}))
			_, r := v.raw(t, upgrade)
			<-ended(r)
			st.Exit()
			st.WantErr()
		})
	}
}

func TestHijackRefused(t *testing.T) {
	h := scopehttp.Func(func(w http.ResponseWriter, r *http.Request) error {
		s, _ := scope.From(r.Context())
		_, _, err := scopehttp.Hijack(r.Context(), s, "conn", w)
		if !errors.Is(err, http.ErrNotSupported) {
			t.Errorf("got %v", err)
		}
		return nil
	})
	serve(h, "GET", "/")
}

// TestHijackReadEnds: a read that waits ends when the scope that owns the connection
// is canceled, as a child is when its turn comes.
func TestHijackReadEnds(t *testing.T) {
	var read error
	err := scope.Run(t.Context(), func(ctx context.Context, s *scope.Scope) error {
		up := make(chan error, 1)
		addr, _, err := scopehttp.Serve(ctx, s, "http", &http.Server{Addr: "127.0.0.1:0", Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			session, err := s.Child("session", scope.DependsOn())
			if err == nil {
				var h *scope.Handle[net.Conn]
				if h, _, err = scopehttp.Hijack(session.Context(), session, "conn", w); err == nil {
					session.Go("reads", func(context.Context) error {
						_, read = h.Value().Read(make([]byte, 1))
						return nil
					})
				}
			}
			up <- err
		})})
		if err != nil {
			return err
		}
		client, err := net.Dial("tcp", addr.String())
		if err != nil {
			return err
		}
		t.Cleanup(func() { _ = client.Close() })
		_, err = io.WriteString(client, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
		return errors.Join(err, <-up)
	})
	if err != nil || !errors.Is(read, os.ErrDeadlineExceeded) {
		t.Errorf("Run returned %v, the read %v", err, read)
	}
}

// A handler gets the connection as net/http hands it out, with all its methods, over
// TLS too; connections that are closed are not remembered, and not cut off.
func TestHijackedAsItIs(t *testing.T) {
	for _, secure := range []bool{false, true} {
		client, scheme := &http.Client{Transport: new(http.Transport)}, "http"
		srv := &http.Server{Addr: "127.0.0.1:0"}
		if secure {
			client, scheme, srv.TLSConfig = certified(t)
			srv.Protocols = new(http.Protocols)
			srv.Protocols.SetHTTP1(true)
			client.Transport.(*http.Transport).Protocols = srv.Protocols
		}
		client.Transport.(*http.Transport).DisableKeepAlives = true
		open := make(chan net.Conn, 1)
		srv.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			c := hijack(t, w)
			if _, ok := c.(*tls.Conn); ok != secure {
				t.Errorf("tls %v: got a %T", secure, c)
			}
			half, ok := c.(interface{ CloseWrite() error })
			if !ok {
				t.Fatalf("a %T cannot be closed by half", c)
			}
			fmt.Fprint(c, "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nby hand")
			_ = half.CloseWrite()
			if r.URL.Path == "/open" {
				open <- c
				return
			}
			_ = c.Close()
		})
		err := scope.Run(t.Context(), func(ctx context.Context, s *scope.Scope) error {
			addr, _, err := scopehttp.Serve(ctx, s, "http", srv)
			if err != nil {
				return err
			}
			for range 200 { // more than are kept before they are looked through
				if got := fetch(client, scheme+"://"+addr.String()); got != "HTTP/1.1 200 by hand" {
					return errors.New(got)
				}
			}
			fetch(client, scheme+"://"+addr.String()+"/open")
			if n := scopehttp.Hijacked(srv); n > 100 {
				t.Errorf("%d of 200 closed connections are remembered", n)
			}
			return nil
		})
		if err != nil {
			t.Error(err)
		}
		if _, err := (<-open).Write([]byte("x")); err == nil {
			t.Error("the one that was left open is open still")
		}
	}
}
