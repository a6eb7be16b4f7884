package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
)

// Whatever its clients do and when, what the service acknowledges is committed,
// and what it refuses is not. The proof knows how to fail: see proof_test.go.
func TestProgramWithHangups(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	r := runProgram(t, "-hangups", "3s")
	if r.code != 0 || r.stderr != "" || !strings.HasSuffix(r.stdout, "\nnothing was lost\n") {
		t.Fatalf("exit code %d, stderr %q\n%s", r.code, r.stderr, r.stdout)
	}
	if !strings.Contains(r.stdout, ": 32 clients hang up at random; SIGTERM comes after 3s\n") {
		t.Errorf("not what was asked for:\n%s", r.stdout)
	}
	// It was about something: all that can become of an order has.
	for _, what := range []string{"orders acknowledged", "orders without an answer", "transactions rolled back"} {
		if r.numberOf(t, what) == 0 {
			t.Errorf("%s: none", what)
		}
	}
	if acknowledged, committed := r.numberOf(t, "orders acknowledged"), r.numberOf(t, "rows committed"); committed <= acknowledged {
		t.Errorf("%d committed, %d acknowledged: none was committed without an answer", committed, acknowledged)
	}
}

// The clients themselves: they note what they read, and nothing else.
func TestHangupsNoteWhatTheyRead(t *testing.T) {
	for name, status := range map[string]int{"taken": http.StatusCreated, "refused": http.StatusServiceUnavailable} {
		t.Run(name, func(t *testing.T) {
			requests := make(chan string, 1000)
			var server *httptest.Server
			server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				requests <- r.URL.Path
				w.WriteHeader(status)
				fmt.Fprint(w, "{}")
				if len(requests) == 100 {
					go server.Listener.Close()
				}
			}))
			defer server.Close()
			h := &hangups{addr: server.Listener.Addr().String(), orders: ordersNo(1, 3), n: 4, time: time.Hour, run: "T"}
			if err := h.send(t.Context(), never(t)); err != nil {
				t.Fatal(err)
			}
			sent := int(h.sent.Load())
			if n := int(h.stayed.Load() + h.halfClosed.Load() + h.hungUp.Load()); n > sent || h.hungUp.Load() == 0 || h.halfClosed.Load() == 0 || h.stayed.Load() == 0 {
				t.Errorf("%v", h)
			}
			if n := len(h.acknowledged) + h.refused + len(h.unanswered); n != sent {
				t.Errorf("%d answers and none, of %d orders", n, sent)
			}
			if (len(h.acknowledged) > 0) != (name == "taken") || (h.refused > 0) != (name == "refused") {
				t.Errorf("%d acknowledged, %d refused", len(h.acknowledged), h.refused)
			}
		})
	}
}

// A request that is canceled before it is read, or while it is, is answered with
// the truth: that nothing was written.
func TestCanceledRequestIsRefused(t *testing.T) {
	for name, read := range map[string]bool{"before": false, "while": true} {
		a := testAPI(t)
		ctx, hangUp := context.WithCancel(t.Context())
		text := strings.NewReader(encode(t, orderNo(1)))
		body := io.MultiReader(readerFunc(func([]byte) (int, error) { hangUp(); return 0, io.EOF }), text)
		if !read {
			hangUp()
		}
		w := httptest.NewRecorder()
		a.routes().ServeHTTP(w, httptest.NewRequestWithContext(ctx, http.MethodPost, "/orders", body))
		if w.Code != http.StatusServiceUnavailable || !strings.Contains(w.Body.String(), "the request was canceled") {
			t.Errorf("%s: status %d: %s, want 503", name, w.Code, w.Body)
		}
		if n := count(t, a.db, `SELECT COUNT(*) FROM orders`); n != 0 {
			t.Errorf("%s: %d rows, want none", name, n)
		}
		if units := a.cache.add(orderNo(2)); units != 2 {
			t.Errorf("%s: the cache counts %d units, want those of the order that was just added", name, units)
		}
		if b, r := a.tally.begun.Load(), a.tally.rolledBack.Load(); b != r {
			t.Errorf("%s: %d transactions begun, %d rolled back", name, b, r)
		}
	}
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }
