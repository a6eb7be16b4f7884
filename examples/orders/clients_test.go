package main

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

func ordersNo(first, last int) (orders []Order) {
	for n := first; n <= last; n++ {
		orders = append(orders, orderNo(n))
	}
	return orders
}

// never is the enough of clients that have never had it.
func never(t *testing.T) func() {
	return func() { t.Error("they have had enough") }
}

func TestClientsSendEachOrderOnce(t *testing.T) {
	var mu sync.Mutex
	var got []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var o Order
		if err := json.NewDecoder(r.Body).Decode(&o); err != nil {
			t.Error(err)
		}
		mu.Lock()
		got = append(got, o.Number)
		mu.Unlock()
		status := http.StatusCreated
		if o.Number == "W-7" {
			status = http.StatusOK
		}
		w.WriteHeader(status)
	}))
	defer server.Close()
	var last atomic.Int64
	c := &clients{url: server.URL, orders: ordersNo(1, 100), n: 8, middle: 101, progress: func(n int) {
		for was := last.Load(); int64(n) > was && !last.CompareAndSwap(was, int64(n)); was = last.Load() {
		}
	}}
	if err := c.send(t.Context(), never(t)); err != nil {
		t.Fatal(err)
	}
	slices.Sort(got)
	if once := slices.Compact(slices.Clone(got)); len(got) != 100 || len(once) != 100 {
		t.Errorf("%d requests for %d orders, want 100", len(got), len(once))
	}
	if len(c.acknowledged) != 99 || c.known != 1 || last.Load() != 99 {
		t.Errorf("%d acknowledged, %d known, progress %d", len(c.acknowledged), c.known, last.Load())
	}
}

func TestClientsStopWithTheService(t *testing.T) {
	for name, refuse := range map[string]func(w http.ResponseWriter){
		"503":       func(w http.ResponseWriter) { w.WriteHeader(http.StatusServiceUnavailable) },
		"no answer": func(http.ResponseWriter) { panic(http.ErrAbortHandler) },
		"half of one": func(w http.ResponseWriter) {
			w.Header().Set("Content-Length", "100")
			w.WriteHeader(http.StatusCreated)
		},
	} {
		t.Run(name, func(t *testing.T) {
			var requests atomic.Int64
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if requests.Add(1) > 10 {
					refuse(w)
					return
				}
				w.WriteHeader(http.StatusCreated)
			}))
			defer server.Close()
			c := &clients{url: server.URL, orders: ordersNo(1, 100), n: 2, middle: 101, progress: func(int) {}}
			if err := c.send(t.Context(), never(t)); err != nil {
				t.Fatal(err)
			}
			if len(c.acknowledged) != 10 || requests.Load() > 12 {
				t.Errorf("%d acknowledged of %d requests, want 10 of at most 12", len(c.acknowledged), requests.Load())
			}
			if n := len(c.unanswered) + c.refused; n != int(requests.Load())-10 || (c.refused > 0) != (name == "503") {
				t.Errorf("%d without an answer, %d refused, of %d requests", len(c.unanswered), c.refused, requests.Load())
			}
		})
	}
}

// An order that came to no connection was not sent, and is nowhere.
func TestClientsFindNoService(t *testing.T) {
	server := httptest.NewServer(http.NotFoundHandler())
	server.Close()
	c := &clients{url: server.URL, orders: ordersNo(1, 100), n: 2, middle: 101, progress: func(int) {}}
	if err := c.send(t.Context(), never(t)); err != nil {
		t.Fatal(err)
	}
	if len(c.unanswered) > 0 || c.next.Load() > 2 {
		t.Errorf("%d without an answer, of %d orders", len(c.unanswered), c.next.Load())
	}
}

func TestClientsSayWhatWasRejected(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		refuse(w, http.StatusConflict, "another order has this number")
	}))
	defer server.Close()
	c := &clients{url: server.URL, orders: ordersNo(1, 3), n: 1, progress: func(int) {}}
	err := c.send(t.Context(), never(t))
	if err == nil || !strings.HasPrefix(err.Error(), "3 orders were rejected, the first: W-1: status 409") {
		t.Errorf("%v", err)
	}
}

func TestClientsHaveHadEnough(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(http.StatusCreated) }))
	defer server.Close()
	var said []int
	c := &clients{url: server.URL, orders: ordersNo(1, 5), n: 1, middle: 3, progress: func(int) {}}
	if err := c.send(t.Context(), func() { said = append(said, len(c.acknowledged)) }); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(said, []int{3, 4, 5}) {
		t.Errorf("enough after %v, want after the third and each that follows", said)
	}
}
