package scope_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
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

// TestParallelPanics: a panic of one function of a Race or an All joins the others,
// then goes on with what else failed beside it; an error that wraps a panic is none.
func TestParallelPanics(t *testing.T) {
	give := wrapsPanic()
	joined := false
	mad := fn(func(context.Context) (int, error) {
		time.Sleep(time.Nanosecond) // until the others wait
		panic("kaboom")
	})
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

// TestAsyncPool: under a task limit a loop of Async runs as many as that at once, and
// their results come in order; the first failure cancels the rest, and is the error.
func TestAsyncPool(t *testing.T) {
	pool := func(t *testing.T, fail int) (sum []int, most int32, err error) {
		var running atomic.Int32
		var mu sync.Mutex
		sum, err = scope.RunValue(t.Context(), func(ctx context.Context, s *scope.Scope) (all []int, err error) {
			var tasks []*scope.Task[int]
			for k := range 20 {
				tasks = append(tasks, scope.Async(s, "t", func(ctx context.Context) (int, error) {
					now := running.Add(1)
					mu.Lock()
					most = max(most, now)
					mu.Unlock()
					defer running.Add(-1)
					select {
					case <-time.After(time.Duration(20-k) * sec): // the later, the sooner
					case <-ctx.Done():
						return 0, ctx.Err()
					}
					if k == fail {
						return 0, errBoom
					}
					return k, nil
				}))
			}
			for _, task := range tasks {
				v, err := task.Await(ctx)
				if err != nil {
					return nil, err
				}
				all = append(all, v)
			}
			return all, nil
		}, scope.WithTaskLimit(3), scope.WithName("pool"))
		return sum, most, err
	}
	synctest.Test(t, func(t *testing.T) {
		got, most, err := pool(t, -1)
		if len(got) != 20 || !slices.IsSorted(got) || most != 3 || err != nil {
			t.Errorf("%v, at most %d, %v", got, most, err)
		}
		start := time.Now()
		_, _, err = pool(t, 2)
		wantText(t, err, `scope "pool": task "t": boom`)
		if took := time.Since(start); took != 18*sec {
			t.Errorf("took %v", took)
		}
	})
}
