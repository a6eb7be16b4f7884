package scopehttp_test

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/ebb-go/ebb/scope"
	"github.com/ebb-go/ebb/scope/scopehttp"
	"github.com/ebb-go/ebb/scope/scopetest"
)

// pipes is a listener in memory: a goroutine that waits for its connections is
// blocked in the sense of a bubble.
type pipes struct {
	conns chan net.Conn
	done  chan struct{}
	once  sync.Once
	wrap  func(net.Conn) net.Conn // of the server's end, if not nil
}

func newPipes() *pipes {
	return &pipes{conns: make(chan net.Conn), done: make(chan struct{})}
}

func (l *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.done:
		return nil, net.ErrClosed
	}
}

func (l *pipes) Close() error {
	l.once.Do(func() { close(l.done) })
	return nil
}

func (l *pipes) Addr() net.Addr { return address{} }

type address struct{}

func (address) Network() string { return "pipe" }
func (address) String() string  { return "pipe" }

// dial connects as a client does.
func (l *pipes) dial(context.Context, string, string) (net.Conn, error) {
	client, server := net.Pipe()
	if l.wrap != nil {
		server = l.wrap(server)
	}
	select {
	case l.conns <- server:
		return client, nil
	case <-l.done:
		return nil, net.ErrClosed
	}
}

// service is a scope under test with an HTTP server in it, and a client.
type service struct {
	*scopetest.Tester
	l      *pipes
	client *http.Client
	daemon *scope.Daemon
}

// serving starts a server of h.
func serving(t *testing.T, st *scopetest.Tester, h http.Handler, opts ...scope.GuardOption) *service {
	t.Helper()
	v := &service{Tester: st, l: newPipes()}
	tr := &http.Transport{DialContext: v.l.dial}
	v.client = &http.Client{Transport: tr}
	t.Cleanup(tr.CloseIdleConnections)
	addr, d, err := scopehttp.ServeOn(st.Context(), st.Scope(), "http", v.l, &http.Server{Handler: h}, opts...)
	if err != nil {
		t.Fatal(err)
	}
	if addr.String() != "pipe" || !strings.HasPrefix(d.Name(), "http") {
		t.Errorf("address %v, daemon %q", addr, d.Name())
	}
	v.daemon = d
	return v
}

// answered is what became of a request.
type answered struct {
	status int
	body   string
	close  bool
	err    error
}

// get sends a request, lets it get as far as it can, and returns where its answer
// will be.
func (v *service) get(path string) <-chan answered {
	defer synctest.Wait()
	done := make(chan answered, 1)
	go func() {
		var a answered
		defer func() { done <- a }()
		r, err := v.client.Get("http://service" + path)
		if err != nil {
			a.err = err
			return
		}
		defer r.Body.Close()
		body, err := io.ReadAll(r.Body)
		a = answered{r.StatusCode, string(body), r.Close, err}
	}()
	return done
}

// raw opens a connection and sends a request on it, by hand.
func (v *service) raw(t *testing.T, request string) (net.Conn, *bufio.Reader) {
	t.Helper()
	c, err := v.l.dial(t.Context(), "", "")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	if request != "" {
		if _, err := io.WriteString(c, request); err != nil {
			t.Fatal(err)
		}
	}
	synctest.Wait()
	return c, bufio.NewReader(c)
}

// ended returns a channel that closes when the peer has closed the connection.
func ended(r io.Reader) <-chan struct{} {
	done := make(chan struct{})
	go func() {
		_, _ = io.Copy(io.Discard, r)
		close(done)
	}()
	return done
}

// is reports whether a channel is closed.
func is(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}
