package scopehttp_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ebb-go/ebb/scope"
	"github.com/ebb-go/ebb/scope/scopehttp"
	"github.com/ebb-go/ebb/scope/scopetest"
)

// TimeoutHandler leaves a Func behind: the client has its answer, so what the Func
// does is undone, and it is waited for by the scope whose guards it uses.
func TestLeftBehind(t *testing.T) {
	late := map[string]func() error{
		"returns": func() error { return nil },
		"fails":   func() error { return errBoom },
		"panics":  func() error { panic("mad") },
	}
	for rule, end := range late {
		synctest.Test(t, func(t *testing.T) {
			st := scopetest.New(t)
			var exit scope.Exit
			ended := false
			var failed error
			h := scopehttp.Handler(http.TimeoutHandler(scopehttp.Func(func(w http.ResponseWriter, r *http.Request) error {
				s, _ := scope.From(r.Context())
				_, err := scope.Defer(s, "tx", func(ctx context.Context) error {
					exit = scope.ExitOf(ctx)
					if !ended {
						t.Errorf("%s: dropped under the handler", rule)
					}
					return nil
				})
				w.WriteHeader(http.StatusCreated)
				time.Sleep(3 * time.Second) // deaf
				ended = true
				return errors.Join(err, end())
			}, scopehttp.Buffer(100)), time.Second, "slow"), scopehttp.OnError(func(_ http.ResponseWriter, _ *http.Request, err error) { failed = err }))
			v := serving(t, st, h)
			if a := <-v.get("/"); a.status != 503 || a.body != "slow" {
				t.Errorf("%s: got %+v", rule, a)
			}
			if exit.Kind == scope.Succeeded || failed == nil {
				t.Errorf("%s: exit %v, error %v", rule, exit.Kind, failed)
			}
			if rule == "fails" && !errors.Is(failed, errBoom) || rule == "panics" && !strings.Contains(failed.Error(), "mad") {
				t.Errorf("%s: the error is lost: %v", rule, failed)
			}
			st.Exit()
			st.WantErr()
		})
	}
}

// In time, it is as without.
func TestInTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		st := scopetest.New(t)
		v := serving(t, st, http.TimeoutHandler(scopehttp.Func(func(w http.ResponseWriter, r *http.Request) error {
			w.WriteHeader(http.StatusCreated)
			if r.URL.Path == "/error" {
				return errBoom
			}
			return nil
		}, scopehttp.Buffer(100)), time.Second, "slow"))
		if a := <-v.get("/"); a.status != 201 {
			t.Errorf("got %+v", a)
		}
		if a := <-v.get("/error"); a.status != 500 {
			t.Errorf("got %+v", a)
		}
		st.Exit()
		st.WantErr()
	})
}

// upload returns a body of a form with a file.
func upload(t *testing.T) (body *bytes.Buffer, contentType string) {
	t.Helper()
	body = new(bytes.Buffer)
	m := multipart.NewWriter(body)
	f, err := m.CreateFormFile("f", "x.bin")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.Write(make([]byte, 1<<16)); err != nil {
		t.Fatal(err)
	}
	if err := m.Close(); err != nil {
		t.Fatal(err)
	}
	return body, m.FormDataContentType()
}

// The files of a form are removed with the request, as net/http removes them, however
// many handlers are between the two.
func TestUploadsAreRemoved(t *testing.T) {
	parse := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := r.ParseMultipartForm(1); err != nil {
			t.Error(err)
		}
		if _, _, err := r.FormFile("f"); err != nil {
			t.Error(err)
		}
	})
	for name, h := range map[string]http.Handler{
		"Handler": scopehttp.Handler(parse),
		"nested":  scopehttp.Handler(scopehttp.Handler(parse)),
		"Func":    scopehttp.Func(func(w http.ResponseWriter, r *http.Request) error { parse(w, r); return errBoom }),
	} {
		dir := t.TempDir()
		t.Setenv("TMPDIR", dir)
		srv := httptest.NewServer(h)
		body, contentType := upload(t)
		r, err := http.Post(srv.URL, contentType, body)
		if err != nil {
			t.Fatal(err)
		}
		_ = r.Body.Close()
		srv.Close() // waits for the request, and net/http removes the files in it
		files, err := os.ReadDir(dir)
		if err != nil || len(files) > 0 {
			t.Errorf("%s: %d files are left, %v", name, len(files), err)
		}
	}
}

// A middleware around finds what the handler has made of the request.
func TestRequestGoesUp(t *testing.T) {
	r := httptest.NewRequest("POST", "/orders/17", strings.NewReader("a=1"))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	body := r.Body
	mux := http.NewServeMux()
	mux.HandleFunc("POST /orders/{id}", func(w http.ResponseWriter, r *http.Request) {
		r.Body = http.MaxBytesReader(w, r.Body, 10)
		_ = r.ParseForm()
	})
	scopehttp.Handler(mux).ServeHTTP(httptest.NewRecorder(), r)
	if r.Pattern != "POST /orders/{id}" || r.Form.Get("a") != "1" || r.PostForm.Get("a") != "1" || r.Body == body {
		t.Errorf("pattern %q, form %v, %v, body %T", r.Pattern, r.Form, r.PostForm, r.Body)
	}
	if _, ok := scope.From(r.Context()); ok {
		t.Error("the context went up, too")
	}
}

// The default answer has nothing of the success that the handler was about to tell of.
func TestErrorHasNoHeaderOfSuccess(t *testing.T) {
	fields := []string{"Content-Type", "Content-Length", "Content-Encoding", "Cache-Control", "Etag", "Last-Modified", "Location", "Set-Cookie", "Trailer", "Accept-Ranges"}
	for _, opts := range [][]scopehttp.Option{nil, {scopehttp.Buffer(100)}} {
		for _, write := range []bool{false, true} {
			if write && opts == nil {
				continue // it is on its way
			}
			w := httptest.NewRecorder()
			w.Header().Set("X-Request-Id", "17")
			w.Header().Set("Cache-Control", "private")
			scopehttp.Func(func(w http.ResponseWriter, r *http.Request) error {
				for _, f := range fields {
					w.Header().Set(f, "7")
				}
				w.Header().Del("X-Request-Id")
				if write {
					io.WriteString(w, "success")
				}
				return errBoom
			}, opts...).ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
			want := http.Header{"X-Request-Id": {"17"}, "Cache-Control": {"private"}, "Content-Type": {"text/plain; charset=utf-8"}, "X-Content-Type-Options": {"nosniff"}}
			if got := w.Result().Header; w.Code != 500 || fmt.Sprint(got) != fmt.Sprint(want) {
				t.Errorf("%d options, written %v: got %d %v", len(opts), write, w.Code, got)
			}
		}
	}
}

// An OnError under Buffer begins afresh, and one without finds the header as it is.
func TestHeaderOfOnError(t *testing.T) {
	for buffer, want := range map[int]string{0: "handler", 100: "outside"} {
		w := httptest.NewRecorder()
		w.Header().Set("X-A", "outside")
		scopehttp.Func(func(w http.ResponseWriter, r *http.Request) error {
			w.Header().Set("X-A", "handler")
			return errBoom
		}, scopehttp.Buffer(buffer), scopehttp.OnError(func(w http.ResponseWriter, _ *http.Request, err error) {
			w.WriteHeader(http.StatusBadGateway)
		})).ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
		if got := w.Result().Header.Get("X-A"); got != want || w.Code != http.StatusBadGateway {
			t.Errorf("buffer %d: got %d %q", buffer, w.Code, got)
		}
	}
}

// An error that the handler has answered with is true whatever becomes of the scope.
func TestErrorStatusStands(t *testing.T) {
	silent := scopehttp.OnError(func(http.ResponseWriter, *http.Request, error) {})
	for _, opts := range [][]scopehttp.Option{nil, {scopehttp.Buffer(100)}, {silent}, {scopehttp.Buffer(100), silent}} {
		for _, end := range []func(s *scope.Scope) error{
			func(*scope.Scope) error { return errBoom },
			func(s *scope.Scope) error { s.Cancel(nil); return nil },
		} {
			w := serve(scopehttp.Func(func(w http.ResponseWriter, r *http.Request) error {
				s, _ := scope.From(r.Context())
				http.Error(w, "name is taken", http.StatusConflict)
				return end(s)
			}, opts...), "POST", "/")
			if w.Code != http.StatusConflict || w.Body.String() != "name is taken\n" {
				t.Errorf("got %d %q", w.Code, w.Body)
			}
		}
	}
}

// A panic that a handler further up answers leaves nothing of a response that was held.
func TestRecovered(t *testing.T) {
	h := scopehttp.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Etag", "7")
		io.WriteString(w, "success")
		panic("mad")
	}), scopehttp.Buffer(100))
	w := httptest.NewRecorder()
	v := caught(func() { h.ServeHTTP(w, httptest.NewRequest("GET", "/", nil)) })
	if v != "mad" || len(w.Header()) > 0 || w.Body.Len() > 0 {
		t.Errorf("panic %v, header %v, body %q", v, w.Header(), w.Body)
	}
}
