package scopehttp_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"testing"

	"github.com/ebb-go/ebb/scope"
	"github.com/ebb-go/ebb/scope/scopehttp"
)

// brittle is a writer that ends in its own way at its k-th call.
type brittle struct {
	w   *httptest.ResponseRecorder
	k   int
	end func()
}

func (b *brittle) call() {
	if b.k--; b.k == 0 {
		b.end()
	}
}

func (b *brittle) Header() http.Header         { b.call(); return b.w.Header() }
func (b *brittle) WriteHeader(status int)      { b.call(); b.w.WriteHeader(status) }
func (b *brittle) Write(p []byte) (int, error) { b.call(); return b.w.Write(p) }
func (b *brittle) Flush()                      { b.call(); b.w.Flush() }

// Whatever a foreign writer does at whichever of its calls: what the request has
// acquired is dropped once, before ServeHTTP ends, and the panic goes on.
func TestWritersThatBreak(t *testing.T) {
	handle := func(drops *int, end error) func(w http.ResponseWriter, r *http.Request) error {
		return func(w http.ResponseWriter, r *http.Request) error {
			s, _ := scope.From(r.Context())
			_, err := scope.Defer(s, "tx", func(context.Context) error { *drops++; return nil })
			w.Header().Set("X-A", "a")
			w.WriteHeader(http.StatusCreated)
			io.WriteString(w, "body")
			if r.URL.Path == "/flush" {
				w.(http.Flusher).Flush()
			}
			return errors.Join(err, end)
		}
	}
	calls := 0
	for way, end := range map[string]func(){"panic": func() { panic("mad") }, "goexit": runtime.Goexit} {
		for _, path := range []string{"/", "/flush"} {
			for _, fails := range []error{nil, errBoom} {
				for _, buffer := range []int{0, 100} {
					for k := 1; ; k++ {
						drops := 0
						b := &brittle{httptest.NewRecorder(), k, end}
						h := scopehttp.Func(handle(&drops, fails), scopehttp.Buffer(buffer))
						done := make(chan any, 1)
						go func() {
							defer func() { done <- recover() }()
							h.ServeHTTP(b, httptest.NewRequest("GET", path, nil))
						}()
						v := <-done
						name := fmt.Sprintf("%s at call %d, path %s, error %v, buffer %d", way, k, path, fails, buffer)
						if drops != 1 && k > 1 { // the first call is made before the handler
							t.Errorf("%s: %d drops", name, drops)
						}
						if b.k > 0 {
							break // no call is left
						}
						calls++
						if way == "panic" && v != "mad" {
							t.Errorf("%s: got %v", name, v)
						}
					}
				}
			}
		}
	}
	if calls < 50 {
		t.Errorf("only %d calls", calls)
	}
}

// Functions of the options may panic as the handler may.
func TestOptionsThatPanic(t *testing.T) {
	for name, o := range map[string]scopehttp.Option{
		"Name":    scopehttp.Name(func(*http.Request) string { panic("mad") }),
		"OnError": scopehttp.OnError(func(http.ResponseWriter, *http.Request, error) { panic("mad") }),
	} {
		h := scopehttp.Func(func(http.ResponseWriter, *http.Request) error { return errBoom }, o)
		if v := caught(func() { serve(h, "GET", "/") }); v != "mad" {
			t.Errorf("%s: got %v", name, v)
		}
	}
}

// hostile is an error whose methods panic.
type hostile struct{}

func (*hostile) Error() string { panic("mad") }
func (*hostile) Is(error) bool { panic("mad") }
func (*hostile) Unwrap() error { panic("mad") }
func (*hostile) As(any) bool   { panic("mad") }

// An error whose methods panic is answered as any other.
func TestHostileError(t *testing.T) {
	h := scopehttp.Func(func(http.ResponseWriter, *http.Request) error { return new(hostile) }, scopehttp.Buffer(10))
	if w := serve(h, "GET", "/"); w.Code != 500 {
		t.Errorf("status %d", w.Code)
	}
}
