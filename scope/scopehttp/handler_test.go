package scopehttp_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/ebb-go/ebb/scope"
	"github.com/ebb-go/ebb/scope/scopehttp"
	"github.com/ebb-go/ebb/trace"
)

var errBoom = errors.New("boom")

// serve answers one request by h, without a network.
func serve(h http.Handler, method, target string) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(method, target, nil))
	return w
}

// pathOf answers with the path of the request's scope.
func pathOf(w http.ResponseWriter, r *http.Request) {
	s, ok := scope.From(r.Context())
	if !ok {
		http.Error(w, "no scope", http.StatusTeapot)
		return
	}
	fmt.Fprint(w, s.Path())
}

func TestNames(t *testing.T) {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /orders/{id}", pathOf)
	mux.Handle("GET /inner/{id}", scopehttp.Handler(http.HandlerFunc(pathOf)))
	mux.Handle("/", http.NotFoundHandler())
	bare := http.HandlerFunc(pathOf)
	byMethod := scopehttp.Name(func(r *http.Request) string { return r.Method })
	tests := []struct {
		rule   string
		h      http.Handler
		target string
		want   string
	}{
		{"a mux below has a pattern", scopehttp.Handler(mux), "/orders/17", "GET /orders/{id}"},
		{"a mux above has one", mux, "/inner/17", "GET /inner/{id}"},
		{"both nest", scopehttp.Handler(mux), "/inner/17", "GET /inner/{id}/GET /inner/{id}"},
		{"no router knows", scopehttp.Handler(bare), "/orders/17", "request"},
		{"a function knows", scopehttp.Handler(bare, byMethod), "/orders/17", "GET"},
		{"a function goes first", scopehttp.Handler(mux, byMethod), "/orders/17", "GET"},
		{"a function does not know", scopehttp.Handler(mux, scopehttp.Name(func(*http.Request) string { return "" })), "/orders/17", "GET /orders/{id}"},
		{"an option cannot rename it", scopehttp.Handler(mux, scopehttp.Scope(scope.WithName("x"))), "/orders/17", "GET /orders/{id}"},
		{"a middleware is the same", scopehttp.Middleware(byMethod)(mux), "/orders/17", "GET"},
	}
	for _, tt := range tests {
		t.Run(tt.rule, func(t *testing.T) {
			if got := serve(tt.h, "GET", tt.target).Body.String(); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

// The pattern that a mux finds inside is seen outside.
func TestPatternGoesUp(t *testing.T) {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /orders/{id}", pathOf)
	r := httptest.NewRequest("GET", "/orders/17", nil)
	scopehttp.Handler(mux).ServeHTTP(httptest.NewRecorder(), r)
	if r.Pattern != "GET /orders/{id}" {
		t.Errorf("got %q", r.Pattern)
	}
}

// What a request owns is dropped before the handler returns, and knows how it went.
func TestLife(t *testing.T) {
	var exit scope.Exit
	acquire := func(r *http.Request) {
		s, _ := scope.From(r.Context())
		_, err := scope.Defer(s, "tx", func(ctx context.Context) error {
			exit = scope.ExitOf(ctx)
			return nil
		})
		if err != nil {
			t.Error(err)
		}
	}
	tests := []struct {
		rule   string
		h      http.Handler
		status int
		exit   scope.ExitKind
	}{
		{"success", scopehttp.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			acquire(r)
			w.WriteHeader(http.StatusCreated)
		})), 201, scope.Succeeded},
		{"a func's success", scopehttp.Func(func(w http.ResponseWriter, r *http.Request) error {
			acquire(r)
			return nil
		}), 200, scope.Succeeded},
		{"a func's error", scopehttp.Func(func(w http.ResponseWriter, r *http.Request) error {
			acquire(r)
			return errBoom
		}), 500, scope.Failed},
		{"a task's error", scopehttp.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			acquire(r)
			s, _ := scope.From(r.Context())
			s.Go("job", func(context.Context) error { return errBoom })
		})), 500, scope.Failed},
		{"an abandoned intention", scopehttp.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			acquire(r)
			s, _ := scope.From(r.Context())
			s.Cancel(errBoom)
		})), 500, scope.Canceled},
		{"a func in a handler shares its scope", scopehttp.Handler(scopehttp.Func(func(w http.ResponseWriter, r *http.Request) error {
			acquire(r)
			if s, _ := scope.From(r.Context()); s.Path() != "request" {
				t.Errorf("path %q", s.Path())
			}
			return errBoom
		})), 500, scope.Failed},
	}
	for _, tt := range tests {
		t.Run(tt.rule, func(t *testing.T) {
			exit = scope.Exit{}
			w := serve(tt.h, "POST", "/")
			if w.Code != tt.status || exit.Kind != tt.exit {
				t.Errorf("status %d, exit %v; want %d, %v", w.Code, exit.Kind, tt.status, tt.exit)
			}
			if strings.Contains(w.Body.String(), "boom") {
				t.Errorf("the client is told %q", w.Body)
			}
		})
	}
}

// A client that has gone cancels the scope.
func TestClientGone(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	h := scopehttp.Func(func(w http.ResponseWriter, r *http.Request) error {
		cancel(errBoom)
		<-r.Context().Done()
		return context.Cause(r.Context())
	})
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest("GET", "/", nil).WithContext(ctx))
	if w.Code != http.StatusServiceUnavailable {
		t.Errorf("status %d", w.Code)
	}
}

// A request whose owner has ended is not begun.
func TestOwnerEnded(t *testing.T) {
	err := scope.Run(t.Context(), func(ctx context.Context, s *scope.Scope) error {
		of, err := scope.Async(s, "owner", func(ctx context.Context) (context.Context, error) { return ctx, nil }).Await(ctx)
		if err != nil {
			return err
		}
		h := scopehttp.Handler(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("called") }))
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest("GET", "/", nil).WithContext(of))
		if w.Code != http.StatusServiceUnavailable {
			t.Errorf("status %d", w.Code)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

func TestOnError(t *testing.T) {
	var got []error
	keep := scopehttp.OnError(func(w http.ResponseWriter, r *http.Request, err error) {
		got = append(got, err)
		w.WriteHeader(http.StatusConflict)
		fmt.Fprint(w, r.URL.Path)
	})
	h := scopehttp.Func(func(w http.ResponseWriter, r *http.Request) error { return errBoom }, keep)
	w := serve(h, "GET", "/x")
	if w.Code != 409 || w.Body.String() != "/x" || len(got) != 1 || !errors.Is(got[0], errBoom) {
		t.Errorf("got %d %q %v", w.Code, w.Body, got)
	}
	h = scopehttp.Func(func(http.ResponseWriter, *http.Request) error { return errBoom }, keep, scopehttp.OnError(nil))
	if w := serve(h, "GET", "/"); w.Code != 500 {
		t.Errorf("nil is the default: %d", w.Code)
	}
}

// caught returns what f panics with.
func caught(f func()) (v any) {
	defer func() { v = recover() }()
	f()
	return nil
}

func TestPanics(t *testing.T) {
	dropped := 0
	below := func(f func(w http.ResponseWriter, s *scope.Scope)) http.Handler {
		return scopehttp.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			s, _ := scope.From(r.Context())
			_, _ = scope.Defer(s, "tx", func(context.Context) error { dropped++; return nil })
			f(w, s)
		}))
	}
	tests := []struct {
		rule string
		h    http.Handler
		is   func(v any) bool
	}{
		{"its own value", below(func(http.ResponseWriter, *scope.Scope) { panic("mad") }),
			func(v any) bool { return v == "mad" }},
		{"an abort, untouched", below(func(http.ResponseWriter, *scope.Scope) { panic(http.ErrAbortHandler) }),
			func(v any) bool { return v == http.ErrAbortHandler }},
		{"a task's abort, untouched", below(func(_ http.ResponseWriter, s *scope.Scope) {
			s.Go("job", func(context.Context) error { panic(http.ErrAbortHandler) })
		}), func(v any) bool { return v == http.ErrAbortHandler }},
		{"a task's panic, with its stack", below(func(_ http.ResponseWriter, s *scope.Scope) {
			s.Go("job", func(context.Context) error { panic(errBoom) })
		}), func(v any) bool { p, ok := v.(*scope.PanicError); return ok && p.Value == errBoom }},
		{"an error after the answer aborts it", below(func(w http.ResponseWriter, s *scope.Scope) {
			w.WriteHeader(http.StatusCreated)
			s.Go("job", func(context.Context) error { return errBoom })
		}), func(v any) bool { return v == http.ErrAbortHandler }},
	}
	for k, tt := range tests {
		t.Run(tt.rule, func(t *testing.T) {
			if v := caught(func() { serve(tt.h, "GET", "/") }); !tt.is(v) {
				t.Errorf("got %v", v)
			}
			if dropped != k+1 {
				t.Error("not dropped")
			}
		})
	}
}

func TestNil(t *testing.T) {
	if caught(func() { scopehttp.Handler(nil) }) == nil || caught(func() { scopehttp.Func(nil) }) == nil {
		t.Error("nil is taken")
	}
	serve(scopehttp.Handler(http.HandlerFunc(pathOf), nil), "GET", "/")
}

func TestScopeOptions(t *testing.T) {
	var names []string
	see := func(name string) scopehttp.Option {
		return scopehttp.Scope(scope.WithReport(func(*trace.Report) { names = append(names, name) }))
	}
	h := scopehttp.Handler(http.HandlerFunc(pathOf), see("a"), see("b"))
	serve(h, "GET", "/")
	if !slices.Equal(names, []string{"a", "b"}) {
		t.Errorf("got %q", names)
	}
	if w := serve(scopehttp.Handler(http.HandlerFunc(pathOf), scopehttp.Scope(scope.WithGrace(-1))), "GET", "/"); w.Code != 500 {
		t.Errorf("an option that is not valid: %d", w.Code)
	}
}
