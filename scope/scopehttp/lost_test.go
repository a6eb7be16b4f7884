package scopehttp_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ebb-go/ebb/scope"
	"github.com/ebb-go/ebb/scope/scopehttp"
	"github.com/ebb-go/ebb/scope/scopetest"
)

// gated is a connection whose reader can be held up after it has read.
type gated struct {
	net.Conn
	gate atomic.Pointer[chan struct{}]
}

// SetReadDeadline is what net/http calls between having read the first bytes of a
// request and reporting the connection active.
func (c *gated) SetReadDeadline(t time.Time) error {
	if gate := c.gate.Load(); gate != nil {
		<-*gate
	}
	return c.Conn.SetReadDeadline(t)
}

// A request that is being read when its idle connection is closed is not handled: its
// answer would be lost.
func TestRequestOfClosedConnection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		st := scopetest.New(t)
		handled := 0
		v := serving(t, st, http.HandlerFunc(func(http.ResponseWriter, *http.Request) { handled++ }))
		var c gated
		v.l.wrap = func(raw net.Conn) net.Conn {
			c.Conn = raw
			return &c
		}
		peer, r := v.raw(t, keep)
		if _, err := http.ReadResponse(r, nil); err != nil {
			t.Fatal(err)
		}
		synctest.Wait() // it is idle
		gate := make(chan struct{})
		c.gate.Store(&gate)
		go io.WriteString(peer, keep)
		synctest.Wait()
		st.Exit()
		synctest.Wait()
		close(gate)
		st.WantErr()
		if handled != 1 {
			t.Errorf("%d requests were handled, of which one was answered", handled)
		}
	})
}

// Busy clients of a server that stops have an answer to each request that was handled,
// over every protocol.
func TestNoAnswerIsLost(t *testing.T) {
	const clients, warm = 6, 20
	for _, secure := range []bool{false, true} {
		for _, http2 := range []bool{false, true} {
			t.Run(fmt.Sprintf("tls=%v/http2=%v", secure, http2), func(t *testing.T) {
				stops := 25
				if http2 {
					stops = 5 // net/http leaves a connection open for up to a second after GOAWAY
				}
				for range stops {
					if lost := stopUnderLoad(t, secure, http2, clients, warm); lost != 0 {
						t.Errorf("%d requests were handled and not answered", lost)
					}
				}
			})
		}
	}
}

// stopUnderLoad stops a server after warm answers, and returns how many requests were
// handled and not answered.
func stopUnderLoad(t *testing.T, secure, http2 bool, clients, warm int) int64 {
	t.Helper()
	var handled, answered atomic.Int64
	protocols := new(http.Protocols)
	protocols.SetHTTP1(!http2)
	protocols.SetHTTP2(http2 && secure)
	protocols.SetUnencryptedHTTP2(http2 && !secure)
	srv := &http.Server{Addr: "127.0.0.1:0", Protocols: protocols, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.WriteString(w, r.Proto)
		handled.Add(1)
	})}
	client, scheme := &http.Client{Transport: new(http.Transport)}, "http"
	if secure {
		client, scheme, srv.TLSConfig = certified(t)
	}
	var sent sync.WaitGroup
	err := scope.Run(t.Context(), func(ctx context.Context, s *scope.Scope) error {
		addr, _, err := scopehttp.Serve(ctx, s, "http", srv)
		if err != nil {
			return err
		}
		enough := make(chan struct{})
		for range clients {
			tr := client.Transport.(*http.Transport).Clone() // a connection each
			tr.Protocols = protocols
			sent.Go(func() {
				defer tr.CloseIdleConnections()
				for {
					r, err := (&http.Client{Transport: tr}).Post(scheme+"://"+addr.String(), "", strings.NewReader("hello"))
					if err != nil {
						return
					}
					b, err := io.ReadAll(r.Body)
					r.Body.Close()
					if err != nil {
						return
					}
					if got := string(b) == "HTTP/2.0"; got != http2 {
						t.Errorf("protocol %q", b)
					}
					if answered.Add(1) == int64(warm) {
						close(enough)
					}
				}
			})
		}
		<-enough
		return nil
	})
	sent.Wait()
	if err != nil {
		t.Error(err)
	}
	return handled.Load() - answered.Load()
}

// A connection of HTTP/2 that was opened in advance does not hold up the stop, and one
// that asks something in the second it has is answered and told to go away.
func TestFreshConnectionOfHTTP2(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		st := scopetest.New(t)
		l := newPipes()
		srv := &http.Server{Handler: http.HandlerFunc(pathOf), Protocols: new(http.Protocols)}
		srv.Protocols.SetUnencryptedHTTP2(true)
		if _, _, err := scopehttp.ServeOn(st.Context(), st.Scope(), "http", l, srv); err != nil {
			t.Fatal(err)
		}
		silent, err := l.dial(t.Context(), "", "")
		if err != nil {
			t.Fatal(err)
		}
		talking, err := l.dial(t.Context(), "", "")
		if err != nil {
			t.Fatal(err)
		}
		st.Exit()
		st.WantOpen()
		time.Sleep(500 * time.Millisecond)
		tr := &http.Transport{
			Protocols:   srv.Protocols,
			DialContext: func(context.Context, string, string) (net.Conn, error) { return talking, nil },
		}
		v := &service{l: l, client: &http.Client{Transport: tr}}
		if a := <-v.get("/"); a.body != "scope/request" {
			t.Errorf("got %+v", a)
		}
		st.WantOpen()
		<-ended(bufio.NewReader(silent))
		st.WantErr()
		st.WantWithin(2 * time.Second) // a second for the silent one, and one after GOAWAY
		tr.CloseIdleConnections()
	})
}
