package main

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/ebb-go/ebb/scope"
)

// testAPI has a relay that does not run: what it is woken for stays there.
func testAPI(t *testing.T) *api {
	t.Helper()
	db := testDatabase(t)
	return &api{db: db, cache: testCache(t, db), relay: newRelay(outbox{db}, nil, nil), tally: new(tally)}
}

func post(ctx context.Context, a *api, body string) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	a.routes().ServeHTTP(w, httptest.NewRequestWithContext(ctx, http.MethodPost, "/orders", strings.NewReader(body)))
	return w
}

func encode(t *testing.T, o Order) string {
	t.Helper()
	text, err := json.Marshal(o)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestTakeAnOrder(t *testing.T) {
	a := testAPI(t)
	other := orderNo(1)
	other.Customer = "another customer"
	bad := orderNo(2)
	bad.Quantity = 0
	for _, test := range []struct {
		what, body, answer string
		status             int
	}{
		{"an order", encode(t, orderNo(1)), `{"number":"W-1","total":"24.00","sold":2}`, http.StatusCreated},
		{"the same again", encode(t, orderNo(1)), `{"number":"W-1","total":"24.00"}`, http.StatusOK},
		{"another with its number", encode(t, other), `{"error":"W-1: another order has this number"}`, http.StatusConflict},
		{"a bad one", encode(t, bad), `{"error":"quantity: 0 is not between 1 and 10000"}`, http.StatusUnprocessableEntity},
		{"half of one", `{"number":`, `{"error":"unexpected EOF"}`, http.StatusBadRequest},
		{"a long one", `"` + strings.Repeat("x", maxBody) + `"`, `{"error":"http: request body too large"}`, http.StatusBadRequest},
	} {
		w := post(t.Context(), a, test.body)
		if got := string(bytes.TrimSpace(w.Body.Bytes())); w.Code != test.status || got != test.answer {
			t.Errorf("%s: %d %s, want %d %s", test.what, w.Code, got, test.status, test.answer)
		}
	}
	if n := count(t, a.db, `SELECT COUNT(*) FROM orders`); n != 1 {
		t.Errorf("%d rows, want 1", n)
	}
	if len(a.relay.news) != 1 {
		t.Error("the relay was not woken")
	}
	if len(a.relay.room) != 1 {
		t.Errorf("room is taken for %d events, want 1", len(a.relay.room))
	}
}

func TestTakeNothingWhenStopping(t *testing.T) {
	a := testAPI(t)
	scope.Run(t.Context(), func(ctx context.Context, s *scope.Scope) error {
		s.Stop(context.Canceled)
		if w := post(ctx, a, encode(t, orderNo(1))); w.Code != http.StatusServiceUnavailable {
			t.Errorf("status %d, want 503", w.Code)
		}
		return nil
	})
	if n := count(t, a.db, `SELECT COUNT(*) FROM orders`); n != 0 {
		t.Errorf("%d rows, want none", n)
	}
}

// A 500 says that nothing was written, and so it is.
func TestTakeWhenTheDatabaseFails(t *testing.T) {
	a := testAPI(t)
	if _, err := a.db.ExecContext(t.Context(), `DROP TABLE outbox`); err != nil {
		t.Fatal(err)
	}
	if w := post(t.Context(), a, encode(t, orderNo(1))); w.Code != http.StatusInternalServerError {
		t.Errorf("status %d: %s, want 500", w.Code, w.Body)
	}
	if n := count(t, a.db, `SELECT COUNT(*) FROM orders`); n != 0 {
		t.Errorf("%d rows, want none", n)
	}
	if units := a.cache.add(orderNo(2)); units != 2 {
		t.Errorf("the cache counts %d units, want those of the order that was just added", units)
	}
}
