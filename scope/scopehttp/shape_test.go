package scopehttp_test

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/ebb-go/ebb/scope/scopehttp"
)

// A handler finds the optional methods of the writer that the scope was opened on, and
// no other, whichever these are.
func TestEveryShape(t *testing.T) {
	for k := range scopehttp.Shapes {
		below := scopehttp.Shaped(k)
		if got := scopehttp.ShapeOf(below); got != k {
			t.Fatalf("shape %06b is %06b", k, got)
		}
	}
}

// bare has no optional methods, and hides or shows those below.
type bare struct{ http.ResponseWriter }

type open struct{ bare }

func (w open) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// What a controller finds only below the writer, it finds below the response, which
// hears of it.
func TestControllerFindsWhatIsBelow(t *testing.T) {
	flushed := func(w http.ResponseWriter) (flushes, controls error) {
		h := scopehttp.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if _, ok := w.(http.Flusher); !ok {
				flushes = http.ErrNotSupported
			}
			io.WriteString(w, "held")
			controls = http.NewResponseController(w).Flush()
		}), scopehttp.Buffer(100))
		h.ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
		return flushes, controls
	}
	w := httptest.NewRecorder()
	if flushes, controls := flushed(w); flushes != nil || controls != nil || w.Body.String() != "held" {
		t.Errorf("a flusher: %v, %v", flushes, controls)
	}
	w = httptest.NewRecorder()
	if flushes, controls := flushed(open{bare{w}}); flushes == nil || controls != nil || !w.Flushed || w.Body.String() != "held" {
		t.Errorf("above a flusher: %v, %v, flushed %v, body %q", flushes, controls, w.Flushed, w.Body)
	}
	w = httptest.NewRecorder()
	if flushes, controls := flushed(bare{w}); flushes == nil || !errors.Is(controls, http.ErrNotSupported) || w.Body.String() != "held" {
		t.Errorf("one that hides it: %v, %v", flushes, controls)
	}
}

// A flush that a controller has found further down is part of the response: what fails
// after it aborts the answer.
func TestFlushBelowIsSeen(t *testing.T) {
	h := scopehttp.Func(func(w http.ResponseWriter, r *http.Request) error {
		return errors.Join(http.NewResponseController(w).Flush(), errBoom)
	})
	v := caught(func() { h.ServeHTTP(open{bare{httptest.NewRecorder()}}, httptest.NewRequest("GET", "/", nil)) })
	if v != http.ErrAbortHandler {
		t.Errorf("got %v", v)
	}
}

// Code that unwraps by hand, as libraries for WebSocket do, finds no Hijacker where a
// connection has none.
func TestNoHijackerByUnwrapping(t *testing.T) {
	scopehttp.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if text := methods(w); strings.Contains(text, "hijack=true") {
			t.Error(text)
		}
	})).ServeHTTP(open{bare{httptest.NewRecorder()}}, httptest.NewRequest("GET", "/", nil))
}
