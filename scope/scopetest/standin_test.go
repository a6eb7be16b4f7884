package scopetest_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ebb-go/ebb/scope"
	"github.com/ebb-go/ebb/scope/scopetest"
)

// api -> db: the steps of an exit are the test's.
func TestSteps(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		st := scopetest.New(t, scope.WithName("orders"))
		db := st.Guard("db")
		api := st.Guard("api", db)
		api.WantIdle()
		st.WantOpen()
		st.Exit()
		api.WantDropping()
		db.WantIdle()
		api.Finish(nil)
		api.WantEnded()
		db.WantDropping()
		st.WantOpen()
		db.Finish(nil)
		db.WantEnded()
		st.WantClosed()
		st.Exit() // once more is harmless
		st.WantErr()
		st.WantOrder("api", "db")
	})
}

// job (task) ends before wave 0; consumer (daemon) and session (child) -> db.
func TestKinds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		st := scopetest.New(t)
		db := st.Guard("db")
		consumer := st.Daemon("consumer")
		session := st.Child("session")
		conn := scopetest.NewStandIn(t, "conn")
		if _, err := scope.Defer(session.Scope(), "conn", conn.Drop); err != nil {
			t.Fatal(err)
		}
		job := st.Task("job")
		st.Exit()
		st.Body().WantEnded()
		job.WantIdle() // a task that was not canceled runs to its end
		consumer.WantIdle()
		job.Finish(nil)
		consumer.WantDropping()
		session.WantDropping()
		conn.WantDropping()
		db.WantIdle()
		consumer.Finish(nil)
		session.Finish(nil)
		db.WantIdle()
		conn.Finish(nil)
		db.WantDropping()
		db.Finish(nil)
		st.WantWaves([][]string{{"consumer", "session"}, {"db"}})
	})
}

// A canceled scope: the task has been asked, the daemon and the guard have not.
func TestAsked(t *testing.T) {
	for name, end := range map[string]func(*scopetest.Tester){
		"cancel":    func(st *scopetest.Tester) { st.Scope().Cancel(errBoom) },
		"interrupt": func(st *scopetest.Tester) { st.Interrupt(errBoom) },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				st := scopetest.New(t)
				consumer := st.Daemon("consumer")
				job, quick := st.Task("job"), st.Task("quick")
				quick.FinishWhenAsked()
				quick.WantIdle()
				end(st)
				st.Body().WantEnded()
				quick.WantEnded()
				job.WantDropping()
				consumer.WantIdle()
				job.Finish(nil)
				consumer.WantDropping()
				consumer.FinishWhenAsked()
				st.WantErr(errBoom)
			})
		})
	}
}

func TestStop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		st := scopetest.New(t)
		st.Body().Hang()
		job := st.Task("job")
		job.FinishWhenAsked()
		server := st.Daemon("server", scope.Graceful())
		st.Scope().Stop(errBoom)
		job.WantEnded()
		st.Body().WantDropping()
		server.WantIdle()
		st.Exit()
		server.WantDropping()
		server.FinishWhenAsked()
		st.WantErr()
	})
}

// What a stand-in is told is what its place comes to.
func TestFaults(t *testing.T) {
	tests := map[string]struct {
		tell    func(*scopetest.StandIn)
		outcome string
		is      error
	}{
		"ok":         {func(f *scopetest.StandIn) { f.Finish(nil) }, "ok", nil},
		"error":      {func(f *scopetest.StandIn) { f.Finish(errBoom) }, "error", errBoom},
		"panic":      {func(f *scopetest.StandIn) { f.FinishPanic(errBoom) }, "panic", errBoom},
		"goexit":     {func(f *scopetest.StandIn) { f.FinishGoexit() }, "goexit", scope.ErrGoexit},
		"slow":       {func(f *scopetest.StandIn) { f.FinishAfter(time.Second, nil) }, "ok", nil},
		"slow error": {func(f *scopetest.StandIn) { f.FinishAfter(time.Second, errBoom) }, "error", errBoom},
		"asked":      {func(f *scopetest.StandIn) { f.FinishWhenAsked() }, "ok", nil},
		"too slow":   {func(f *scopetest.StandIn) { f.FinishAfter(time.Minute, nil) }, "timeout", context.DeadlineExceeded},
		"untold":     {func(f *scopetest.StandIn) {}, "timeout", context.DeadlineExceeded},
		"hang":       {func(f *scopetest.StandIn) { f.Hang() }, "abandoned", scope.ErrAbandoned},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			for _, early := range []bool{true, false} {
				synctest.Test(t, func(t *testing.T) {
					st := scopetest.New(t, scope.WithDropTimeout(10*time.Second))
					db := st.Guard("db")
					db.Finish(nil)
					api := st.Guard("api", db)
					if early {
						tt.tell(api)
					}
					st.Exit()
					if !early {
						api.WantDropping()
						tt.tell(api)
					}
					if tt.is == nil {
						st.WantErr()
					} else {
						st.WantErr(tt.is)
					}
					st.WantOutcome("api", tt.outcome)
					st.WantOutcome("db", "ok")
					st.WantWithin(11 * time.Second)
				})
			}
		})
	}
}

func TestFaultsOfTasks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		st := scopetest.New(t)
		st.Task("job").FinishPanic(errBoom)
		var p *scope.PanicError
		if err := st.Err(); !errors.As(err, &p) || p.Value != errBoom {
			t.Errorf("got %v, want what Run panicked with", err)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		st := scopetest.New(t)
		st.Body().FinishGoexit()
		st.WantErr(scope.ErrGoexit)
	})
	synctest.Test(t, func(t *testing.T) {
		st := scopetest.New(t)
		st.Body().Finish(errBoom)
		st.WantErr(errBoom)
		if got := st.Report().Exit; got != "failed" {
			t.Errorf("exit %s", got)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		st := scopetest.New(t, scope.WithGrace(8*time.Second))
		st.Guard("db").Finish(nil)
		st.Task("hang").Hang()
		polite := st.Task("polite")
		polite.FinishWhenAsked()
		st.Scope().Stop(nil) // asks; what has not ended at three quarters is canceled
		st.Exit()
		st.WantErr(scope.ErrAbandoned)
		polite.WantEnded()
		st.WantWithin(8 * time.Second)
	})
}

// The result of a drop that was abandoned comes late, and changes nothing.
func TestLateResult(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		st := scopetest.New(t, scope.WithDropTimeout(time.Second))
		api := st.Guard("api")
		api.Hang()
		st.Exit()
		st.WantErr(scope.ErrAbandoned)
		api.WantDropping()
		api.Finish(errBoom)
		api.WantEnded()
		st.WantOutcome("api", "abandoned")
	})
}

// A delay counts from the order, if that comes after the beginning.
func TestFinishAfterCountsFromNow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		st := scopetest.New(t)
		api := st.Guard("api")
		st.Exit()
		api.WantDropping()
		time.Sleep(time.Minute)
		api.FinishAfter(2*time.Second, nil)
		api.WantDropping()
		st.WantErr()
		st.WantWithin(62 * time.Second)
		if got := st.Report().Entries[0].Took(); got != 62*time.Second {
			t.Errorf("took %v", got)
		}
	})
}

// The exit counts from the cancellation, also where the body takes its time.
func TestWithinCountsFromCancel(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		st := scopetest.New(t)
		st.Body().Hang()
		st.Scope().Cancel(nil)
		time.Sleep(time.Minute)
		st.Body().Finish(nil)
		st.WantErr(context.Canceled)
		st.WantWithin(time.Minute)
	})
	synctest.Test(t, func(t *testing.T) {
		wantFailure(t, func(t testing.TB) {
			st := scopetest.New(t)
			st.Body().Hang()
			st.Scope().Cancel(nil)
			time.Sleep(time.Minute)
			st.Body().Finish(nil)
			st.WantWithin(time.Minute - 1)
		}, "the exit took 1m0s")
	})
}

// A stand-in that was told nothing ends when its time is up, and not before: for a
// Graceful daemon when it is canceled, three quarters into its time.
func TestUntold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		st := scopetest.New(t)
		server := st.Daemon("server", scope.Graceful(), scope.DropTimeout(10*time.Second))
		st.Exit()
		server.WantDropping()
		st.WantErr(context.DeadlineExceeded)
		server.WantEnded()
		if got := st.Report().Entries[0]; got.Took() != 7500*time.Millisecond || got.Outcome != "timeout" {
			t.Errorf("%s, took %v", got.Outcome, got.Took())
		}
	})
	synctest.Test(t, func(t *testing.T) {
		over, cancel := context.WithCancelCause(t.Context())
		cancel(errBoom)
		f := scopetest.NewStandIn(t, "db")
		if err := f.Drop(over); err != errBoom {
			t.Errorf("a drop on a context that is over: %v", err)
		}
	})
}

func TestStandInIsNode(t *testing.T) {
	// worker -> pool (a real guard) -> db
	synctest.Test(t, func(t *testing.T) {
		st := scopetest.New(t)
		db := st.Guard("db")
		pool, err := scope.Acquire(st.Context(), st.Scope(), "pool",
			func(context.Context) (int, error) { return 1, nil },
			func(context.Context, int) error { return nil }, scope.DependsOn(db))
		if err != nil {
			t.Fatal(err)
		}
		worker := st.GuardWith("worker", scope.DependsOn(pool), scope.DropTimeout(time.Second))
		second := st.Guard("db")
		if db.Name() != "db" || second.Name() != "db#2" {
			t.Errorf("names %q, %q", db.Name(), second.Name())
		}
		scopetest.WantPlan(t, st.Scope().Plan(), [][]string{{"db#2", "worker"}, {"pool"}, {"db"}})
		for _, f := range []*scopetest.StandIn{db, worker, second} {
			f.Finish(nil)
		}
		st.Exit()
		st.WantOrder("worker", "pool", "db")
	})
}

// What has no place in a graph cannot be depended on.
func TestTaskIsNoNode(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		st := scopetest.New(t)
		job := st.Task("job")
		for _, f := range []*scopetest.StandIn{job, st.Body(), scopetest.NewStandIn(t, "free")} {
			_, err := scope.Defer(st.Scope(), "db", func(context.Context) error { return nil }, scope.DependsOn(f))
			if !errors.Is(err, scope.ErrForeign) {
				t.Errorf("depends on %v: %v", f, err)
			}
		}
		if got := job.String(); got != `task "job" idle` {
			t.Errorf("got %s", got)
		}
	})
}

// NewStandIn plugs into scopes that the code under test opens itself.
func TestNewStandIn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		job, conn := scopetest.NewStandIn(t, "job"), scopetest.NewStandIn(t, "conn")
		var log []string
		done := make(chan error, 1)
		go func() {
			done <- scope.Run(t.Context(), func(ctx context.Context, s *scope.Scope) error {
				if _, err := scope.Defer(s, "conn", conn.Drop); err != nil {
					return err
				}
				s.Go("job", job.Run)
				return nil
			})
		}()
		job.WantIdle()
		conn.WantIdle()
		job.Finish(nil)
		conn.WantDropping()
		log = append(log, conn.Name())
		conn.Finish(errBoom)
		if err := <-done; !errors.Is(err, errBoom) {
			t.Errorf("got %v", err)
		}
		if !slices.Equal(log, []string{"conn"}) || job.Scope() != nil {
			t.Error(log, job.Scope())
		}
	})
}
