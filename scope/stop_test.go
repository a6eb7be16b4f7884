package scope_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ebb-go/ebb/scope"
)

// closed reports whether c is.
func closed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

// TestStop only asks: Stopping closes in the body, the tasks, the nested Runs and
// the children, contexts stay alive, new tasks are refused with its cause, and Run
// does not return that by itself.
func TestStop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var j journal
		listen := func(name string) func(context.Context) error {
			return func(ctx context.Context) error {
				<-scope.Stopping(ctx)
				if ctx.Err() != nil {
					t.Errorf("%s: canceled", name)
				}
				j.add(name)
				return nil
			}
		}
		err := scope.Run(t.Context(), func(ctx context.Context, s *scope.Scope) error {
			s.Go("task", listen("task"))
			s.Go("outer", func(ctx context.Context) error {
				return scope.Run(ctx, func(ctx context.Context, in *scope.Scope) error {
					time.Sleep(2 * sec)
					return listen("nested")(ctx)
				})
			})
			c := must(s.Child("child"))
			c.Go("t", func(ctx context.Context) error { time.Sleep(sec); return listen("child")(ctx) })
			daemon := scope.Stopping(ctx)
			_ = must(s.Daemon("daemon", func(ctx context.Context) error {
				own := scope.Stopping(ctx)
				time.Sleep(sec)
				if closed(own) {
					t.Error("a daemon is asked when its turn comes")
				}
				<-ctx.Done()
				wantIs(t, context.Cause(ctx), errGone)
				j.add("daemon")
				return context.Cause(ctx)
			}))
			synctest.Wait()
			if closed(scope.Stopping(ctx)) || closed(daemon) {
				t.Error("stopping before Stop")
			}
			s.Stop(errGone)
			s.Stop(errBoom) // the first wins
			if !closed(daemon) || !closed(scope.Stopping(ctx)) || ctx.Err() != nil {
				t.Error("Stop closes Stopping and leaves the context alive")
			}
			wantIs(t, s.TryGo("late", nothing), errGone)
			wantIs(t, c.TryGo("late", nothing), errGone)
			late := must(s.Child("late"))
			wantIs(t, late.TryGo("late", nothing), errGone)
			_ = must(scope.Defer(s, "taken", j.adds("taken")))
			return nil
		}, scope.WithSchedule(scope.Sequential))
		if err != nil {
			t.Errorf("Run returns Stop's cause: %v", err)
		}
		j.want(t, "task", "child", "nested", "taken", "daemon")
	})
}

// TestStopThenGrace: Stop starts the grace; when it has run out but for the
// reserve, the scope is canceled with Stop's cause.
func TestStopThenGrace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		err := scope.Run(t.Context(), func(ctx context.Context, s *scope.Scope) error {
			_ = must(scope.Defer(s, "g", nothing))
			s.Stop(errGone)
			<-ctx.Done()
			if took := time.Since(start); took != 6*sec || context.Cause(ctx) != errGone {
				t.Errorf("canceled after %v with %v", took, context.Cause(ctx))
			}
			return nil
		}, scope.WithGrace(8*sec))
		wantIs(t, err, errGone)
		err = scope.Run(t.Context(), func(ctx context.Context, s *scope.Scope) error {
			s.Stop(nil)
			<-ctx.Done()
			return ctx.Err() // an echo
		}, scope.WithGrace(8*sec))
		wantIs(t, err, context.Canceled)
	})
}

// TestStopping is closed too once the context is canceled, so one select suffices;
// outside of a scope it is Done.
func TestStopping(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		err := scope.Run(t.Context(), func(ctx context.Context, s *scope.Scope) error {
			own, cancel := context.WithCancel(t.Context())
			if scope.Stopping(own) != own.Done() {
				t.Error("outside of a scope")
			}
			cancel()
			s.Go("t", func(ctx context.Context) error { <-scope.Stopping(ctx); return nil })
			_ = must(s.Daemon("d", func(ctx context.Context) error { <-scope.Stopping(ctx); return nil }))
			_ = must(scope.Defer(s, "drop", func(ctx context.Context) error { <-scope.Stopping(ctx); return nil }, scope.DropTimeout(sec)))
			body := scope.Stopping(ctx)
			synctest.Wait()
			s.Cancel(nil)
			<-body
			<-scope.Stopping(ctx)
			return nil
		}, new(logs).with())
		wantIs(t, err, context.Canceled)
	})
}

// TestGraceful: when its turn has come, a daemon with Graceful is asked by its
// Stopping, which what it nests hears too, and canceled when three quarters of its
// time are up.
func TestGraceful(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var j journal
		start := time.Now()
		err := scope.Run(t.Context(), func(ctx context.Context, s *scope.Scope) error {
			_ = must(s.Daemon("server", func(ctx context.Context) error {
				entered := make(chan struct{})
				go func() {
					_ = scope.Run(ctx, func(ctx context.Context, _ *scope.Scope) error {
						close(entered)
						<-scope.Stopping(ctx)
						j.add("request")
						return nil
					})
				}()
				<-entered
				<-scope.Stopping(ctx)
				if ctx.Err() != nil || time.Since(start) != sec {
					t.Errorf("%v after %v", ctx.Err(), time.Since(start))
				}
				j.add("asked")
				<-ctx.Done()
				var d *scope.DropTimeoutError
				if !errors.As(context.Cause(ctx), &d) || d.Guard != "server" || time.Since(start) != 4*sec {
					t.Errorf("%v after %v", context.Cause(ctx), time.Since(start))
				}
				return nil
			}, scope.Graceful(), scope.DropTimeout(4*sec)))
			time.Sleep(sec)
			return nil
		}, new(logs).with())
		if err != nil {
			t.Error(err)
		}
		if len(j.log) != 2 {
			t.Errorf("%q", j.log)
		}
	})
}

// TestStopReachesRunsOfADaemonWhenItIsAsked, not before.
func TestStopReachesRunsOfADaemonWhenItIsAsked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		err := scope.Run(t.Context(), func(ctx context.Context, s *scope.Scope) error {
			_ = must(s.Daemon("server", func(ctx context.Context) error {
				return scope.Run(ctx, func(ctx context.Context, req *scope.Scope) error {
					<-scope.Stopping(ctx)
					if took := time.Since(start); took != 5*sec {
						t.Errorf("asked after %v", took)
					}
					return nil
				})
			}, scope.Graceful()))
			s.Go("drains", sleeps(5*sec))
			synctest.Wait()
			s.Stop(errGone)
			return nil
		})
		if err != nil {
			t.Error(err)
		}
	})
}
