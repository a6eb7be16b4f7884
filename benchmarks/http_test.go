package benchmarks

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/ebb-go/ebb/guard"
	"github.com/ebb-go/ebb/scope"
	"github.com/ebb-go/ebb/scope/scopehttp"
)

const (
	connections = 16
	perTurn     = 100 // requests of a connection in one operation
)

var body = []byte(`{"id":42,"state":"shipped","items":[{"sku":"ebb-1","count":2},{"sku":"ebb-2","count":1}]}` + "\n")

// BenchmarkHTTP serves a short answer on loopback: by a handler that opens and
// drops its value itself, by one that holds it as a guard of a scope, and by one
// that is given its scope by package scopehttp. The load comes over kept connections from the same process, with as little of a
// client as will do, so that the server is most of what is measured. An
// operation is 16 connections times 100 requests, one at a time on each.
func BenchmarkHTTP(b *testing.B) {
	mux := http.NewServeMux()
	mux.HandleFunc("/bare", func(w http.ResponseWriter, r *http.Request) {
		v, err := openNothing(r.Context())
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		defer func() { sinkOf(v) }()
		_, _ = w.Write(body)
	})
	mux.HandleFunc("/scope", func(w http.ResponseWriter, r *http.Request) {
		err := ebbHandler(r.Context(), func(int) error {
			_, err := w.Write(body)
			return err
		})
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
		}
	})
	mux.Handle("/scopehttp", scopehttp.Func(func(w http.ResponseWriter, r *http.Request) error {
		s, _ := scope.From(r.Context())
		if _, err := scope.Acquire(r.Context(), s, "value", openNothing, guard.Nothing); err != nil {
			return err
		}
		_, err := w.Write(body)
		return err
	}))
	server := httptest.NewServer(mux)
	defer server.Close()
	compare(b, load(b, server, "bare"), load(b, server, "scope"), load(b, server, "scopehttp"))
}

//go:noinline
func sinkOf(int) {}

// load is a side whose operations are answers to requests for /name.
func load(b *testing.B, server *httptest.Server, name string) side {
	var conns []net.Conn
	b.Cleanup(func() {
		for _, c := range conns {
			_ = c.Close()
		}
	})
	return side{name, func(w *watch, n int) error {
		w.stop()
		for len(conns) < connections {
			c, err := (&net.Dialer{}).DialContext(b.Context(), "tcp", server.Listener.Addr().String())
			if err != nil {
				return err
			}
			conns = append(conns, c)
		}
		took := make([][]time.Duration, connections)
		w.start()
		var g errgroup.Group
		for i, c := range conns {
			g.Go(func() (err error) {
				took[i], err = ask(b.Context(), c, name, n*perTurn)
				return err
			})
		}
		if err := g.Wait(); err != nil {
			return err
		}
		total := w.lap()
		w.stop()
		all := slices.Concat(took...)
		slices.Sort(all)
		w.metric(float64(len(all))/total.Seconds(), "req/s")
		w.metric(float64(all[len(all)/2].Nanoseconds()), "p50-ns")
		w.metric(float64(all[len(all)*99/100].Nanoseconds()), "p99-ns")
		return nil
	}}
}

// ask sends n requests over c, one after the other, and returns how long each
// took.
func ask(ctx context.Context, c net.Conn, name string, n int) ([]time.Duration, error) {
	request := []byte(fmt.Sprintf("GET /%s HTTP/1.1\r\nHost: loopback\r\n\r\n", name))
	took := make([]time.Duration, 0, n)
	in := bufio.NewReader(c)
	for range n {
		began := time.Now()
		if _, err := c.Write(request); err != nil {
			return nil, err
		}
		answer, err := http.ReadResponse(in, nil)
		if err != nil {
			return nil, err
		}
		_, err = io.Copy(io.Discard, answer.Body)
		_ = answer.Body.Close()
		if err != nil || answer.StatusCode != http.StatusOK {
			return nil, fmt.Errorf("%s: %s, %w", name, answer.Status, err)
		}
		took = append(took, time.Since(began))
	}
	return took, ctx.Err()
}
