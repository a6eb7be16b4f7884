package scopehttp_test

import (
	"bufio"
	"errors"
	"io"
	"net"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ebb-go/ebb/scope"
	"github.com/ebb-go/ebb/scope/scopehttp"
	"github.com/ebb-go/ebb/scope/scopetest"
)

const (
	preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + "\x00\x00\x00\x04\x00\x00\x00\x00\x00" // and empty SETTINGS
	headers = "\x00\x00\x06\x01\x05\x00\x00\x00\x01" + "\x82\x86\x84\x41\x01x"            // GET / on stream 1
)

// speaking serves HTTP/1 and HTTP/2 in a bubble.
func speaking(t *testing.T, st *scopetest.Tester, srv *http.Server, opts ...scope.GuardOption) *service {
	t.Helper()
	srv.Protocols = new(http.Protocols)
	srv.Protocols.SetHTTP1(true)
	srv.Protocols.SetUnencryptedHTTP2(true)
	v := &service{Tester: st, l: newPipes()}
	if _, _, err := scopehttp.ServeOn(st.Context(), st.Scope(), "http", v.l, srv, opts...); err != nil {
		t.Fatal(err)
	}
	return v
}

// stubborn is a connection whose Close takes its time.
type stubborn struct {
	net.Conn
	gate chan struct{}
}

func (c stubborn) Close() error {
	<-c.gate
	return c.Conn.Close()
}

// A connection of HTTP/2 that begins while Shutdown runs may have missed that it tells
// all of them to go away. It does not hold up the server.
func TestConnectionBeginsDuringShutdown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		st := scopetest.New(t)
		v := speaking(t, st, &http.Server{Handler: http.HandlerFunc(pathOf)})
		gate := make(chan struct{})
		v.l.wrap = func(c net.Conn) net.Conn { return stubborn{c, gate} }
		_, r := v.raw(t, keep)
		if _, err := http.ReadResponse(r, nil); err != nil {
			t.Fatal(err)
		}
		v.l.wrap = nil
		fresh, r := v.raw(t, "")
		gone := ended(r)
		st.Exit()
		time.Sleep(1500 * time.Millisecond) // Shutdown closes the idle connection
		go io.WriteString(fresh, preface)
		synctest.Wait()
		close(gate)
		st.WantErr()
		if !is(gone) {
			t.Error("the connection is open")
		}
		st.WantWithin(1500 * time.Millisecond)
	})
}

// A request whose handler has not begun when the connections are closed is not handled.
func TestRequestBeginsTooLate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		st := scopetest.New(t)
		handled := false
		armed, gate, deaf := false, make(chan struct{}), make(chan struct{})
		v := speaking(t, st, &http.Server{
			Handler: http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				if r.URL.Path == "/deaf" {
					<-deaf // so the daemon is not over when it has closed the connections
				}
				handled = r.URL.Path == "/"
			}),
			ConnState: func(_ net.Conn, s http.ConnState) {
				if armed && s == http.StateActive {
					<-gate // between the request and its handler
				}
			},
		}, scope.DropTimeout(10*time.Second))
		v.raw(t, "GET /deaf HTTP/1.1\r\nHost: x\r\n\r\n")
		c, err := v.l.dial(t.Context(), "", "")
		if err != nil {
			t.Fatal(err)
		}
		gone := ended(bufio.NewReader(c))
		if _, err := io.WriteString(c, preface); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		armed = true
		if _, err := io.WriteString(c, headers); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		st.Exit()
		<-gone // at the deadline
		close(gate)
		synctest.Wait()
		if handled {
			t.Error("a request was handled whose connection is closed")
		}
		close(deaf)
		var cut *scopehttp.CutError
		if err := st.Err(); !errors.As(err, &cut) || *cut != (scopehttp.CutError{Requests: 1, Conns: 2}) {
			t.Errorf("got %v", err)
		}
	})
}
