package main

import (
	"context"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ebb-go/ebb/scope"
)

// A tenant's pool is opened once, closed when the tenant goes or has been idle, and at the
// latest with the program.
func TestTenants(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var events []string
		err := scope.Run(t.Context(), func(ctx context.Context, s *scope.Scope) error {
			l := newPools(s, 10*time.Minute, func(what string) { events = append(events, what) })
			h := handler(l)
			request := func(method, path string) {
				w := httptest.NewRecorder()
				h.ServeHTTP(w, httptest.NewRequestWithContext(ctx, method, path, nil))
				if w.Code != http.StatusOK {
					t.Errorf("%s %s: %d %s", method, path, w.Code, w.Body)
				}
			}
			request("GET", "/acme")
			request("GET", "/acme")
			request("GET", "/initech")
			request("DELETE", "/acme")
			time.Sleep(11 * time.Minute)
			synctest.Wait()
			if l.Len() != 0 {
				t.Errorf("%d pools", l.Len())
			}
			request("GET", "/acme")
			return nil
		})
		want := []string{"open acme", "open initech", "close acme", "close initech", "open acme", "close acme"}
		if err != nil || !slices.Equal(events, want) {
			t.Errorf("%v, %q", err, events)
		}
	})
}
