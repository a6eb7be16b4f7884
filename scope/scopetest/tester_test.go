package scopetest_test

import (
	"context"
	"io"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ebb-go/ebb/scope"
	"github.com/ebb-go/ebb/scope/scopetest"
)

// Every Want can fail, and says what it saw.
func TestWantFails(t *testing.T) {
	tests := map[string]struct {
		f     func(t testing.TB)
		parts []string
	}{
		"idle": {func(t testing.TB) {
			st := scopetest.New(t)
			api := st.Guard("api")
			st.Exit()
			synctest.Wait()
			time.Sleep(time.Second)
			api.WantIdle()
		}, []string{`guard "api" is dropping for 1s, want idle`, `all: body "body" ended, guard "api" dropping for 1s`}},
		"dropping": {func(t testing.TB) {
			scopetest.New(t).Guard("api").WantDropping()
		}, []string{`guard "api" is idle, want dropping`}},
		"ended": {func(t testing.TB) {
			scopetest.NewStandIn(t, "api").WantEnded()
		}, []string{`function "api" is idle, want ended`}},
		"open": {func(t testing.TB) {
			st := scopetest.New(t)
			st.Exit()
			st.WantOpen()
		}, []string{"has closed, want it open"}},
		"closed": {func(t testing.TB) {
			scopetest.New(t).WantClosed()
		}, []string{"has not closed"}},
		"no error": {func(t testing.TB) {
			st := scopetest.New(t)
			st.Guard("api").Finish(errBoom)
			st.Exit()
			st.WantErr()
		}, []string{`drop "api" (wave 0): boom, want no error`}},
		"error": {func(t testing.TB) {
			st := scopetest.New(t)
			st.Exit()
			st.WantErr(errBoom)
		}, []string{"ended with <nil>, want boom"}},
		"within": {func(t testing.TB) {
			st := scopetest.New(t)
			st.Guard("api").FinishAfter(2*time.Second, nil)
			st.Exit()
			st.WantWithin(2*time.Second - 1)
		}, []string{"the exit took 2s", "api"}},
		"within, with draining": {func(t testing.TB) {
			st := scopetest.New(t)
			st.Task("job").FinishAfter(time.Second, nil)
			st.Guard("api").FinishAfter(2*time.Second, nil)
			st.Exit()
			st.WantWithin(3 * time.Second)
			st.WantWithin(3*time.Second - 1)
		}, []string{"the exit took 3s"}},
		"order": {func(t testing.TB) {
			st := scopetest.New(t)
			db := st.Guard("db")
			st.Guard("api", db).Finish(nil)
			db.Finish(nil)
			st.Exit()
			st.WantOrder("db", "api")
		}, []string{`nothing says that "db" is dropped before "api"`}},
		"outcome": {func(t testing.TB) {
			st := scopetest.New(t)
			st.Guard("api").Finish(nil)
			st.Exit()
			st.WantOutcome("api", "error")
		}, []string{`outcome of "api" is ok (<nil>), want error`}},
		"told too late": {func(t testing.TB) {
			st := scopetest.New(t)
			api := st.Guard("api")
			api.Finish(nil)
			st.Exit()
			synctest.Wait()
			api.Finish(nil)
		}, []string{`guard "api" ended: told how to end when it had ended`}},
		"called twice": {func(t testing.TB) {
			f := scopetest.NewStandIn(t, "f")
			f.Finish(nil)
			_ = f.Run(t.Context())
			_ = f.Drop(t.Context())
		}, []string{`function "f" was called a second time`}},
		"refused": {func(t testing.TB) {
			st := scopetest.New(t)
			st.Exit()
			synctest.Wait()
			st.Guard("late")
		}, []string{"fatal", "scope is closed"}},
		"no such option": {func(t testing.TB) {
			scopetest.New(t, scope.WithGrace(-1))
		}, []string{"fatal", "must not be negative"}},
		"stuck": {func(t testing.TB) {
			st := scopetest.New(t)
			st.Guard("api")
			st.Exit()
			_ = st.Err()
		}, []string{"fatal", "has not closed within 1h0m0s of virtual time", "api", "dropping"}},
		"error nobody asked for": {func(t testing.TB) {
			st := scopetest.New(t)
			st.Guard("api").Finish(errBoom)
			st.Exit()
		}, []string{"did not ask for", "boom"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { wantFailure(t, tt.f, tt.parts...) })
		})
	}
}

// Outside of a bubble there is one clear sentence.
func TestOutsideOfBubble(t *testing.T) {
	wantFailure(t, func(t testing.TB) { scopetest.New(t) }, "fatal", "not in a bubble", "synctest.Test")
	wantFailure(t, func(t testing.TB) { scopetest.NewStandIn(t, "x") }, "fatal", "not in a bubble")
}

// The end of a test lets everything go, whatever it was told.
func TestLetGo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		got := failuresOf(t, func(t testing.TB) {
			st := scopetest.New(t)
			db := st.Guard("db")
			st.Guard("api", db).Hang()
			st.Daemon("consumer")
			st.Child("session")
			st.Task("job").FinishAfter(time.Minute, nil)
			st.Body().Hang()
			scopetest.NewStandIn(t, "never called")
		})
		if len(got) > 0 {
			t.Errorf("failures: %q", got)
		}
	})
}

// A scope that will not close is told of, and does not hang the test.
func TestStuckAtTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		free := make(chan struct{})
		wantFailure(t, func(t testing.TB) {
			st := scopetest.New(t)
			_, err := scope.Defer(st.Scope(), "stuck", func(context.Context) error { <-free; return nil })
			if err != nil {
				t.Error(err)
			}
		}, "has not closed within", "stuck")
		close(free)
	})
}

func TestScopeAndContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log strings.Builder
		st := scopetest.New(t, scope.WithName("orders"), scope.WithLogger(slog.New(slog.NewTextHandler(&log, nil))))
		if s, ok := scope.From(st.Context()); !ok || s != st.Scope() || s.Name() != "orders" {
			t.Errorf("scope of the context: %v", ok)
		}
		if st.Body().Scope() != st.Scope() || st.Guard("db").Scope() != st.Scope() {
			t.Error("stand-ins of another scope")
		}
		st.Exit()
		time.Sleep(time.Minute) // the guard is slow
		synctest.Wait()
		if !strings.Contains(log.String(), "slow drop") {
			t.Errorf("log: %q", log.String())
		}
	})
}

// A log line of the scope is not printed by the test of a user.
func TestLogGoesToTest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		out := new(strings.Builder)
		st := scopetest.New(outputTo{t, out})
		st.Guard("db").FinishAfter(time.Minute, nil)
		st.Exit()
		st.WantErr()
		if !strings.Contains(out.String(), "slow drop") {
			t.Errorf("output: %q", out)
		}
	})
}

type outputTo struct {
	testing.TB
	w io.Writer
}

func (o outputTo) Output() io.Writer { return o.w }
