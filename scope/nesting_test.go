package scope_test

import (
	"context"
	"errors"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ebb-go/ebb/scope"
)

// TestLexicalChild: the body, a task, a daemon and a drop do not count as ended
// while a Run in their context lives, on whatever goroutine.
func TestLexicalChild(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var j journal
		nest := func(ctx context.Context, name string) {
			entered := make(chan struct{})
			go func() {
				_ = scope.Run(ctx, func(context.Context, *scope.Scope) error {
					close(entered)
					time.Sleep(10 * sec)
					j.add("nested in " + name)
					return nil
				})
			}()
			<-entered
		}
		err := scope.Run(t.Context(), func(ctx context.Context, s *scope.Scope) error {
			_ = must(scope.Defer(s, "last", j.adds("last")))
			_ = must(scope.Defer(s, "drop", func(ctx context.Context) error { nest(ctx, "drop"); return nil }))
			_ = must(s.Daemon("daemon", func(ctx context.Context) error {
				<-ctx.Done()
				nest(context.WithoutCancel(ctx), "daemon")
				return nil
			}))
			s.Go("task", func(ctx context.Context) error { nest(ctx, "task"); return nil })
			time.Sleep(sec)
			nest(ctx, "body")
			return nil
		}, scope.WithSchedule(scope.Sequential), new(logs).with())
		if err != nil {
			t.Error(err)
		}
		j.want(t, "nested in task", "nested in body", "nested in daemon", "nested in drop", "last")
	})
}

// TestRequestsOfADaemon go on while the rest of the scope drains, and its drop
// waits for them; what they use is still there.
func TestRequestsOfADaemon(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var j journal
		err := scope.Run(t.Context(), func(ctx context.Context, s *scope.Scope) error {
			_ = must(scope.Defer(s, "db", j.adds("db")))
			_ = must(s.Daemon("server", func(ctx context.Context) error {
				for range 3 {
					go func() {
						_ = scope.Run(context.WithoutCancel(ctx), func(ctx context.Context, req *scope.Scope) error {
							time.Sleep(5 * sec)
							if ctx.Err() != nil {
								t.Error("the request was canceled with the scope")
							}
							j.add("request")
							return nil
						})
					}()
				}
				<-ctx.Done()
				j.add("asked")
				return nil
			}))
			synctest.Wait()
			s.Cancel(errGone)
			return nil
		}, new(logs).with())
		wantIs(t, err, errGone)
		j.want(t, "asked", "request", "request", "request", "db")
	})
}

// TestRunInDrop: a drop can open a scope, on a context that is not canceled.
func TestRunInDrop(t *testing.T) {
	var j journal
	err := scope.Run(t.Context(), func(ctx context.Context, s *scope.Scope) error {
		_ = must(scope.Defer(s, "flush", func(ctx context.Context) error {
			return scope.Run(ctx, func(ctx context.Context, s *scope.Scope) error {
				_ = must(scope.Defer(s, "g", j.adds("nested guard")))
				s.Go("t", func(ctx context.Context) error { j.add("nested task"); return ctx.Err() })
				return nil
			})
		}))
		s.Cancel(errGone)
		return nil
	})
	if err != errGone {
		t.Errorf("Run: %v, want the cause alone", err)
	}
	j.want(t, "nested task", "nested guard")
}

// TestNestedFailureStaysInside: a failure of a nested Run is that Run's error and
// does not cancel the owner; its cancellation reaches the nested one.
func TestNestedFailureStaysInside(t *testing.T) {
	err := scope.Run(t.Context(), func(ctx context.Context, s *scope.Scope) error {
		err := scope.Run(ctx, func(ctx context.Context, s *scope.Scope) error {
			s.Go("t", func(context.Context) error { return errBoom })
			<-ctx.Done()
			return nil
		}, scope.WithName("req"))
		wantText(t, err, `scope "orders/req": task "t": boom`)
		if ctx.Err() != nil {
			t.Error("the owner was canceled")
		}
		return scope.Run(ctx, func(in context.Context, _ *scope.Scope) error {
			s.Cancel(errGone)
			<-in.Done()
			return context.Cause(in)
		})
	}, scope.WithName("orders"))
	if err != errGone {
		t.Errorf("%v", err)
	}
}

// TestNestedPanicPassesThrough: also the teardown of the nested one is complete
// when the owner sees it.
func TestNestedPanicPassesThrough(t *testing.T) {
	var j journal
	c := calls(func() error {
		return scope.Run(t.Context(), func(ctx context.Context, s *scope.Scope) error {
			_ = must(scope.Defer(s, "outer", j.adds("outer")))
			return scope.Run(ctx, func(ctx context.Context, s *scope.Scope) error {
				_ = must(scope.Defer(s, "inner", j.adds("inner")))
				panic(errBoom)
			})
		})
	})
	wantTold(t, c, "panics boom")
	j.want(t, "inner", "outer")
}

// TestInherited: options that are said to be reach nested Runs and children; name,
// grace and schedule do not.
func TestInherited(t *testing.T) {
	var l logs
	var p spans
	err := scope.Run(t.Context(), func(ctx context.Context, s *scope.Scope) error {
		check := func(ctx context.Context, s *scope.Scope) {
			s.Go("t", func(context.Context) error { return nil })
			if shot := s.Snapshot(); shot.Grace != 0 || shot.Schedule != "waves" {
				t.Errorf("%+v", shot)
			}
		}
		c := must(s.Child("child"))
		check(ctx, c)
		if err := c.Close(ctx); err != nil {
			return err
		}
		err := scope.Run(ctx, func(ctx context.Context, s *scope.Scope) error {
			check(ctx, s)
			s.Go("p", func(context.Context) error { panic("as error") })
			return nil
		}, scope.WithName("run"))
		var pe *scope.PanicError
		if !errors.As(err, &pe) {
			t.Errorf("WithPanicAsError: %v", err)
		}
		c.Go("late", func(context.Context) error { return nil })
		return nil
	}, l.with(), scope.WithTracerProvider(&p), scope.WithTaskSpans(), scope.WithPanicAsError(), scope.WithGrace(time.Hour), scope.WithSchedule(scope.Eager))
	if err != nil {
		t.Error(err)
	}
	if n := len(p.named("task t")); n != 2 {
		t.Errorf("%d task spans", n)
	}
	l.want(t, "task refused by a closed scope scope=scope/child task=late")
}

// TestChild: it lives until closed, or until its parent drops it; Close waits for
// its tasks, drops what it owns and returns all errors; later calls return nil.
func TestChild(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var j journal
		err := scope.Run(t.Context(), func(ctx context.Context, s *scope.Scope) error {
			c := must(s.Child("c"))
			_ = must(scope.Defer(c, "g", func(context.Context) error { j.add("g"); return errBoom }))
			c.Go("t", func(context.Context) error { time.Sleep(sec); j.add("t"); return nil })
			_ = must(c.Child("grandchild"))
			other := make(chan error)
			go func() { other <- c.Close(ctx) }()
			synctest.Wait()
			second := c.Close(ctx)
			wantText(t, errors.Join(<-other, second), `scope "x/c": drop "g" (wave 1): boom`)
			if err := c.Close(ctx); err != nil {
				t.Error(err)
			}
			left := must(s.Child("left"))
			_ = must(scope.Defer(left, "h", func(context.Context) error { j.add("h"); return errBoom }))
			return nil
		}, scope.WithName("x"))
		j.want(t, "t", "g", "h")
		wantTold(t, call{err: err}, "drop left: error")
		wantText(t, err, `scope "x": drop "left" (wave 0): scope "x/left": drop "h" (wave 0): boom`)
	})
}

// TestChildFailure: a failure inside cancels the child; the parent hears of it when
// the child is closed or dropped, and is not canceled.
func TestChildFailure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		run := calls(func() error {
			return scope.Run(t.Context(), func(ctx context.Context, s *scope.Scope) error {
				c := must(s.Child("c"))
				c.Go("t", func(context.Context) error { return errBoom })
				<-c.Context().Done()
				wantIs(t, context.Cause(c.Context()), errBoom)
				if ctx.Err() != nil {
					t.Error("the parent was canceled")
				}
				wantIs(t, c.Close(ctx), errBoom)
				d := must(s.Child("d"))
				d.Go("t", func(context.Context) error { panic("in d") })
				<-d.Context().Done()
				cl := calls(func() error { return d.Close(ctx) })
				wantTold(t, cl, "panics PanicError in d")
				e := must(s.Child("e"))
				e.Go("t", func(context.Context) error { panic("in e") })
				<-e.Context().Done()
				return nil
			})
		})
		wantTold(t, run, "panics PanicError in e") // as a task's own would
	})
}

// TestChildIsCanceledWithItsParent: its daemons and guards wait for their turn, and
// its echoes are none of its parent's errors.
func TestChildIsCanceledWithItsParent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var j journal
		err := scope.Run(t.Context(), func(ctx context.Context, s *scope.Scope) error {
			c := must(s.Child("c"))
			_ = must(c.Daemon("d", func(ctx context.Context) error { <-ctx.Done(); j.add("daemon"); return ctx.Err() }))
			c.Go("t", func(ctx context.Context) error {
				<-ctx.Done()
				j.add("task")
				return context.Cause(ctx)
			})
			s.Cancel(errGone)
			synctest.Wait()
			j.add("body")
			return nil
		})
		if err != nil && err != errGone {
			t.Errorf("%v", err)
		}
		j.want(t, "task", "body", "daemon")
	})
}

// TestCloseMistakes: Close of a scope made by Run, and Close from inside, are errors
// and do nothing.
func TestCloseMistakes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		inScope(t, func(ctx context.Context, s *scope.Scope) {
			if err := s.Close(ctx); err == nil || s.Snapshot().State != "open" {
				t.Error("Close of a scope made by Run")
			}
			c := must(s.Child("c"))
			c.Go("t", func(ctx context.Context) error { wantIs(t, c.Close(ctx), scope.ErrReentrant); return nil })
			_ = must(c.Daemon("d", func(ctx context.Context) error { wantIs(t, c.Close(ctx), scope.ErrReentrant); return nil }))
			_ = must(scope.Defer(c, "g", func(ctx context.Context) error { wantIs(t, c.Close(ctx), scope.ErrReentrant); return nil }))
			c.Go("nested", func(ctx context.Context) error {
				return scope.Run(ctx, func(ctx context.Context, _ *scope.Scope) error {
					wantIs(t, c.Close(ctx), scope.ErrReentrant)
					return nil
				})
			})
			synctest.Wait()
			if c.Snapshot().State != "open" {
				t.Error(c.Snapshot().State)
			}
			if err := c.Close(ctx); err != nil {
				t.Error(err)
			}
		})
	})
}

// TestCloseBoundsTheWaitOnly: when its ctx ends Close returns the cause, and the
// child goes on closing; an error that nobody heard is Run's.
func TestCloseBoundsTheWaitOnly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		err := scope.Run(t.Context(), func(ctx context.Context, s *scope.Scope) error {
			c := must(s.Child("c"))
			_ = must(scope.Defer(c, "g", func(context.Context) error { time.Sleep(4 * sec); return errBoom }))
			own, cancel := context.WithCancelCause(ctx)
			time.AfterFunc(sec, func() { cancel(errGone) })
			if err := c.Close(own); err != errGone {
				t.Error(err)
			}
			return nil
		})
		wantIs(t, err, errBoom)
	})
}

// TestDaemon: its context is not canceled with the scope but when its turn comes;
// it then finds the scope's cause, or ErrClosed; its echo of being asked is left
// out, and by itself no reason to return a cause.
func TestDaemon(t *testing.T) {
	for _, canceled := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			want, wantErr := error(scope.ErrClosed), error(nil)
			if canceled {
				want, wantErr = errGone, errGone
			}
			err := scope.Run(t.Context(), func(ctx context.Context, s *scope.Scope) error {
				_ = must(s.Daemon("d", func(ctx context.Context) error {
					<-ctx.Done()
					if cause := context.Cause(ctx); !errors.Is(cause, want) {
						t.Errorf("cause %v, want %v", cause, want)
					}
					return context.Cause(ctx)
				}))
				s.Go("t", func(ctx context.Context) error { time.Sleep(sec); return nil })
				if canceled {
					s.Cancel(errGone)
				}
				return nil
			})
			if err != wantErr {
				t.Errorf("canceled %v: %v", canceled, err)
			}
		})
	}
}

// TestDaemonDrop stops it now; that it is asked is no failure.
func TestDaemonDrop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		inScope(t, func(ctx context.Context, s *scope.Scope) {
			d := must(s.Daemon("d", func(ctx context.Context) error { <-ctx.Done(); time.Sleep(sec); return context.Cause(ctx) }))
			start := time.Now()
			if err := d.Drop(ctx); err != nil || time.Since(start) != sec {
				t.Error(err, time.Since(start))
			}
			bad := must(s.Daemon("bad", func(ctx context.Context) error { <-ctx.Done(); return errBoom }))
			wantIs(t, bad.Drop(ctx), errBoom)
			self := make(chan *scope.Daemon, 1)
			r := must(s.Daemon("self", func(ctx context.Context) error {
				wantIs(t, (<-self).Drop(ctx), scope.ErrReentrant)
				<-ctx.Done()
				return nil
			}))
			self <- r
			synctest.Wait()
			goes := must(s.Daemon("goes", func(ctx context.Context) error { <-ctx.Done(); runtime.Goexit(); return nil }))
			wantIs(t, goes.Drop(ctx), scope.ErrGoexit)
		})
	})
}

// TestDaemonThatEnds of itself without an error is no failure; what depends on the
// same guards is not disturbed.
func TestDaemonThatEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		inScope(t, func(ctx context.Context, s *scope.Scope) {
			_ = must(s.Daemon("d", nothing))
			synctest.Wait()
			if ctx.Err() != nil {
				t.Error("canceled")
			}
		})
	})
}
