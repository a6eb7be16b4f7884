package scopehttp_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync/atomic"

	"github.com/ebb-go/ebb/scope"
	"github.com/ebb-go/ebb/scope/scopehttp"
)

// The connection belongs to the request's scope, so it is closed whatever happens.
func ExampleHijack() {
	h := scopehttp.Func(func(w http.ResponseWriter, r *http.Request) error {
		s, _ := scope.From(r.Context())
		_, rw, err := scopehttp.Hijack(r.Context(), s, "conn", w)
		if err != nil {
			return err
		}
		fmt.Fprint(rw, "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nby hand")
		return rw.Flush()
	})
	err := scope.Run(context.Background(), func(ctx context.Context, s *scope.Scope) error {
		addr, _, err := scopehttp.Serve(ctx, s, "http", &http.Server{Addr: "127.0.0.1:0", Handler: h})
		if err == nil {
			fmt.Println(fetch(new(http.Client), "http://"+addr.String()))
		}
		return err
	})
	fmt.Println(err)
	// Output:
	// HTTP/1.1 200 by hand
	// <nil>
}

// Connections that outlive their handlers live in a Graceful child that the server
// depends on: it takes them until the server has stopped, then asks each to end, and
// closes them in its turn.
func ExampleHijack_gracefulChild() {
	said := make(chan string, 1)
	err := scope.Run(context.Background(), func(ctx context.Context, s *scope.Scope) error {
		sessions, err := s.Child("sessions", scope.Graceful())
		if err != nil {
			return err
		}
		h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			conn, rw, err := scopehttp.Hijack(r.Context(), sessions, "session", w)
			if err != nil {
				http.Error(w, err.Error(), http.StatusServiceUnavailable)
				return
			}
			sessions.Go("session", func(ctx context.Context) error {
				fmt.Fprint(rw, "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")
				_ = rw.Flush()
				<-scope.Stopping(ctx)
				fmt.Fprint(rw, "bye, canceled: ", ctx.Err() != nil)
				_ = rw.Flush()
				return conn.Drop(ctx)
			})
		})
		addr, _, err := scopehttp.Serve(ctx, s, "http", &http.Server{Addr: "127.0.0.1:0", Handler: h}, scope.AlsoDependsOn(sessions))
		if err != nil {
			return err
		}
		r, err := http.Get("http://" + addr.String()) // has the header, and the rest to come
		if err == nil {
			go func() {
				body, _ := io.ReadAll(r.Body)
				said <- string(body)
			}()
		}
		return err
	})
	fmt.Println(<-said)
	fmt.Println(err)
	// Output:
	// bye, canceled: false
	// <nil>
}

// A protocol of its own that knows of no context ends when its connection is closed.
func ExampleHijack_interrupt() {
	var conn atomic.Pointer[net.Conn]
	err := scope.Run(context.Background(), func(ctx context.Context, s *scope.Scope) error {
		session, err := s.Child("session", scope.Interrupt(func() {
			if c := conn.Load(); c != nil {
				_ = (*c).Close()
			}
		}))
		if err != nil {
			return err
		}
		begun := make(chan struct{})
		h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			c, rw, err := scopehttp.Hijack(r.Context(), session, "conn", w)
			if err != nil {
				return
			}
			own := c.Value()
			conn.Store(&own)
			session.Go("read", func(context.Context) error {
				close(begun)
				_, err := rw.ReadByte()
				fmt.Println("the read has ended:", err != nil)
				return nil
			})
		})
		addr, _, err := scopehttp.Serve(ctx, s, "http", &http.Server{Addr: "127.0.0.1:0", Handler: h}, scope.AlsoDependsOn(session))
		if err != nil {
			return err
		}
		client, err := net.Dial("tcp", addr.String())
		if err != nil {
			return err
		}
		_, err = fmt.Fprint(client, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
		<-begun
		return err
	})
	fmt.Println(err)
	// Output:
	// the read has ended: true
	// <nil>
}
