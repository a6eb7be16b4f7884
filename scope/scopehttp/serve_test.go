package scopehttp_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ebb-go/ebb/scope"
	"github.com/ebb-go/ebb/scope/scopehttp"
	"github.com/ebb-go/ebb/scope/scopetest"
)

// standIn makes a handler out of a stand-in: it answers when that has ended.
func standIn(f *scopetest.StandIn) http.Handler {
	return scopehttp.Func(func(w http.ResponseWriter, r *http.Request) error {
		if err := f.Run(r.Context()); err != nil {
			return err
		}
		fmt.Fprint(w, "done")
		return nil
	})
}

// http (daemon) -> db. The request that has begun ends; then the server; then db.
func TestStopsInItsPlace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		st := scopetest.New(t)
		db := st.Guard("db")
		api := scopetest.NewStandIn(t, "handler")
		v := serving(t, st, standIn(api))
		job := st.Task("job")
		answer := v.get("/")
		api.WantIdle()
		st.Scope().Cancel(nil)
		api.WantIdle() // a signal does not stop what has begun
		if _, err := v.l.dial(t.Context(), "", ""); err != nil {
			t.Errorf("a server whose turn has not come refuses: %v", err)
		}
		job.Finish(nil)
		api.WantDropping() // Stopping has closed, and its context is alive
		db.WantIdle()
		if _, err := v.l.dial(t.Context(), "", ""); err == nil {
			t.Error("a server that stops accepts")
		}
		time.Sleep(time.Hour)
		db.WantIdle()
		api.Finish(nil)
		synctest.Wait()
		if a := <-answer; a.status != 200 || a.body != "done" || !a.close {
			t.Errorf("got %+v", a)
		}
		db.WantDropping() // at once: nothing has polled
		db.Finish(nil)
		st.WantErr(context.Canceled)
		st.WantOrder("http", "db")
		st.WantOutcome("http", "ok")
	})
}

// Without a request the server stops in no time, however many connections are idle.
func TestIdleConnections(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		st := scopetest.New(t)
		v := serving(t, st, http.HandlerFunc(pathOf))
		for range 3 {
			if a := <-v.get("/orders"); a.body != "scope/request" || a.close {
				t.Errorf("got %+v", a)
			}
		}
		st.Exit()
		st.WantClosed()
		st.WantErr()
	})
}

// A connection that has sent nothing has a second.
func TestFreshConnection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		st := scopetest.New(t)
		v := serving(t, st, http.HandlerFunc(pathOf))
		_, silent := v.raw(t, "")
		c, talking := v.raw(t, "")
		st.Exit()
		st.WantOpen()
		time.Sleep(500 * time.Millisecond)
		fmt.Fprint(c, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
		if line, err := talking.ReadString('\n'); !strings.Contains(line, "200 OK") {
			t.Errorf("got %q, %v", line, err)
		}
		<-ended(talking)
		st.WantOpen()
		<-ended(silent)
		st.WantErr()
		st.WantWithin(time.Second)
	})
}

// In the end handlers are canceled, with a cause that says of what; one that
// obeys can still answer.
func TestDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		st := scopetest.New(t)
		api := scopetest.NewStandIn(t, "handler") // ends when its time is up
		v := serving(t, st, standIn(api), scope.DropTimeout(10*time.Second))
		answer := v.get("/")
		st.Exit()
		api.WantDropping()
		var cut *scopehttp.CutError
		err := st.Err()
		if !errors.As(err, &cut) || *cut != (scopehttp.CutError{Requests: 1}) {
			t.Errorf("got %v", err)
		}
		st.WantErr(context.DeadlineExceeded)
		st.WantOutcome("http", "timeout")
		st.WantWithin(10 * time.Second)
		if a := <-answer; a.status != 503 {
			t.Errorf("got %+v", a)
		}
	})
}

// A handler that is canceled has time to answer, as long as the daemon has.
func TestTimeToAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		st := scopetest.New(t)
		v := serving(t, st, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			<-r.Context().Done()
			time.Sleep(1800 * time.Millisecond) // of the 2.5 s that are left
			http.Error(w, "undone", http.StatusServiceUnavailable)
		}), scope.DropTimeout(10*time.Second))
		answer := v.get("/")
		st.Exit()
		var cut *scopehttp.CutError
		if err := st.Err(); !errors.As(err, &cut) || *cut != (scopehttp.CutError{Requests: 1}) {
			t.Errorf("got %v", err)
		}
		st.WantWithin(10 * time.Second)
		if a := <-answer; a.status != 503 || a.body != "undone\n" {
			t.Errorf("got %+v", a)
		}
	})
}

// A handler that is deaf to its context hears that its connection is closed; one that
// is deaf to that, too, does not hold the exit.
func TestDeafHandlers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		st := scopetest.New(t)
		v := serving(t, st, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			for {
				if _, err := w.Write(make([]byte, 1<<16)); err != nil {
					return // the client does not read, and there is nothing else that ends this
				}
			}
		}), scope.DropTimeout(10*time.Second))
		v.raw(t, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
		st.Exit()
		var cut *scopehttp.CutError
		if err := st.Err(); !errors.As(err, &cut) || *cut != (scopehttp.CutError{Requests: 1, Conns: 1}) {
			t.Errorf("got %v", err)
		}
		st.WantOutcome("http", "timeout")
		st.WantWithin(10 * time.Second)
	})
	synctest.Test(t, func(t *testing.T) {
		st := scopetest.New(t)
		db := st.Guard("db")
		db.Finish(nil)
		api := scopetest.NewStandIn(t, "handler")
		api.Hang()
		v := serving(t, st, standIn(api), scope.DropTimeout(10*time.Second))
		answer := v.get("/")
		st.Exit()
		st.WantErr(scope.ErrAbandoned)
		st.WantOutcome("http", "abandoned")
		st.WantOutcome("db", "ok")
		st.WantWithin(11 * time.Second)
		if a := <-answer; a.err == nil {
			t.Errorf("got %+v", a)
		}
	})
}

// The grace bounds a server as any drop, and what it blocks has its share left.
func TestGrace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		st := scopetest.New(t, scope.WithGrace(20*time.Second))
		db := st.Guard("db")
		api := scopetest.NewStandIn(t, "handler")
		api.Hang()
		v := serving(t, st, standIn(api))
		v.get("/")
		st.Exit()
		db.WantIdle()
		db.FinishAfter(time.Second, nil)
		st.WantErr(scope.ErrAbandoned)
		st.WantOutcome("db", "ok")
		st.WantWithin(20 * time.Second)
	})
}

// An early drop is the same, without the exit.
func TestEarlyDrop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		st := scopetest.New(t)
		v := serving(t, st, http.HandlerFunc(pathOf))
		if err := v.daemon.Drop(t.Context()); err != nil {
			t.Error(err)
		}
		if _, err := v.l.dial(t.Context(), "", ""); err == nil {
			t.Error("still accepts")
		}
		st.Exit()
		st.WantErr()
	})
}

// When accepting fails the scope hears of it at once; the requests that have begun
// end in the server's turn.
func TestAcceptFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		st := scopetest.New(t)
		api := scopetest.NewStandIn(t, "handler")
		v := serving(t, st, standIn(api))
		answer := v.get("/")
		api.WantIdle()
		if err := v.l.Close(); err != nil {
			t.Fatal(err)
		}
		api.WantDropping()
		st.Body().WantEnded()
		api.Finish(nil)
		if a := <-answer; a.status != 200 {
			t.Errorf("got %+v", a)
		}
		var failed *scope.TaskError
		if err := st.Err(); !errors.As(err, &failed) || failed.Task != "http" {
			t.Errorf("got %v", err)
		}
	})
}

func TestRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		st := scopetest.New(t)
		st.Exit()
		st.WantClosed()
		l := newPipes()
		_, _, err := scopehttp.ServeOn(st.Context(), st.Scope(), "http", l, new(http.Server))
		if !errors.Is(err, scope.ErrClosed) || !is(l.done) {
			t.Errorf("got %v, listener closed %v", err, is(l.done))
		}
	})
}
