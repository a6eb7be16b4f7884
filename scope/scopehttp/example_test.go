package scopehttp_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"time"

	"github.com/ebb-go/ebb/scope"
	"github.com/ebb-go/ebb/scope/scopehttp"
)

// show sends a request to h and prints the answer.
func show(h http.Handler, method, target string) {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(method, target, nil))
	fmt.Println(w.Code, w.Body)
}

// begin opens a transaction that belongs to the scope of a request.
func begin(ctx context.Context) error {
	s, _ := scope.From(ctx)
	_, err := scope.Defer(s, "tx", func(ctx context.Context) error {
		if scope.ExitOf(ctx).Kind == scope.Succeeded {
			fmt.Println("commit")
		} else {
			fmt.Println("rollback")
		}
		return nil
	})
	return err
}

func ExampleHandler() {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /orders/{id}", func(w http.ResponseWriter, r *http.Request) {
		s, _ := scope.From(r.Context())
		fmt.Fprintf(w, "order %s in scope %q", r.PathValue("id"), s.Name())
	})
	show(scopehttp.Handler(mux), "GET", "/orders/17")
	// Output: 200 order 17 in scope "GET /orders/{id}"
}

func ExampleMiddleware() {
	scoped := scopehttp.Middleware(scopehttp.Scope(scope.WithGrace(time.Second)))
	mux := http.NewServeMux()
	mux.Handle("GET /orders/{id}", scoped(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s, _ := scope.From(r.Context())
		fmt.Fprint(w, s.Name())
	})))
	show(mux, "GET", "/orders/17")
	// Output: 200 GET /orders/{id}
}

func ExampleFunc() {
	h := scopehttp.Func(func(w http.ResponseWriter, r *http.Request) error {
		if err := begin(r.Context()); err != nil {
			return err
		}
		if r.Method != "POST" {
			return errors.New("not now")
		}
		fmt.Fprint(w, "created")
		return nil
	})
	show(h, "POST", "/")
	show(h, "PUT", "/")
	// Output:
	// commit
	// 200 created
	// rollback
	// 500 Internal Server Error
}

func ExampleOption() {
	opts := []scopehttp.Option{
		scopehttp.Buffer(64 << 10),
		scopehttp.Scope(scope.WithGrace(10 * time.Second)),
	}
	h := scopehttp.Func(func(w http.ResponseWriter, r *http.Request) error {
		fmt.Fprint(w, "hello")
		return nil
	}, opts...)
	show(h, "GET", "/")
	// Output: 200 hello
}

func ExampleName() {
	h := scopehttp.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s, _ := scope.From(r.Context())
		fmt.Fprint(w, s.Name())
	}), scopehttp.Name(func(r *http.Request) string { return r.Method + " upload" }))
	show(h, "PUT", "/files/a/b/c")
	// Output: 200 PUT upload
}

func ExampleOnError() {
	errTaken := errors.New("name is taken")
	h := scopehttp.Func(func(w http.ResponseWriter, r *http.Request) error {
		return errTaken
	}, scopehttp.OnError(func(w http.ResponseWriter, r *http.Request, err error) {
		status := http.StatusInternalServerError
		if errors.Is(err, errTaken) {
			status = http.StatusConflict
		}
		w.WriteHeader(status)
		fmt.Fprint(w, err)
	}))
	show(h, "POST", "/")
	// Output: 409 name is taken
}

func ExampleScope() {
	h := scopehttp.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s, _ := scope.From(r.Context())
		s.Go("job", func(context.Context) error { panic("mad") })
	}), scopehttp.Scope(scope.WithPanicAsError()))
	show(h, "GET", "/")
	// Output: 500 Internal Server Error
}

// An answer is a promise: it is given when the commit has gone well.
func ExampleBuffer() {
	h := scopehttp.Func(func(w http.ResponseWriter, r *http.Request) error {
		s, _ := scope.From(r.Context())
		_, err := scope.Defer(s, "tx", func(context.Context) error { return errors.New("disk full") })
		w.WriteHeader(http.StatusCreated)
		return err
	}, scopehttp.Buffer(64<<10))
	show(h, "POST", "/")
	// Output: 500 Internal Server Error
}

func ExampleServe() {
	err := scope.Run(context.Background(), func(ctx context.Context, s *scope.Scope) error {
		_, err := scope.Defer(s, "db", func(context.Context) error {
			fmt.Println("db is closed")
			return nil
		})
		if err != nil {
			return err
		}
		mux := http.NewServeMux()
		mux.HandleFunc("GET /orders/{id}", func(w http.ResponseWriter, r *http.Request) {
			s, _ := scope.From(r.Context())
			fmt.Fprint(w, s.Path())
		})
		srv := &http.Server{Addr: "127.0.0.1:0", Handler: mux, ReadHeaderTimeout: 5 * time.Second}
		addr, _, err := scopehttp.Serve(ctx, s, "http", srv, scope.DropTimeout(10*time.Second))
		if err != nil {
			return err
		}
		fmt.Println(fetch(new(http.Client), "http://"+addr.String()+"/orders/17"))
		return nil
	}, scope.WithName("service"))
	fmt.Println(err)
	// Output:
	// HTTP/1.1 200 service/GET /orders/{id}
	// db is closed
	// <nil>
}

func ExampleServeOn() {
	err := scope.Run(context.Background(), func(ctx context.Context, s *scope.Scope) error {
		l, err := net.Listen("tcp", "127.0.0.1:0") // or one that systemd handed over
		if err != nil {
			return err
		}
		addr, d, err := scopehttp.ServeOn(ctx, s, "http", l, &http.Server{Handler: http.NotFoundHandler()})
		if err != nil {
			return err
		}
		fmt.Println(addr == l.Addr(), d.Name())
		return d.Drop(ctx) // before its turn
	})
	fmt.Println(err)
	// Output:
	// true http
	// <nil>
}

// A health server on a port of its own outlives the drain of the public one, which
// depends on it, and says from the signal on that no request should be sent.
func ExampleLameDuck() {
	err := scope.Run(context.Background(), func(ctx context.Context, s *scope.Scope) error {
		var ready scopehttp.Readiness
		health, hd, err := scopehttp.Serve(ctx, s, "health", &http.Server{Addr: "127.0.0.1:0", Handler: &ready})
		if err != nil {
			return err
		}
		_, _, err = scopehttp.Serve(ctx, s, "http", &http.Server{Addr: "127.0.0.1:0", Handler: http.NotFoundHandler()},
			scope.AlsoDependsOn(hd), scopehttp.LameDuck(100*time.Millisecond, &ready))
		if err != nil {
			return err
		}
		fmt.Print(fetch(new(http.Client), "http://"+health.String()))
		s.Stop(nil) // as a signal does
		for ready.Ready() {
			time.Sleep(time.Millisecond)
		}
		fmt.Print(fetch(new(http.Client), "http://"+health.String()))
		return nil
	})
	fmt.Println(err)
	// Output:
	// HTTP/1.1 200 ready
	// HTTP/1.1 503 not ready
	// <nil>
}

func ExampleReadiness() {
	var ready scopehttp.Readiness // of no server yet
	show(&ready, "GET", "/readyz")
	// Output: 503 not ready
}

// A reverse proxy knows nothing of ebb. Of an event stream it would take all the time
// that the server has to stop.
func ExampleCancelOnStop() {
	err := scope.Run(context.Background(), func(ctx context.Context, s *scope.Scope) error {
		events, _, err := scopehttp.Serve(ctx, s, "events", &http.Server{Addr: "127.0.0.1:0", Handler: http.HandlerFunc(
			func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Content-Type", "text/event-stream")
				fmt.Fprint(w, "data: hello\n\n")
				_ = http.NewResponseController(w).Flush()
				<-r.Context().Done()
			},
		)})
		if err != nil {
			return err
		}
		proxy := httputil.NewSingleHostReverseProxy(&url.URL{Scheme: "http", Host: events.String()})
		mux := http.NewServeMux()
		mux.Handle("/events", scopehttp.Handler(proxy, scopehttp.CancelOnStop()))
		public, _, err := scopehttp.Serve(ctx, s, "http", &http.Server{Addr: "127.0.0.1:0", Handler: mux})
		if err != nil {
			return err
		}
		r, err := http.Get("http://" + public.String() + "/events")
		if err != nil {
			return err
		}
		line, err := bufio.NewReader(r.Body).ReadString('\n')
		fmt.Print(line)
		return err // the stream is still open
	}, scope.WithGrace(time.Hour))
	fmt.Println(err)
	// Output:
	// data: hello
	// <nil>
}

func ExampleCutError() {
	free := make(chan struct{})
	err := scope.Run(context.Background(), func(ctx context.Context, s *scope.Scope) error {
		begun := make(chan struct{})
		h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			close(begun)
			<-r.Context().Done() // at the deadline
		})
		addr, _, err := scopehttp.Serve(ctx, s, "http", &http.Server{Addr: "127.0.0.1:0", Handler: h},
			scope.DropTimeout(time.Second))
		if err != nil {
			return err
		}
		s.Go("client", func(context.Context) error {
			go func() {
				defer close(free)
				fetch(new(http.Client), "http://"+addr.String())
			}()
			<-begun
			return nil
		})
		return nil
	})
	<-free
	var cut *scopehttp.CutError
	fmt.Println(errors.As(err, &cut), errors.Is(err, context.DeadlineExceeded))
	fmt.Println(cut.Requests, "request,", cut.ErrorType())
	// Output:
	// true true
	// 1 request, timeout
}
