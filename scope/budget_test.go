package scope_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ebb-go/ebb/scope"
	"github.com/ebb-go/ebb/trace"
)

// stuck is a drop, or anything else, that nothing can make return; test lets all
// of them go at its end.
type stuck chan struct{}

func (s stuck) drop(context.Context) error { <-s; return nil }

// bubbleOf runs a test in a bubble with something that hangs.
func bubbleOf(t *testing.T, f func(t *testing.T, hang stuck)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		hang := make(stuck)
		defer synctest.Wait()
		defer close(hang)
		f(t, hang)
	})
}

// chain registers n guards, of which each depends on the one before; drop is that
// of all.
func chain(s *scope.Scope, n int, drop func(context.Context) error, opts ...scope.GuardOption) (last *scope.Handle[struct{}]) {
	for i := range n {
		own := slices.Clone(opts)
		if last != nil {
			own = append(own, scope.DependsOn(last))
		}
		last = must(scope.Defer(s, fmt.Sprint("g", i), drop, own...))
	}
	return last
}

// ends lists when each entry ended, after the start of the teardown.
func ends(r *trace.Report, from time.Time) (at []time.Duration) {
	for _, e := range r.Entries {
		at = append(at, e.Ended.Sub(from))
	}
	return at
}

// near reports whether durations are equal but for rounding.
func near(a, b []time.Duration) bool {
	return slices.EqualFunc(a, b, func(a, b time.Duration) bool { return (a - b).Abs() < time.Microsecond })
}

const sec = time.Second

// TestReserve: a quarter of the grace is reserved, in equal parts, for waves, or
// where drops queue for guards, that have not started: so when all hang each is
// abandoned in its time, and Run returns when the grace has run out.
func TestReserve(t *testing.T) {
	independent := func(s *scope.Scope, n int, drop func(context.Context) error) {
		for i := range n {
			_ = must(scope.Defer(s, fmt.Sprint("g", i), drop))
		}
	}
	for _, c := range []struct {
		name  string
		build func(s *scope.Scope, hang stuck)
		opts  []scope.Option
		grace time.Duration
		want  []time.Duration // by entry
	}{
		{"chain of 3", func(s *scope.Scope, h stuck) { chain(s, 3, h.drop) }, nil,
			12 * sec, []time.Duration{10 * sec, 11 * sec, 12 * sec}},
		{"eager", func(s *scope.Scope, h stuck) { chain(s, 3, h.drop) }, []scope.Option{scope.WithSchedule(scope.Eager)},
			12 * sec, []time.Duration{10 * sec, 11 * sec, 12 * sec}},
		{"one wave", func(s *scope.Scope, h stuck) { independent(s, 3, h.drop) }, nil,
			12 * sec, []time.Duration{12 * sec, 12 * sec, 12 * sec}},
		{"sequential", func(s *scope.Scope, h stuck) { independent(s, 4, h.drop) }, []scope.Option{scope.WithSchedule(scope.Sequential)},
			8 * sec, []time.Duration{8 * sec, 7500 * time.Millisecond, 7 * sec, 6500 * time.Millisecond}},
		{"drop limit", func(s *scope.Scope, h stuck) { independent(s, 4, h.drop) }, []scope.Option{scope.WithDropLimit(2)},
			8 * sec, []time.Duration{6500 * time.Millisecond, 7 * sec, 7500 * time.Millisecond, 8 * sec}},
		{"own limit is shorter", func(s *scope.Scope, h stuck) { chain(s, 2, h.drop, scope.DropTimeout(sec)) }, nil,
			12 * sec, []time.Duration{1100 * time.Millisecond, 2200 * time.Millisecond}},
		{"own limit is longer", func(s *scope.Scope, h stuck) { chain(s, 2, h.drop, scope.DropTimeout(time.Hour)) }, nil,
			8 * sec, []time.Duration{7 * sec, 8 * sec}},
	} {
		t.Run(c.name, func(t *testing.T) {
			bubbleOf(t, func(t *testing.T, hang stuck) {
				var report *trace.Report
				start := time.Now()
				got := calls(func() error {
					return scope.Run(t.Context(), func(ctx context.Context, s *scope.Scope) error { c.build(s, hang); return nil },
						append(c.opts, scope.WithGrace(c.grace), reported(&report), new(logs).with())...)
				})
				if at := ends(report, start); !near(at, c.want) {
					t.Errorf("abandoned at %v, want %v", at, c.want)
				}
				if last := slices.Max(c.want); (got.took - last).Abs() > time.Microsecond {
					t.Errorf("Run took %v, want %v", got.took, last)
				}
				for _, e := range report.Entries {
					if e.Outcome != "abandoned" {
						t.Errorf("%s: %s", e.Name, e.Outcome)
					}
				}
			})
		})
	}
}

// TestDropTimeout: the context of a drop is canceled when its time is up, with a
// *DropTimeoutError that names it, and it is abandoned a tenth later, or a second
// if that is less. DropTimeout goes before WithDropTimeout.
func TestDropTimeout(t *testing.T) {
	for _, c := range []struct {
		opts             []scope.Option
		guard            []scope.GuardOption
		cancel, abandons time.Duration
	}{
		{nil, []scope.GuardOption{scope.DropTimeout(2 * sec)}, 2 * sec, 2200 * time.Millisecond},
		{nil, []scope.GuardOption{scope.DropTimeout(10 * sec)}, 10 * sec, 11 * sec},
		{nil, []scope.GuardOption{scope.DropTimeout(30 * sec)}, 30 * sec, 31 * sec},
		{[]scope.Option{scope.WithDropTimeout(sec)}, nil, sec, 1100 * time.Millisecond},
		{[]scope.Option{scope.WithDropTimeout(sec)}, []scope.GuardOption{scope.DropTimeout(5 * sec)}, 5 * sec, 5500 * time.Millisecond},
	} {
		bubbleOf(t, func(t *testing.T, hang stuck) {
			var canceled time.Duration
			var cause error
			start := time.Now()
			got := calls(func() error {
				return scope.Run(t.Context(), func(ctx context.Context, s *scope.Scope) error {
					_, err := scope.Defer(s, "db", func(ctx context.Context) error {
						<-ctx.Done()
						canceled, cause = time.Since(start), context.Cause(ctx)
						<-hang
						return nil
					}, c.guard...)
					return err
				}, append(c.opts, scope.WithName("x"), new(logs).with())...)
			})
			synctest.Wait() // for what the abandoned drop has written
			if canceled != c.cancel || got.took != c.abandons {
				t.Errorf("canceled after %v, abandoned after %v; want %v, %v", canceled, got.took, c.cancel, c.abandons)
			}
			var d *scope.DropTimeoutError
			if !errors.As(cause, &d) || *d != (scope.DropTimeoutError{Scope: "x", Guard: "db", Limit: c.cancel}) || !errors.Is(cause, context.DeadlineExceeded) {
				t.Errorf("cause %v", cause)
			}
			var drop *scope.DropError
			if !errors.As(got.err, &drop) || drop.Outcome != "abandoned" || drop.Elapsed != c.abandons {
				t.Fatalf("%+v", got.err)
			}
			var a *scope.AbandonedError
			if !errors.As(drop, &a) || a.Age != c.abandons || a.Name != "db" || a.Scope != "x" || !strings.Contains(a.Stack, "TestDropTimeout") {
				t.Errorf("%+v", a)
			}
			if !errors.As(drop, &d) || !errors.Is(drop, scope.ErrAbandoned) {
				t.Errorf("%v does not wrap the *DropTimeoutError", drop)
			}
		})
	}
}

// TestOverrun: a drop that overran and returns nil before it is abandoned was ok;
// an error is outcome timeout and wraps the *DropTimeoutError beside its own.
func TestOverrun(t *testing.T) {
	for _, result := range []error{nil, errBoom} {
		synctest.Test(t, func(t *testing.T) {
			var report *trace.Report
			err := scope.Run(t.Context(), func(ctx context.Context, s *scope.Scope) error {
				_, err := scope.Defer(s, "db", func(ctx context.Context) error {
					<-ctx.Done()
					time.Sleep(50 * time.Millisecond)
					return result
				}, scope.DropTimeout(sec))
				return err
			}, reported(&report))
			e := entry(t, report, "db")
			if result == nil {
				if err != nil || e.Outcome != "ok" {
					t.Errorf("%v, outcome %s", err, e.Outcome)
				}
				return
			}
			var timeout *scope.DropTimeoutError
			var d *scope.DropError
			if !errors.Is(err, errBoom) || !errors.As(err, &timeout) || !errors.As(err, &d) || d.Outcome != "timeout" || e.Outcome != "timeout" {
				t.Fatalf("%v, outcome %s", err, e.Outcome)
			}
			if d.Elapsed != 1050*time.Millisecond || d.ErrorType() != "timeout" {
				t.Errorf("elapsed %v, type %s", d.Elapsed, d.ErrorType())
			}
		})
	}
}

// TestLateBody: a body that returns late or after the grace leaves the waves the
// reserve, counted from its return.
func TestLateBody(t *testing.T) {
	for _, c := range []struct {
		returns, want time.Duration
		waves         []time.Duration
	}{
		{5 * sec, 8 * sec, []time.Duration{7 * sec, 8 * sec}},
		{7 * sec, 9 * sec, []time.Duration{8 * sec, 9 * sec}},
		{20 * sec, 22 * sec, []time.Duration{21 * sec, 22 * sec}},
	} {
		bubbleOf(t, func(t *testing.T, hang stuck) {
			var report *trace.Report
			start := time.Now()
			got := calls(func() error {
				return scope.Run(t.Context(), func(ctx context.Context, s *scope.Scope) error {
					chain(s, 2, hang.drop)
					s.Cancel(errBoom)
					time.Sleep(c.returns)
					return nil
				}, scope.WithGrace(8*sec), reported(&report), new(logs).with())
			})
			if at := ends(report, start); !near(at, c.waves) || (got.took-c.want).Abs() > time.Microsecond {
				t.Errorf("body returned after %v: waves ended at %v, Run at %v; want %v, %v", c.returns, at, got.took, c.waves, c.want)
			}
		})
	}
}

// TestTaskBudget: tasks that were canceled have the grace but for the reserve,
// or all of it when there is nothing to drop; after a Stop they are canceled then,
// and have a tenth more.
func TestTaskBudget(t *testing.T) {
	for _, c := range []struct {
		name   string
		guards int
		ask    func(s *scope.Scope)
		want   time.Duration
	}{
		{"canceled", 1, func(s *scope.Scope) { s.Cancel(errGone) }, 6 * sec},
		{"canceled, nothing to drop", 0, func(s *scope.Scope) { s.Cancel(errGone) }, 8 * sec},
		{"stopped", 1, func(s *scope.Scope) { s.Stop(errGone) }, 6600 * time.Millisecond},
	} {
		t.Run(c.name, func(t *testing.T) {
			bubbleOf(t, func(t *testing.T, hang stuck) {
				var cause error
				var canceled time.Duration
				start := time.Now()
				got := calls(func() error {
					return scope.Run(t.Context(), func(ctx context.Context, s *scope.Scope) error {
						chain(s, c.guards, func(context.Context) error { return nil })
						s.Go("stuck", func(ctx context.Context) error {
							<-ctx.Done()
							canceled, cause = time.Since(start), context.Cause(ctx)
							return hang.drop(ctx)
						})
						s.Go("fine", func(ctx context.Context) error { return nil })
						synctest.Wait()
						c.ask(s)
						return nil
					}, scope.WithGrace(8*sec), scope.WithName("x"), new(logs).with())
				})
				synctest.Wait() // for what the abandoned task has written
				var a *scope.AbandonedError
				if !errors.As(got.err, &a) || a.Name != "stuck" || a.Scope != "x" || a.Age != c.want || !strings.Contains(a.Stack, "stuck.drop") {
					t.Errorf("%+v", a)
				}
				if got.took != c.want {
					t.Errorf("Run took %v, want %v", got.took, c.want)
				}
				if at := map[bool]time.Duration{true: 6 * sec}[c.name == "stopped"]; canceled != at || cause != errGone {
					t.Errorf("canceled after %v with %v", canceled, cause)
				}
			})
		})
	}
}

// TestGraceFromCallersDeadline: the grace counts from the moment that the caller's
// context ends, even while the body has not looked.
func TestGraceFromCallersDeadline(t *testing.T) {
	bubbleOf(t, func(t *testing.T, hang stuck) {
		ctx, cancel := context.WithTimeout(t.Context(), 5*sec)
		defer cancel()
		got := calls(func() error {
			return scope.Run(ctx, func(ctx context.Context, s *scope.Scope) error {
				chain(s, 1, func(context.Context) error { return nil })
				s.Go("stuck", hang.drop)
				return nil
			}, scope.WithGrace(8*sec), new(logs).with())
		})
		if got.took != 11*sec {
			t.Errorf("Run took %v", got.took)
		}
	})
}

// TestChildBudget: DropTimeout on a child bounds its whole teardown, from its turn
// on, when it is canceled; its own grace runs from its own close.
func TestChildBudget(t *testing.T) {
	bubbleOf(t, func(t *testing.T, hang stuck) {
		var canceled time.Duration
		start := time.Now()
		got := calls(func() error {
			return scope.Run(t.Context(), func(ctx context.Context, s *scope.Scope) error {
				chain(s, 1, func(context.Context) error { return nil })
				c := must(s.Child("session", scope.DropTimeout(4*sec)))
				_ = must(scope.Defer(c, "conn", hang.drop))
				c.Go("t", func(ctx context.Context) error {
					<-ctx.Done()
					canceled = time.Since(start)
					return nil
				})
				return nil
			}, new(logs).with())
		})
		if canceled != 0 {
			t.Errorf("the child's task was canceled after %v", canceled)
		}
		if got.took > 4*sec+400*time.Millisecond || got.took < 3*sec {
			t.Errorf("Run took %v", got.took)
		}
		var a *scope.AbandonedError
		if !errors.As(got.err, &a) || a.Name != "conn" || a.Scope != "scope/session" {
			t.Errorf("%v", got.err)
		}
	})
	bubbleOf(t, func(t *testing.T, hang stuck) {
		_ = scope.Run(t.Context(), func(ctx context.Context, s *scope.Scope) error {
			c := must(s.Child("session", scope.WithGrace(4*sec)))
			_ = must(scope.Defer(c, "conn", hang.drop))
			time.Sleep(time.Hour)
			start := time.Now()
			err := c.Close(ctx)
			wantIs(t, err, scope.ErrAbandoned)
			if took := time.Since(start); took != 4*sec {
				t.Errorf("Close took %v", took)
			}
			return nil
		}, new(logs).with())
	})
}
