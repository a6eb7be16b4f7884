package scope_test

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ebb-go/ebb/scope"
)

// TestTaskLimit: Go blocks until there is room; TryGo returns ErrBusy.
func TestTaskLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var now, most atomic.Int32
		start := time.Now()
		inScope(t, func(ctx context.Context, s *scope.Scope) {
			for i := range 9 {
				s.Go(fmt.Sprint(i), func(context.Context) error {
					if n := now.Add(1); n > most.Load() {
						most.Store(n)
					}
					time.Sleep(sec)
					now.Add(-1)
					return nil
				})
			}
			wantIs(t, s.TryGo("busy", nothing), scope.ErrBusy)
			time.Sleep(2 * sec)
			if err := s.TryGo("room", nothing); err != nil {
				t.Error(err)
			}
		}, scope.WithTaskLimit(3))
		if most.Load() != 3 || time.Since(start) != 4*sec {
			t.Errorf("%d at once, %v", most.Load(), time.Since(start))
		}
	})
}

// TestTaskLimitAndCancel: a Go that waits for room returns when the scope is
// canceled or asked to stop, and fn does not run.
func TestTaskLimitAndCancel(t *testing.T) {
	for name, end := range map[string]func(s *scope.Scope){
		"cancel": func(s *scope.Scope) { s.Cancel(errGone) },
		"stop":   func(s *scope.Scope) { s.Stop(errGone) },
	} {
		synctest.Test(t, func(t *testing.T) {
			want := map[string]error{"cancel": errGone}[name]
			err := scope.Run(t.Context(), func(ctx context.Context, s *scope.Scope) error {
				release := make(chan struct{})
				s.Go("holds", func(context.Context) error { <-release; return nil })
				time.AfterFunc(sec, func() { end(s) })
				start := time.Now()
				s.Go("waits", func(context.Context) error { t.Errorf("%s: run", name); return nil })
				if took := time.Since(start); took != sec {
					t.Errorf("%s: waited %v", name, took)
				}
				wantIs(t, s.TryGo("after", nothing), errGone) // rather than ErrBusy
				close(release)
				return nil
			}, scope.WithTaskLimit(1))
			synctest.Wait() // for what has ended it
			synctest.Wait() // end, which has woken Go, may not have returned
			if err != want {
				t.Errorf("%s: Run: %v, want %v", name, err, want)
			}
		})
	}
}

// TestTaskLimitIsNotShared: nested scopes have limits of their own, so a limit of
// one cannot deadlock through nesting; a failed or panicking task gives its place
// back.
func TestTaskLimitIsNotShared(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		depth := 0
		var down func(ctx context.Context) error
		down = func(ctx context.Context) error {
			return scope.Run(ctx, func(ctx context.Context, s *scope.Scope) error {
				if depth++; depth < 10 {
					s.Go("down", down)
				}
				return nil
			}, scope.WithTaskLimit(1))
		}
		if err := down(t.Context()); err != nil || depth != 10 {
			t.Error(err, depth)
		}
		ran := 0
		c := calls(func() error {
			return scope.Run(t.Context(), func(ctx context.Context, s *scope.Scope) error {
				for _, f := range []func(context.Context) error{
					func(context.Context) error { ran++; return errBoom },
					func(context.Context) error { ran++; return errBoom },
					func(context.Context) error { ran++; return nil },
				} {
					s.Go("t", f)
				}
				return nil
			}, scope.WithTaskLimit(1), scope.WithSupervisor())
		})
		if ran != 3 {
			t.Errorf("%d ran, %v", ran, c.err)
		}
	})
}

// TestDropLimit: at most that many drops at once, under every schedule.
func TestDropLimit(t *testing.T) {
	for _, schedule := range schedules {
		synctest.Test(t, func(t *testing.T) {
			var now, most atomic.Int32
			c := calls(func() error {
				return scope.Run(t.Context(), func(ctx context.Context, s *scope.Scope) error {
					for range 10 {
						_ = must(scope.Defer(s, "g", func(context.Context) error {
							if n := now.Add(1); n > most.Load() {
								most.Store(n)
							}
							time.Sleep(sec)
							now.Add(-1)
							return nil
						}))
					}
					return nil
				}, scope.WithSchedule(schedule), scope.WithDropLimit(4))
			})
			limit, took := int32(4), 3*sec
			if schedule == scope.Sequential {
				limit, took = 1, 10*sec
			}
			if most.Load() != limit || c.took != took {
				t.Errorf("%v: %d at once, %v", schedule, most.Load(), c.took)
			}
		})
	}
}
