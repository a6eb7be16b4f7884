// Inspector is a made-up service with a live page, on which to watch it serve
// and stop: its parts, what depends on what, what an exit waits for, and the
// waterfall when it is over. Each stop is followed by a new start.
//
//	go run ./inspector
//
// Open the address it prints, follow the link, and come back to stop the
// service. The page goes on telling how it was when the program itself ends.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/ebb-go/ebb/scope"
	"github.com/ebb-go/ebb/trace"
)

func main() {
	addr := flag.String("addr", "127.0.0.1:8090", "where the page is")
	pace := flag.Duration("pace", time.Second, "how long the slowest drop takes")
	flag.Parse()
	d := newDemo(*pace, os.Stdout)
	os.Exit(scope.Main(func(ctx context.Context, s *scope.Scope) error {
		l, err := net.Listen("tcp", *addr)
		if err != nil {
			return err
		}
		return d.run(ctx, s, l)
	}, scope.WithName("demo"), scope.WithInspector(&d.live)))
}

var errAsked = errors.New("asked to stop on the page")

// demo is the program: the page, and the service again and again.
type demo struct {
	live trace.Inspector
	pace time.Duration
	out  io.Writer
	stop chan struct{} // holds a value when the service is asked to stop
}

func newDemo(pace time.Duration, out io.Writer) *demo {
	return &demo{pace: pace, out: out, stop: make(chan struct{}, 1)}
}

// run serves the page on l until ctx ends, and the service beside it. The page
// is a daemon, so it is still there while the service stops.
func (d *demo) run(ctx context.Context, s *scope.Scope, l net.Listener) error {
	if _, err := s.Daemon("page", d.page(l)); err != nil {
		return err
	}
	fmt.Fprintf(d.out, "the service can be stopped at http://%s/\n", l.Addr())
	for ctx.Err() == nil {
		err := scope.Run(ctx, d.service, scope.WithName("orders"), scope.WithGrace(30*time.Second))
		fmt.Fprintln(d.out, "the service has stopped:", err)
	}
	return nil
}

// page serves the live page, and a form that asks the service to stop, until
// its turn in the teardown.
func (d *demo) page(l net.Listener) func(ctx context.Context) error {
	mux := http.NewServeMux()
	mux.Handle("GET /debug/ebb/", &d.live)
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		io.WriteString(w, index)
	})
	mux.HandleFunc("POST /stop", func(w http.ResponseWriter, r *http.Request) {
		select {
		case d.stop <- struct{}{}:
		default: // it has been asked already
		}
		http.Redirect(w, r, "/debug/ebb/", http.StatusSeeOther)
	})
	server := &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second}
	return func(ctx context.Context) error {
		ended := make(chan error, 1)
		stop := context.AfterFunc(ctx, func() { ended <- server.Shutdown(context.WithoutCancel(ctx)) })
		err := server.Serve(l)
		if stop() { // it ended by itself
			return err
		}
		return <-ended
	}
}

const index = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="color-scheme" content="light dark">
<title>a service</title>
<h1>A service</h1>
<p><a href="/debug/ebb/">See what it does</a></p>
<form method="post" action="/stop"><button>Stop it, and watch</button></form>
</html>
`
