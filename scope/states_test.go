package scope_test

import (
	"context"
	"errors"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ebb-go/ebb/guard"
	"github.com/ebb-go/ebb/scope"
)

// TestStates: a scope moves only down the list open, draining, dropping, closed.
func TestStates(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var states []string
		var kept *scope.Scope
		note := func(s *scope.Scope) { states = append(states, s.Snapshot().State) }
		err := scope.Run(t.Context(), func(ctx context.Context, s *scope.Scope) error {
			kept = s
			note(s)
			_, _ = scope.Defer(s, "g", func(context.Context) error { note(s); return nil })
			s.Go("t", func(ctx context.Context) error {
				time.Sleep(time.Second)
				note(s)
				return nil
			})
			return nil
		})
		note(kept)
		if want := []string{"open", "draining", "dropping", "closed"}; err != nil || !slices.Equal(states, want) {
			t.Errorf("states %q, err %v", states, err)
		}
	})
}

// TestDrainingAccepts: a draining scope takes tasks from its tasks, guards,
// daemons and children; all of it is dropped.
func TestDrainingAccepts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var j journal
		err := scope.Run(t.Context(), func(ctx context.Context, s *scope.Scope) error {
			s.Go("t", func(ctx context.Context) error {
				time.Sleep(time.Second) // the body has returned
				if err := s.TryGo("more", func(ctx context.Context) error {
					time.Sleep(time.Second)
					j.add("more")
					return nil
				}); err != nil {
					return err
				}
				if _, err := scope.Acquire(ctx, s, "late", opens("late"), func(context.Context, string) error { j.add("late"); return nil }); err != nil {
					return err
				}
				c, err := s.Child("child")
				if err != nil {
					return err
				}
				if _, err := scope.Defer(c, "in", j.adds("in child")); err != nil {
					return err
				}
				_, err = s.Daemon("daemon", func(ctx context.Context) error {
					<-ctx.Done()
					j.add("daemon")
					return nil
				}, scope.DependsOn(c))
				return err
			})
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		j.want(t, "more", "daemon", "in child", "late")
	})
}

// TestDrainingUncanceledIsNotBounded: without a cancellation tasks run to their
// end, whatever the grace.
func TestDrainingUncanceledIsNotBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := calls(func() error {
			return scope.Run(t.Context(), func(ctx context.Context, s *scope.Scope) error {
				s.Go("long", func(ctx context.Context) error {
					select {
					case <-time.After(time.Hour):
						return nil
					case <-ctx.Done():
						return ctx.Err()
					}
				})
				_, _ = scope.Defer(s, "g", func(context.Context) error { return nil })
				return nil
			}, scope.WithGrace(time.Second))
		})
		if c.err != nil || c.took != time.Hour {
			t.Errorf("%v after %v", c.err, c.took)
		}
	})
}

// refusals calls everything that registers something on s, and wants each to be
// refused with ErrClosed, values that were handed over dropped, and nothing
// opened or run.
func refusals(t *testing.T, ctx context.Context, s *scope.Scope) {
	t.Helper()
	never := func(context.Context) (int, error) { t.Error("an open function was called"); return 0, nil }
	task := func(context.Context) error { t.Error("a task was run"); return nil }
	var j journal
	_, acquire := scope.Acquire(ctx, s, "a", never, guard.Nothing)
	_, deferred := scope.Defer(s, "d", func(context.Context) error { j.add("deferred"); return errBoom })
	g := guard.New(1, func(context.Context, int) error { j.add("registered"); return errBoom })
	_, register := scope.Register(s, "r", g)
	_, daemon := s.Daemon("daemon", task)
	_, child := s.Child("child")
	_, _, start := scope.Start(ctx, s, "start", func(context.Context, func(int)) error { return task(ctx) })
	_, lazy := scope.Lazy(s, "lazy", never, guard.Nothing).Use(ctx)
	all := scope.AcquireAll(ctx, s, task)
	_, await := scope.Async(s, "async", never).Await(ctx)
	for name, err := range map[string]error{
		"Acquire": acquire, "Defer": deferred, "Register": register, "Daemon": daemon, "Child": child, "Start": start,
		"Lazy": lazy, "AcquireAll": all, "TryGo": s.TryGo("t", task), "Async": await,
	} {
		if !errors.Is(err, scope.ErrClosed) {
			t.Errorf("%s: %v, want ErrClosed", name, err)
		}
		if dropped := name == "Defer" || name == "Register"; dropped != errors.Is(err, errBoom) {
			t.Errorf("%s: %v: the drop's error stands beside ErrClosed", name, err)
		}
	}
	if !g.Dropped() {
		t.Error("what was handed over was not dropped")
	}
	j.want(t, "deferred", "registered")
}

// TestDroppingRefuses: a scope that is being dropped refuses every registration
// with ErrClosed, and drops what was handed over at once.
func TestDroppingRefuses(t *testing.T) {
	ran := false
	err := scope.Run(t.Context(), func(ctx context.Context, s *scope.Scope) error {
		_, err := scope.Defer(s, "g", func(ctx context.Context) error {
			ran = true
			refusals(t, ctx, s)
			return nil
		})
		return err
	})
	if err != nil || !ran {
		t.Error(err, ran)
	}
}

// TestClosedRefuses: so does a closed one; Cancel and Stop do nothing then.
func TestClosedRefuses(t *testing.T) {
	var s *scope.Scope
	var l logs
	err := scope.Run(t.Context(), func(ctx context.Context, in *scope.Scope) error { s = in; return nil }, l.with(), scope.WithName("x"))
	if err != nil {
		t.Fatal(err)
	}
	refusals(t, t.Context(), s)
	s.Cancel(errBoom)
	s.Stop(errBoom)
	if cause := context.Cause(s.Context()); !errors.Is(cause, scope.ErrClosed) || !errors.Is(cause, context.Canceled) {
		t.Errorf("cause %v", cause)
	}
	l.want(t)
	s.Go("t", func(context.Context) error { t.Error("run"); return nil })
	l.want(t, "task refused by a closed scope scope=x task=t")
}

// TestRefusedDropIsOutsideOfLocks: what a closed scope drops at once may use that
// scope.
func TestRefusedDropIsOutsideOfLocks(t *testing.T) {
	var s *scope.Scope
	_ = scope.Run(t.Context(), func(ctx context.Context, in *scope.Scope) error { s = in; return nil })
	_, err := scope.Defer(s, "d", func(ctx context.Context) error {
		if s.Snapshot().State != "closed" || len(s.Plan().Waves) != 0 {
			t.Error("state")
		}
		panic("contained")
	})
	wantIs(t, err, scope.ErrClosed)
	var d *scope.DropError
	if !errors.As(err, &d) || d.Outcome != "panic" {
		t.Errorf("%v", err)
	}
}

// TestAcquireFinishesWhileCanceled: an acquire that finishes while its scope is
// being canceled is registered and dropped.
func TestAcquireFinishesWhileCanceled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var j journal
		err := scope.Run(t.Context(), func(ctx context.Context, s *scope.Scope) error {
			time.AfterFunc(time.Second, func() { s.Cancel(errBoom) })
			h, err := scope.Acquire(ctx, s, "db", func(context.Context) (string, error) {
				time.Sleep(2 * time.Second)
				return "db", nil
			}, func(context.Context, string) error { j.add("dropped"); return nil })
			if err != nil || h.Value() != "db" {
				t.Error(err)
			}
			j.add("acquired")
			return nil
		})
		wantIs(t, err, errBoom)
		j.want(t, "acquired", "dropped")
	})
}

// TestAcquireFinishesTooLate: an acquire of an abandoned task, whose scope has
// closed meanwhile, drops its value at once and returns ErrClosed.
func TestAcquireFinishesTooLate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		late := make(chan error, 1)
		var j journal
		err := scope.Run(t.Context(), func(ctx context.Context, s *scope.Scope) error {
			s.Go("opens", func(ctx context.Context) error {
				_, err := scope.Acquire(ctx, s, "db", func(context.Context) (string, error) {
					time.Sleep(time.Hour)
					return "db", nil
				}, func(context.Context, string) error { j.add("dropped"); return errBoom })
				late <- err
				return nil
			})
			s.Cancel(nil)
			return nil
		}, scope.WithGrace(time.Second), new(logs).with())
		wantIs(t, err, scope.ErrAbandoned)
		got := <-late
		wantIs(t, got, scope.ErrClosed)
		wantIs(t, got, errBoom)
		j.want(t, "dropped")
	})
}

// TestRunInEndedOwner: Run on the context of a body, task, daemon or drop that
// has ended returns ErrClosed without calling fn.
func TestRunInEndedOwner(t *testing.T) {
	ctxs := map[string]context.Context{}
	var mu sync.Mutex
	keep := func(name string, ctx context.Context) {
		mu.Lock()
		defer mu.Unlock()
		ctxs[name] = ctx
	}
	tryAll := func(but string) {
		mu.Lock()
		defer mu.Unlock()
		for name, ctx := range ctxs {
			if name == but {
				continue
			}
			err := scope.Run(ctx, func(context.Context, *scope.Scope) error { t.Errorf("fn was called in an ended %s", name); return nil })
			if !errors.Is(err, scope.ErrClosed) {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
	err := scope.Run(t.Context(), func(ctx context.Context, s *scope.Scope) error {
		keep("body", ctx)
		_, _ = scope.Defer(s, "last", func(ctx context.Context) error {
			keep("last", ctx)
			tryAll("last") // the body, the task, the daemon and the other drop have ended
			return nil
		})
		_, _ = scope.Defer(s, "drop", func(ctx context.Context) error { keep("drop", ctx); return nil })
		_, _ = s.Daemon("daemon", func(ctx context.Context) error { keep("daemon", ctx); return nil })
		s.Go("task", func(ctx context.Context) error { keep("task", ctx); return nil })
		return nil
	}, scope.WithSchedule(scope.Sequential))
	if err != nil || len(ctxs) != 5 {
		t.Fatal(err, len(ctxs))
	}
	tryAll("")
}

// TestRunReturnsWhenAllHasEnded: also when the body fails, panics or calls Goexit.
func TestRunReturnsWhenAllHasEnded(t *testing.T) {
	ways := map[string]func() error{
		"returns": func() error { return nil },
		"fails":   func() error { return errBoom },
		"panics":  func() error { panic("body") },
		"goexit":  func() error { runtime.Goexit(); return nil },
	}
	for name, way := range ways {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var j journal
				c := calls(func() error {
					return scope.Run(t.Context(), func(ctx context.Context, s *scope.Scope) error {
						_, _ = scope.Defer(s, "guard", j.adds("guard"))
						_, _ = s.Daemon("daemon", func(ctx context.Context) error {
							<-ctx.Done()
							time.Sleep(time.Second)
							j.add("daemon")
							return nil
						})
						s.Go("task", func(context.Context) error {
							time.Sleep(time.Minute) // does not look at its context
							j.add("task")
							return nil
						})
						return way()
					})
				})
				j.want(t, "task", "daemon", "guard")
				if c.took != time.Minute+time.Second {
					t.Errorf("Run took %v", c.took)
				}
			})
		})
	}
}

// TestNilFunctions: a nil function is a programmer's fault and panics, naming who
// was called.
func TestNilFunctions(t *testing.T) {
	_ = scope.Run(t.Context(), func(ctx context.Context, s *scope.Scope) error {
		for name, f := range map[string]func(){
			"Run":      func() { _ = scope.Run(ctx, nil) },
			"RunValue": func() { _, _ = scope.RunValue[int](ctx, nil) },
			"Go":       func() { s.Go("t", nil) },
			"TryGo":    func() { _ = s.TryGo("t", nil) },
			"Daemon":   func() { _, _ = s.Daemon("d", nil) },
			"Acquire":  func() { _, _ = scope.Acquire[int](ctx, s, "a", nil, nil) },
			"Defer":    func() { _, _ = scope.Defer(s, "d", nil) },
			"Lazy":     func() { scope.Lazy[int](s, "l", nil, nil) },
			"Start":    func() { _, _, _ = scope.Start[int](ctx, s, "s", nil) },
			"Async":    func() { scope.Async[int](s, "a", nil) },
		} {
			c := calls(func() error { f(); return nil })
			if text, _ := c.panic.(string); text != "scope."+name+": nil function" {
				t.Errorf("%s(nil): %v", name, c.panic)
			}
		}
		return nil
	})
}

// TestInvalidOptions: an option that makes no sense is an error of the call, which
// names it, and nothing is begun.
func TestInvalidOptions(t *testing.T) {
	never := func(context.Context, *scope.Scope) error { t.Error("called"); return nil }
	for want, o := range map[string]scope.Option{
		"WithGrace(-1s)":                     scope.WithGrace(-time.Second),
		"WithDropTimeout(-1s)":               scope.WithDropTimeout(-time.Second),
		"WithSchedule(9)":                    scope.WithSchedule(9),
		"WithTaskLimit(-1)":                  scope.WithTaskLimit(-1),
		"WithDropLimit(-1)":                  scope.WithDropLimit(-1),
		"WithSlowThreshold(-1s)":             scope.WithSlowThreshold(-time.Second),
		"DropTimeout is an option of guards": scope.DropTimeout(time.Second),
		"Hold is an option of guards":        scope.Hold(),
	} {
		if err := scope.Run(t.Context(), never, o); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", want, err)
		}
	}
	err := scope.Run(t.Context(), func(ctx context.Context, s *scope.Scope) error {
		_, graceful := scope.Defer(s, "d", func(context.Context) error { return nil }, scope.Graceful())
		_, negative := scope.Defer(s, "d", func(context.Context) error { return nil }, scope.DropTimeout(-1))
		_, child := s.Child("c", scope.WithGrace(-1))
		for _, err := range []error{graceful, negative, child} {
			if err == nil {
				t.Error("no error")
			}
		}
		if n := len(s.Snapshot().Items); n != 0 {
			t.Errorf("%d things are registered", n)
		}
		return nil
	}, nil, scope.WithReport(nil), scope.WithTelemetry(nil), scope.WithLogger(nil), scope.WithTracerProvider(nil), scope.WithMeterProvider(nil), scope.WithInspector(nil))
	if err != nil {
		t.Error(err)
	}
}
