package scope_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ebb-go/ebb/guard"
	"github.com/ebb-go/ebb/scope"
)

type fn = func(ctx context.Context) (int, error)

// after returns v and err when d has passed, or the cause if ctx ends first.
func after(d time.Duration, v int, err error) fn {
	return func(ctx context.Context) (int, error) {
		select {
		case <-time.After(d):
			return v, err
		case <-ctx.Done():
			return 0, context.Cause(ctx)
		}
	}
}

// TestRace: the first success wins, the others are canceled and joined.
func TestRace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		joined := false
		start := time.Now()
		v, err := scope.Race(t.Context(), after(3*sec, 3, nil), after(sec, 1, errBoom), after(2*sec, 2, nil), func(ctx context.Context) (int, error) {
			<-ctx.Done()
			time.Sleep(5 * sec)
			joined = true
			return 0, nil // too late to win
		})
		if v != 2 || err != nil || !joined || time.Since(start) != 7*sec {
			t.Errorf("%v %v, joined %v after %v", v, err, joined, time.Since(start))
		}
		_, err = scope.Race(t.Context(), after(2*sec, 0, errBoom), after(sec, 0, errGone))
		wantText(t, err, "boom; caller is gone") // in the order of the functions
		if _, err := scope.Race[int](t.Context()); err == nil {
			t.Error("a race between nobody")
		}
		ctx, cancel := context.WithCancelCause(t.Context())
		time.AfterFunc(sec, func() { cancel(errGone) })
		_, err = scope.Race(ctx, after(time.Hour, 1, nil))
		wantIs(t, err, errGone)
	})
}

// TestRaceAcquire: a loser that acquires inside of a nested Run loses nothing.
func TestRaceAcquire(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var j journal
		inScope(t, func(ctx context.Context, s *scope.Scope) {
			try := func(name string, d time.Duration) func(context.Context) (string, error) {
				return func(ctx context.Context) (string, error) {
					return scope.RunValue(ctx, func(ctx context.Context, in *scope.Scope) (string, error) {
						h, err := scope.Acquire(ctx, in, name, opens(name), func(context.Context, string) error { j.add("drop " + name); return nil })
						if err != nil {
							return "", err
						}
						if _, err := after(d, 0, nil)(ctx); err != nil {
							return "", err
						}
						moved, err := h.MoveTo(s)
						if err != nil {
							return "", err
						}
						return moved.Value(), nil
					})
				}
			}
			v, err := scope.Race(ctx, try("a", 2*sec), try("b", sec))
			if v != "b" || err != nil {
				t.Error(v, err)
			}
			j.add("won")
		})
		j.want(t, "drop a", "won", "drop b")
	})
}

// TestAll: results in the order of the functions; the first failure cancels the
// others, whose echoes are left out; all other errors are kept, in order.
func TestAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		vs, err := scope.All(t.Context(), after(3*sec, 3, nil), after(sec, 1, nil), after(2*sec, 2, nil))
		if !slices.Equal(vs, []int{3, 1, 2}) || err != nil {
			t.Error(vs, err)
		}
		_, err = scope.All(t.Context(), func(ctx context.Context) (int, error) {
			<-ctx.Done()
			return 0, fmt.Errorf("cleaning up: %w", errGone)
		}, after(time.Hour, 0, nil), after(sec, 0, errBoom))
		wantText(t, err, "cleaning up: caller is gone; boom")
		vs, err = scope.All[int](t.Context())
		if len(vs) != 0 || err != nil {
			t.Error(vs, err)
		}
		ctx, cancel := context.WithCancelCause(t.Context())
		time.AfterFunc(sec, func() { cancel(errGone) })
		if _, err = scope.All(ctx, after(time.Hour, 0, nil), after(time.Hour, 0, nil)); err != errGone {
			t.Error(err)
		}
	})
}

// TestJoinedPanics: a panic joins the siblings, then the caller panics with a
// *PanicError that has the others' errors; a Goexit is an error.
func TestJoinedPanics(t *testing.T) {
	joined := 0
	sibling := func(ctx context.Context) (int, error) {
		<-ctx.Done()
		joined++
		return 0, errBoom
	}
	mad := func(context.Context) (int, error) { panic("mad") }
	erring := func(f fn) func(context.Context) error {
		return func(ctx context.Context) error { _, err := f(ctx); return err }
	}
	inScope(t, func(ctx context.Context, s *scope.Scope) {
		for name, f := range map[string]func() error{
			"All":        func() error { _, err := scope.All(ctx, sibling, mad); return err },
			"Race":       func() error { _, err := scope.Race(ctx, sibling, mad); return err },
			"AcquireAll": func() error { return scope.AcquireAll(ctx, s, erring(sibling), erring(mad)) },
			"OpenAll": func() error {
				return scope.OpenAll(ctx, scope.Lazy(s, "s", after(time.Hour, 0, nil), guard.Nothing), scope.Lazy(s, "m", mad, guard.Nothing))
			},
		} {
			joined = 0
			c := calls(f)
			p, ok := c.panic.(*scope.PanicError)
			if !ok || p.Value != "mad" || len(p.Stack) == 0 {
				t.Fatalf("%s: %+v", name, c)
			}
			// What a lazy opens outlives a caller that gives up; its drop joins it.
			if name != "OpenAll" && (joined != 1 || !errors.Is(p, errBoom)) {
				t.Errorf("%s: %d joined, %v", name, joined, p)
			}
		}
		_, err := scope.All(ctx, func(context.Context) (int, error) { runtime.Goexit(); return 0, nil }, after(time.Hour, 0, nil))
		wantIs(t, err, scope.ErrGoexit)
	})
}

// TestAcquireAll: concurrently; a failure cancels the rest, and what was acquired
// until then stays the scope's and is dropped with it.
func TestAcquireAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var j journal
		start := time.Now()
		acquire := func(s *scope.Scope, name string, d time.Duration, fails error) func(context.Context) error {
			return func(ctx context.Context) error {
				_, err := scope.Acquire(ctx, s, name, after(d, 0, fails), func(context.Context, int) error { j.add(name); return nil })
				return err
			}
		}
		inScope(t, func(ctx context.Context, s *scope.Scope) {
			if err := scope.AcquireAll(ctx, s, acquire(s, "a", sec, nil), acquire(s, "b", sec, nil)); err != nil || time.Since(start) != sec {
				t.Error(err, time.Since(start))
			}
		}, scope.WithDropLimit(1))
		if len(j.log) != 2 {
			t.Error(j.log)
		}
		j.log = nil
		err := scope.Run(t.Context(), func(ctx context.Context, s *scope.Scope) error {
			return scope.AcquireAll(ctx, s, acquire(s, "quick", sec, nil), acquire(s, "bad", 2*sec, errBoom), acquire(s, "slow", time.Hour, nil))
		})
		if err != errBoom {
			t.Error(err)
		}
		j.want(t, "quick")
	})
}

// TestAsyncAwait: any number of times, from anywhere, also after the scope has
// closed; with the task's own error.
func TestAsyncAwait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var kept *scope.Task[int]
		inScope(t, func(ctx context.Context, s *scope.Scope) {
			task := scope.Async(s, "sum", after(sec, 42, nil))
			kept = task
			own, cancel := context.WithTimeoutCause(ctx, sec/2, errGone)
			defer cancel()
			if _, err := task.Await(own); err != errGone {
				t.Errorf("the cause of the waiter's ctx: %v", err)
			}
			for range 3 {
				if v, err := task.Await(ctx); v != 42 || err != nil {
					t.Error(v, err)
				}
			}
		})
		ended, cancel := context.WithCancel(t.Context())
		cancel()
		if v, err := kept.Await(ended); v != 42 || err != nil {
			t.Error(v, err)
		}
	})
}

// TestAsyncFaults: Await tells an error, a panic, a Goexit, a refusal, and that the
// task was abandoned.
func TestAsyncFaults(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var boom, mad, gone, refused *scope.Task[int]
		c := calls(func() error {
			return scope.Run(t.Context(), func(ctx context.Context, s *scope.Scope) error {
				boom = scope.Async(s, "boom", func(context.Context) (int, error) { return 7, errBoom })
				gone = scope.Async(s, "gone", func(context.Context) (int, error) { runtime.Goexit(); return 0, nil })
				// Last, since a panic cancels also under a supervisor.
				mad = scope.Async(s, "mad", func(context.Context) (int, error) { panic("mad") })
				<-ctx.Done()
				refused = scope.Async(s, "refused", func(context.Context) (int, error) { t.Error("run"); return 0, nil })
				return nil
			}, scope.WithPanicAsError(), scope.WithSupervisor())
		})
		if c.err == nil {
			t.Error("no error")
		}
		if v, err := boom.Await(t.Context()); v != 7 || err != errBoom {
			t.Error(v, err)
		}
		_, err := mad.Await(t.Context())
		var p *scope.PanicError
		if !errors.As(err, &p) || p.Value != "mad" {
			t.Error(err)
		}
		_, err = gone.Await(t.Context())
		wantIs(t, err, scope.ErrGoexit)
		_, err = refused.Await(t.Context())
		if err == nil {
			t.Error("refused")
		}
	})
	bubbleOf(t, func(t *testing.T, hang stuck) {
		var task *scope.Task[int]
		_ = scope.Run(t.Context(), func(ctx context.Context, s *scope.Scope) error {
			task = scope.Async(s, "stuck", func(ctx context.Context) (int, error) { return 1, hang.drop(ctx) })
			s.Cancel(nil)
			return nil
		}, scope.WithGrace(sec), new(logs).with())
		own, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		_, err := task.Await(own)
		wantIs(t, err, scope.ErrAbandoned)
	})
}

// TestAwaitOfItself gets ErrReentrant.
func TestAwaitOfItself(t *testing.T) {
	inScope(t, func(ctx context.Context, s *scope.Scope) {
		self := make(chan *scope.Task[int], 1)
		self <- scope.Async(s, "self", func(ctx context.Context) (int, error) {
			_, err := (<-self).Await(ctx)
			wantIs(t, err, scope.ErrReentrant)
			return 0, nil
		})
	})
}

// TestLazy: opened by its first use, once for all callers; it has its place among
// its neighbours from the start, and what its open function uses it depends on.
func TestLazy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var j journal
		inScope(t, func(ctx context.Context, s *scope.Scope) {
			db := must(scope.Acquire(ctx, s, "db", opens("db"), func(context.Context, string) error { j.add("db"); return nil }))
			opened := 0
			l := scope.Lazy(s, "lazy", func(ctx context.Context) (string, error) {
				opened++
				time.Sleep(sec)
				return "lazy " + db.Use(ctx), nil
			}, func(context.Context, string) error { j.add("lazy"); return nil })
			never := scope.Lazy(s, "never", func(context.Context) (string, error) { t.Error("opened"); return "", nil },
				func(context.Context, string) error { t.Error("dropped"); return nil }, scope.DependsOn(l))
			_ = must(scope.Defer(s, "user", j.adds("user"), scope.DependsOn(never)))
			first, cancel := context.WithCancel(ctx)
			for i := range 4 {
				use := ctx
				if i == 0 {
					use = first
				}
				s.Go("use", func(context.Context) error {
					v, err := l.Use(use)
					if i > 0 && (v != "lazy db" || err != nil) {
						t.Error(v, err)
					}
					return nil
				})
			}
			synctest.Wait()
			cancel() // the first caller gives up; the others do not notice
			time.Sleep(2 * sec)
			if opened != 1 {
				t.Errorf("opened %d times", opened)
			}
			wantPlan(t, s, "user->never", "never->lazy", "lazy->db", "db")
		})
		j.want(t, "user", "lazy", "db")
	})
}

// TestLazyFails: a failed open is told to all who wait, and the next Use tries
// again; once its drop has begun Use is ErrDropped.
func TestLazyFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		inScope(t, func(ctx context.Context, s *scope.Scope) {
			tries := 0
			l := scope.Lazy(s, "l", func(context.Context) (int, error) {
				time.Sleep(sec)
				if tries++; tries == 1 {
					return 0, errBoom
				}
				return tries, nil
			}, guard.Nothing)
			for range 3 {
				s.Go("use", func(ctx context.Context) error { _, err := l.Use(ctx); wantIs(t, err, errBoom); return nil })
			}
			time.Sleep(2 * sec)
			if v, err := l.Use(ctx); v != 2 || err != nil || tries != 2 {
				t.Error(v, err, tries)
			}
			if err := l.Drop(ctx); err != nil {
				t.Error(err)
			}
			_, err := l.Use(ctx)
			wantIs(t, err, scope.ErrDropped)
			if err := l.DropTree(ctx); err != nil {
				t.Error(err)
			}
		})
	})
}

// TestLazyCycle: opens that wait for each other are a *CycleError, not a deadlock.
func TestLazyCycle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		inScope(t, func(ctx context.Context, s *scope.Scope) {
			var a, b *scope.LazyHandle[int]
			a = scope.Lazy(s, "a", func(ctx context.Context) (int, error) { return b.Use(ctx) }, guard.Nothing)
			b = scope.Lazy(s, "b", func(ctx context.Context) (int, error) { return a.Use(ctx) }, guard.Nothing)
			var cycle *scope.CycleError
			if _, err := a.Use(ctx); !errors.As(err, &cycle) {
				t.Errorf("%v", err)
			}
			if err := scope.OpenAll(ctx, a, b); !errors.As(err, &cycle) {
				t.Errorf("%v", err)
			}
		})
	})
}

// TestOpenAll: concurrently, in the order that their use of each other asks for.
func TestOpenAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		inScope(t, func(ctx context.Context, s *scope.Scope) {
			start := time.Now()
			db := scope.Lazy(s, "db", after(sec, 1, nil), guard.Nothing)
			log := scope.Lazy(s, "log", after(sec, 1, nil), guard.Nothing)
			api := scope.Lazy(s, "api", func(ctx context.Context) (int, error) {
				v, err := db.Use(ctx)
				if err != nil {
					return 0, err
				}
				return after(sec, v+1, nil)(ctx)
			}, guard.Nothing)
			if err := scope.OpenAll(ctx, api, db, log); err != nil || time.Since(start) != 2*sec {
				t.Error(err, time.Since(start))
			}
			wantPlan(t, s, "log api->db", "db")
		})
	})
}

// TestAwaitOfWhatDidNotRun: Await returns why a task was refused, what one that was
// abandoned is called, and what one panicked with; a task's own error is its own,
// whatever it wraps.
func TestAwaitOfWhatDidNotRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		late := make(chan struct{})
		var abandoned, refused, mad, wraps *scope.Task[int]
		give := wrapsPanic()
		c := calls(func() error {
			return scope.Run(t.Context(), func(ctx context.Context, s *scope.Scope) error {
				abandoned = scope.Async(s, "late", func(context.Context) (int, error) { <-late; return 1, nil })
				wraps = scope.Async(s, "wraps", func(context.Context) (int, error) { return 7, give })
				if v, err := wraps.Await(ctx); v != 7 || err != give {
					t.Errorf("%d, %v", v, err)
				}
				mad = scope.Async(s, "mad", func(context.Context) (int, error) { panic("kaboom") })
				_, err := mad.Await(context.WithoutCancel(ctx))
				if p, ok := err.(*scope.PanicError); !ok || p.Value != "kaboom" {
					t.Errorf("%v", err)
				}
				s.Cancel(errGone)
				refused = scope.Async(s, "refused", func(context.Context) (int, error) { t.Error("run"); return 1, nil })
				return nil
			}, scope.WithGrace(sec), scope.WithSupervisor(), scope.WithPanicAsError(), new(logs).with())
		})
		if c.panic != nil {
			t.Errorf("%v", c.panic)
		}
		if v, err := refused.Await(t.Context()); v != 0 || err == nil || !errors.As(err, new(*scope.PanicError)) {
			t.Errorf("refused: %d, %v; want the cause", v, err) // that of the panic came first
		}
		var a *scope.AbandonedError
		if v, err := abandoned.Await(t.Context()); v != 0 || !errors.As(err, &a) || a.Name != "late" {
			t.Errorf("abandoned: %d, %v", v, err)
		}
		close(late)
		synctest.Wait()
		if v, err := abandoned.Await(t.Context()); v != 0 || !errors.Is(err, scope.ErrAbandoned) {
			t.Errorf("abandoned, and returned after all: %d, %v", v, err)
		}
	})
}

// TestParallelPanics: a panic of one function of a Race or an All joins the others,
// then goes on with what else failed beside it; an error that wraps a panic is none.
func TestParallelPanics(t *testing.T) {
	give := wrapsPanic()
	joined := false
	mad := fn(func(context.Context) (int, error) { panic("kaboom") })
	waits := fn(func(ctx context.Context) (int, error) {
		<-ctx.Done()
		time.Sleep(sec)
		joined = true
		return 0, errBoom
	})
	wraps := fn(func(context.Context) (int, error) { return 0, give })
	for name, call := range map[string]func(ctx context.Context, fns ...fn) error{
		"Race": func(ctx context.Context, fns ...fn) error { _, err := scope.Race(ctx, fns...); return err },
		"All":  func(ctx context.Context, fns ...fn) error { _, err := scope.All(ctx, fns...); return err },
		"AcquireAll": func(ctx context.Context, fns ...fn) error {
			return scope.Run(ctx, func(ctx context.Context, s *scope.Scope) error {
				var acquires []func(context.Context) error
				for _, f := range fns {
					acquires = append(acquires, func(ctx context.Context) error { _, err := f(ctx); return err })
				}
				return scope.AcquireAll(ctx, s, acquires...)
			})
		},
		"OpenAll": func(ctx context.Context, fns ...fn) error {
			return scope.Run(ctx, func(ctx context.Context, s *scope.Scope) error {
				var lazies []scope.Opener
				for _, f := range fns {
					lazies = append(lazies, scope.Lazy(s, "l", f, func(context.Context, int) error { return nil }))
				}
				return scope.OpenAll(ctx, lazies...)
			})
		},
	} {
		synctest.Test(t, func(t *testing.T) {
			joined = false
			c := calls(func() error { return call(t.Context(), waits, mad) })
			p, ok := c.panic.(*scope.PanicError)
			if !ok || p.Value != "kaboom" || !joined || !strings.Contains(p.Error(), "goroutine") {
				t.Errorf("%s: %v, %v, joined %t", name, c.panic, c.err, joined)
			}
			if ok && name != "OpenAll" && !errors.Is(p, errBoom) { // a Lazy gives up who waits for no one
				t.Errorf("%s: others %v", name, p.Others())
			}
			if c := calls(func() error { return call(t.Context(), wraps) }); c.panic != nil || !errors.Is(c.err, give) {
				t.Errorf("%s: panic %v, error %v", name, c.panic, c.err)
			}
		})
	}
}
