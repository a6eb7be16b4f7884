package main

import (
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"sync/atomic"
	"testing"

	"github.com/ebb-go/ebb/scope"
)

// Under load a thousand swaps fail no request, and leave no goroutine.
func TestReload(t *testing.T) {
	file := filepath.Join(t.TempDir(), "config.txt")
	write := func(k int) {
		if err := os.WriteFile(file, []byte(strconv.Itoa(k)), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(0)
	err := scope.Run(t.Context(), func(ctx context.Context, s *scope.Scope) error {
		l, err := newService(ctx, s, file)
		if err != nil {
			return err
		}
		var requests atomic.Int64
		stop := make(chan struct{})
		for range 4 {
			s.Go("client", func(ctx context.Context) error {
				for {
					select {
					case <-stop:
						return nil
					default:
					}
					w := httptest.NewRecorder()
					l.ServeHTTP(w, httptest.NewRequestWithContext(ctx, http.MethodGet, "/", nil))
					if w.Code != http.StatusOK {
						t.Errorf("%d %s", w.Code, w.Body)
					}
					requests.Add(1)
				}
			})
		}
		before := runtime.NumGoroutine()
		for k := range 1000 {
			write(k + 1)
			old := l.slot.Value()
			if err := l.slot.Replace(ctx, l.open); err != nil {
				return err
			}
			if !old.closed.Load() {
				t.Fatalf("generation %s is open", old.name)
			}
		}
		if n := runtime.NumGoroutine(); n > before+8 {
			t.Errorf("%d goroutines, %d before", n, before)
		}
		if err := os.Remove(file); err != nil {
			return err
		}
		if err := l.slot.Replace(ctx, l.open); err == nil || l.slot.Value().name != "1000" {
			t.Errorf("%v, generation %s", err, l.slot.Value().name)
		}
		close(stop)
		t.Logf("%d requests", requests.Load())
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}
