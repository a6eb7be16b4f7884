// Sessions keeps WebSocket sessions, each in the scope of its request: the connection is
// theirs, and what they start ends with them. When the server stops, each session is asked,
// says goodbye with the status by which clients connect elsewhere, and only then is
// what the sessions use given up.
package main

import (
	"bufio"
	"context"
	"flag"
	"fmt"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/coder/websocket"

	"github.com/ebb-go/ebb/scope"
	"github.com/ebb-go/ebb/scope/scopehttp"
)

func main() {
	addr := flag.String("addr", "127.0.0.1:8080", "where sessions are taken: /ws")
	flag.Parse()
	os.Exit(scope.Main(func(ctx context.Context, s *scope.Scope) error {
		bound, err := serve(ctx, s, *addr)
		if err != nil {
			return err
		}
		fmt.Printf("ws://%s/ws\n", bound)
		return s.Wait(ctx)
	}, scope.WithName("sessions"), scope.WithStopFirst(), scope.WithGrace(20*time.Second)))
}

// serve starts the server, and returns its address.
func serve(ctx context.Context, s *scope.Scope, addr string) (net.Addr, error) {
	mux := http.NewServeMux()
	mux.Handle("GET /ws", scopehttp.Func(session))
	bound, _, err := scopehttp.Serve(ctx, s, "http", &http.Server{Addr: addr, Handler: mux})
	return bound, err
}

// session echoes messages until the client leaves or the server stops.
func session(w http.ResponseWriter, r *http.Request) error {
	s, _ := scope.From(r.Context())
	conn, err := websocket.Accept(owned{w, r.Context(), s}, r, nil)
	if err != nil {
		return nil // it has answered
	}
	left := make(chan struct{}) // closed when the client has left
	err = s.TryGo("goodbye", func(ctx context.Context) error {
		select {
		case <-left:
			return nil
		case <-scope.Stopping(ctx):
		}
		_ = conn.Close(websocket.StatusGoingAway, "the server stops") // the reader gets to see it
		return nil
	})
	if err != nil { // the server has been stopped meanwhile
		return conn.Close(websocket.StatusGoingAway, "the server stops")
	}
	defer close(left)
	for {
		// Not on a context that is canceled when the server is asked to stop: the library
		// closes a connection whose context ends, without a goodbye.
		kind, message, err := conn.Read(r.Context())
		if err != nil {
			return nil // the client or the server has said goodbye
		}
		if err := conn.Write(r.Context(), kind, message); err != nil {
			return nil
		}
	}
}

// owned makes a connection that the library hijacks a guard of the session.
type owned struct {
	http.ResponseWriter
	ctx context.Context
	s   *scope.Scope
}

func (o owned) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, rw, err := scopehttp.Hijack(o.ctx, o.s, "conn", o.ResponseWriter)
	if err != nil {
		return nil, nil, err
	}
	return conn.Value(), rw, nil
}
