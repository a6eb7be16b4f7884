package scopehttp_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ebb-go/ebb/group"
	"github.com/ebb-go/ebb/scope"
	"github.com/ebb-go/ebb/scope/scopehttp"
	"github.com/ebb-go/ebb/scope/scopetest"
)

// TestLameDuck: from the moment that the scope is asked to stop the server is not ready
// and lets go of its connections, but it serves until the delay has passed since.
func TestLameDuck(t *testing.T) {
	for name, asks := range map[string]func(s *scope.Scope){
		"cancel": func(s *scope.Scope) { s.Cancel(nil) },
		"stop":   func(s *scope.Scope) { s.Stop(nil) },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var ready scopehttp.Readiness
				st := scopetest.New(t)
				v := serving(t, st, http.HandlerFunc(pathOf), scopehttp.LameDuck(5*time.Second, &ready))
				job := st.Task("job")
				if a := <-v.get("/"); !ready.Ready() || a.close {
					t.Errorf("ready %v, %+v", ready.Ready(), a)
				}
				asks(st.Scope())
				synctest.Wait()
				if a := <-v.get("/"); ready.Ready() || a.status != 200 || !a.close {
					t.Errorf("asked: ready %v, %+v", ready.Ready(), a)
				}
				time.Sleep(2 * time.Second)
				job.Finish(nil)
				st.WantOpen()
				time.Sleep(2999 * time.Millisecond)
				if a := <-v.get("/"); a.status != 200 || !a.close {
					t.Errorf("in its turn: %+v", a)
				}
				st.WantOpen()
				time.Sleep(time.Millisecond)
				synctest.Wait()
				if _, err := v.l.dial(t.Context(), "", ""); err == nil {
					t.Error("accepts after the delay")
				}
				st.WantClosed()
				if err := st.Err(); err != nil && !errors.Is(err, context.Canceled) {
					t.Error(err)
				}
			})
		})
	}
}

// TestLameDuckIsBounded: the delay takes at most half of the time until handlers are
// canceled, so that they keep the other half.
func TestLameDuckIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		st := scopetest.New(t, scope.WithGrace(40*time.Second))
		v := serving(t, st, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			<-scope.Stopping(r.Context())
			time.Sleep(7 * time.Second)
			if r.Context().Err() != nil {
				t.Error("canceled")
			}
		}), scopehttp.LameDuck(time.Hour, nil), scope.DropTimeout(10*time.Second))
		answer := v.get("/")
		start := time.Now()
		st.Exit()
		synctest.Wait()
		time.Sleep(3749 * time.Millisecond) // half of three quarters of ten seconds
		if _, err := v.l.dial(t.Context(), "", ""); err != nil {
			t.Errorf("stops accepting before %v", time.Since(start))
		}
		time.Sleep(time.Millisecond)
		synctest.Wait()
		if _, err := v.l.dial(t.Context(), "", ""); err == nil {
			t.Errorf("still accepts after %v", time.Since(start))
		}
		if a := <-answer; a.status != 200 {
			t.Errorf("%+v", a)
		}
		st.WantErr()
	})
	err := scope.Run(t.Context(), func(ctx context.Context, s *scope.Scope) error {
		_, _, err := scopehttp.ServeOn(ctx, s, "http", newPipes(), new(http.Server), scopehttp.LameDuck(-1, nil))
		return err
	})
	if err == nil || !strings.Contains(err.Error(), "LameDuck(-1ns): must not be negative") {
		t.Error(err)
	}
}

// TestReadiness: it is ready while there is a server and none is going to stop.
func TestReadiness(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var ready scopehttp.Readiness
		want := func(status int) {
			t.Helper()
			synctest.Wait()
			w := httptest.NewRecorder()
			ready.ServeHTTP(w, httptest.NewRequest("GET", "/readyz", nil))
			if w.Code != status || w.Header().Get("Cache-Control") != "no-store" {
				t.Errorf("got %d, %v, want %d", w.Code, w.Header(), status)
			}
		}
		want(503)
		st := scopetest.New(t)
		first := serving(t, st, http.HandlerFunc(pathOf), scopehttp.LameDuck(time.Second, &ready))
		want(200)
		serving(t, st, http.HandlerFunc(pathOf), scopehttp.LameDuck(time.Second, &ready))
		want(200)
		var drops group.Tasks
		drops.Go(first.daemon.Drop)
		want(503)
		if err := drops.Wait(); err != nil {
			t.Error(err)
		}
		want(200) // by the other one
		last := serving(t, st, http.HandlerFunc(pathOf), scopehttp.LameDuck(time.Second, &ready))
		if err := last.l.Close(); err != nil {
			t.Error(err)
		}
		want(503) // it accepts no more, and the scope has failed
		if err := st.Err(); err == nil {
			t.Error("no error")
		}
		want(503)
	})
}

// TestLameDuckCutsNothing measures what a balancer loses that looks at the readiness
// every 100 ms, with 32 clients that keep their connections: all requests are answered
// with a lame duck that is longer, and some are not without.
func TestLameDuckCutsNothing(t *testing.T) {
	for _, delay := range []time.Duration{0, 300 * time.Millisecond} {
		var sent, cut atomic.Int64
		synctest.Test(t, func(t *testing.T) {
			st := scopetest.New(t)
			var ready scopehttp.Readiness
			v := serving(t, st, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				time.Sleep(7 * time.Millisecond)
				fmt.Fprint(w, "done")
			}), scopehttp.LameDuck(delay, &ready))
			var seen atomic.Bool // what the balancer has seen last
			seen.Store(true)
			var load group.Tasks
			load.Go(func(context.Context) error {
				for ready.Ready() {
					time.Sleep(100 * time.Millisecond)
				}
				seen.Store(false)
				return nil
			})
			for k := range 32 {
				tr := &http.Transport{DialContext: v.l.dial}
				t.Cleanup(tr.CloseIdleConnections)
				client := &http.Client{Transport: tr}
				load.Go(func(context.Context) error {
					time.Sleep(time.Duration(k) * 211 * time.Microsecond)
					for seen.Load() {
						sent.Add(1)
						r, err := client.Post("http://service/", "text/plain", strings.NewReader("x"))
						if err == nil {
							_, err = io.Copy(io.Discard, r.Body)
							_ = r.Body.Close()
						}
						if err != nil {
							cut.Add(1)
						}
						time.Sleep(6 * time.Millisecond)
					}
					return nil
				})
			}
			time.Sleep(533 * time.Millisecond)
			st.Scope().Stop(nil)
			if err := load.Wait(); err != nil {
				t.Error(err)
			}
			st.WantErr()
		})
		t.Logf("lame duck of %v: %d of %d requests cut", delay, cut.Load(), sent.Load())
		if (cut.Load() > 0) != (delay == 0) {
			t.Errorf("lame duck of %v: %d of %d requests cut", delay, cut.Load(), sent.Load())
		}
	}
}
