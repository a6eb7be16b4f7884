package scopehttp_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/ebb-go/ebb/scope/scopehttp"
)

// A response that is held back is sent when the scope has closed, and not at all if
// that has failed.
func TestBuffer(t *testing.T) {
	long := strings.Repeat("x", 100)
	tests := []struct {
		rule   string
		fn     func(w http.ResponseWriter, r *http.Request) error
		status int
		body   string // a part
		header string // of X-A
		aborts bool
	}{
		{"sent after success", func(w http.ResponseWriter, r *http.Request) error {
			w.Header().Set("X-A", "handler")
			w.WriteHeader(http.StatusCreated)
			w.WriteHeader(http.StatusTeapot) // too late
			fmt.Fprint(w, "created")
			return nil
		}, 201, "created", "handler", false},
		{"a body alone is 200", func(w http.ResponseWriter, r *http.Request) error {
			fmt.Fprint(w, "a")
			fmt.Fprint(w, "b")
			return nil
		}, 200, "ab", "outside", false},
		{"nothing is 200", func(w http.ResponseWriter, r *http.Request) error { return nil }, 200, "", "outside", false},
		{"thrown away after failure", func(w http.ResponseWriter, r *http.Request) error {
			w.Header().Set("X-A", "handler")
			w.Header().Set("Location", "/orders/17")
			w.WriteHeader(http.StatusCreated)
			fmt.Fprint(w, "created")
			return errBoom
		}, 500, "Internal Server Error", "outside", false},
		{"up to the limit", func(w http.ResponseWriter, r *http.Request) error {
			fmt.Fprint(w, long[:64])
			return errBoom
		}, 500, "Internal Server Error", "outside", false},
		{"not beyond it", func(w http.ResponseWriter, r *http.Request) error {
			fmt.Fprint(w, long[:64])
			fmt.Fprint(w, long[:1])
			return errBoom
		}, 200, long[:65], "outside", true},
		{"a flush sends it", func(w http.ResponseWriter, r *http.Request) error {
			fmt.Fprint(w, "half")
			w.(http.Flusher).Flush()
			return errBoom
		}, 200, "half", "outside", true},
		{"a flush of nothing is an answer", func(w http.ResponseWriter, r *http.Request) error {
			return errors.Join(http.NewResponseController(w).Flush(), errBoom)
		}, 200, "", "outside", true},
		{"a copy is held, too", func(w http.ResponseWriter, r *http.Request) error {
			_, err := io.Copy(w, strings.NewReader(long[:64]))
			return errors.Join(err, errBoom)
		}, 500, "Internal Server Error", "outside", false},
		{"a long copy is not", func(w http.ResponseWriter, r *http.Request) error {
			_, err := io.Copy(w, strings.NewReader(long))
			return err
		}, 200, long, "outside", false},
	}
	for _, tt := range tests {
		t.Run(tt.rule, func(t *testing.T) {
			w := httptest.NewRecorder()
			w.Header().Set("X-A", "outside")
			h := scopehttp.Func(tt.fn, scopehttp.Buffer(64))
			v := caught(func() { h.ServeHTTP(w, httptest.NewRequest("GET", "/", nil)) })
			if aborts := v == http.ErrAbortHandler; aborts != tt.aborts || !aborts && v != nil {
				t.Errorf("panic %v", v)
			}
			if w.Code != tt.status || !strings.Contains(w.Body.String(), tt.body) || w.Header().Get("X-A") != tt.header || w.Header().Get("Location") != "" {
				t.Errorf("got %d %q %q", w.Code, w.Body, w.Header().Get("X-A"))
			}
		})
	}
}

// An informational answer is no answer yet.
func TestInformational(t *testing.T) {
	w := serve(scopehttp.Func(func(w http.ResponseWriter, r *http.Request) error {
		w.WriteHeader(http.StatusEarlyHints)
		return errBoom
	}), "GET", "/")
	if !strings.Contains(w.Body.String(), "Internal Server Error") {
		t.Errorf("got %d %q", w.Code, w.Body)
	}
}

// A writer below that cannot flush or hijack says so.
func TestUnsupported(t *testing.T) {
	h := scopehttp.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := http.NewResponseController(w).Flush(); !errors.Is(err, http.ErrNotSupported) {
			t.Errorf("flush: %v", err)
		}
		if _, _, err := http.NewResponseController(w).Hijack(); !errors.Is(err, http.ErrNotSupported) {
			t.Errorf("hijack: %v", err)
		}
	}))
	h.ServeHTTP(plain{httptest.NewRecorder()}, httptest.NewRequest("GET", "/", nil))
}

type plain struct{ http.ResponseWriter }

// A copy reaches the ReadFrom of the writer below.
func TestReadFrom(t *testing.T) {
	w := &readerFrom{ResponseRecorder: httptest.NewRecorder()}
	scopehttp.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(w, struct{ io.Reader }{strings.NewReader("file")})
	})).ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
	if !w.used || w.Body.String() != "file" {
		t.Errorf("used %v, body %q", w.used, w.Body)
	}
}

type readerFrom struct {
	*httptest.ResponseRecorder
	used bool
}

func (w *readerFrom) ReadFrom(r io.Reader) (int64, error) {
	w.used = true
	return io.Copy(w.ResponseRecorder, r)
}
