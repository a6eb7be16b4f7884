package scope_test

import (
	"context"
	"errors"
	"math"
	"testing"
	"testing/synctest"
	"time"

	"go.opentelemetry.io/otel/trace/noop"

	"github.com/ebb-go/ebb/scope"
	"github.com/ebb-go/ebb/trace"
)

// TestTelemetryInTheGrace: the shutdown of telemetry lies within the grace, whatever
// has used up the rest of it, and within five seconds if there is none; what does not
// return is named.
func TestTelemetryInTheGrace(t *testing.T) {
	for name, c := range map[string]struct {
		grace time.Duration
		hangs func(s *scope.Scope, hang stuck)
		want  time.Duration
	}{
		"without a grace": {0, func(*scope.Scope, stuck) {}, 5 * sec},
		"alone":           {40 * sec, func(*scope.Scope, stuck) {}, 5 * sec},
		"a short grace":   {sec, func(*scope.Scope, stuck) {}, sec},
		"after a drop":    {10 * sec, func(s *scope.Scope, h stuck) { _ = must(scope.Defer(s, "g", h.drop)) }, 10 * sec},
		"after a task": {10 * sec, func(s *scope.Scope, h stuck) {
			s.Go("t", h.drop)
			s.Cancel(errGone)
		}, 10 * sec},
		"after both": {10 * sec, func(s *scope.Scope, h stuck) {
			chain(s, 3, h.drop)
			s.Go("t", h.drop)
			s.Cancel(errGone)
		}, 10 * sec},
		"after a drop, a body late": {10 * sec, func(s *scope.Scope, h stuck) {
			_ = must(scope.Defer(s, "g", h.drop))
			s.Cancel(errGone)
			time.Sleep(time.Minute)
		}, 2500 * time.Millisecond},
	} {
		bubbleOf(t, func(t *testing.T, hang stuck) {
			var left time.Time
			var had time.Duration // that telemetry had
			opts := []scope.Option{new(logs).with(), scope.WithTelemetry(hang.drop, func(ctx context.Context) error {
				end, _ := ctx.Deadline()
				had = time.Until(end)
				return nil
			})}
			if c.grace > 0 {
				opts = append(opts, scope.WithGrace(c.grace))
			}
			err := scope.Run(t.Context(), func(ctx context.Context, s *scope.Scope) error {
				c.hangs(s, hang)
				left = time.Now()
				return nil
			}, opts...)
			if took := time.Since(left); (took - c.want).Abs() > time.Microsecond {
				t.Errorf("%s: took %v, want %v", name, took, c.want)
			}
			var d *scope.DropError
			if !errors.As(err, &d) || !errors.Is(err, scope.ErrAbandoned) {
				t.Errorf("%s: %v", name, err)
			}
			if c.grace > 0 && had < c.grace/50 {
				t.Errorf("%s: telemetry had %v", name, had)
			}
		})
	}
}

// TestEarlyDropIsNoTask: an early drop that hangs does not hold up draining. The
// teardown waits for it as for any drop, cancels it when its time is up, and gives it
// up by name; with what it had asked for, an error, or nothing at all.
func TestEarlyDropIsNoTask(t *testing.T) {
	ends := map[string]struct {
		drop func(ctx context.Context, hang stuck) error
		want string // of the guard in the report and in Run's error
	}{
		"hangs":                {func(_ context.Context, h stuck) error { <-h; return nil }, "abandoned"},
		"returns in time":      {func(context.Context, stuck) error { time.Sleep(sec); return nil }, "ok"},
		"returns when it must": {func(ctx context.Context, _ stuck) error { <-ctx.Done(); return nil }, "ok"},
		"fails when it must":   {func(ctx context.Context, _ stuck) error { <-ctx.Done(); return errBoom }, "timeout"},
		"says why":             {func(ctx context.Context, _ stuck) error { <-ctx.Done(); return context.Cause(ctx) }, "timeout"},
	}
	for name, c := range ends {
		for _, child := range []bool{false, true} {
			for _, recorded := range []bool{false, true} {
				bubbleOf(t, func(t *testing.T, hang stuck) {
					var report *trace.Report
					other := false
					opts := []scope.Option{scope.WithName("x"), scope.WithGrace(10 * sec), reported(&report), new(logs).with()}
					if recorded {
						opts = append(opts, scope.WithTracerProvider(noop.NewTracerProvider()))
					}
					got := calls(func() error {
						return scope.Run(t.Context(), func(ctx context.Context, s *scope.Scope) error {
							_ = must(scope.Defer(s, "other", func(context.Context) error { other = true; return nil }))
							wait, cancel := context.WithTimeout(context.Background(), sec/2)
							defer cancel()
							if !child {
								h := must(scope.Defer(s, "g", func(ctx context.Context) error { return c.drop(ctx, hang) }))
								wantIs(t, h.Drop(wait), context.DeadlineExceeded)
								return nil
							}
							in := must(s.Child("g"))
							in.Go("t", func(ctx context.Context) error { return c.drop(ctx, hang) })
							gone, leave := context.WithCancel(context.WithoutCancel(wait)) // a deadline would bound it
							time.AfterFunc(sec/2, leave)
							wantIs(t, in.Close(gone), context.Canceled)
							return nil
						}, opts...)
					})
					if got.took > 10*sec+sec/2 {
						t.Errorf("%s, child %v: took %v", name, child, got.took)
					}
					if !other {
						t.Errorf("%s: other was not dropped", name)
					}
					if e := entry(t, report, "g"); e.Outcome != c.want && !child {
						t.Errorf("%s: %s, want %s", name, e.Outcome, c.want)
					}
					var d *scope.DropError
					var timeout *scope.DropTimeoutError
					if bad := errors.As(got.err, &d); bad != (c.want != "ok") && !child {
						t.Errorf("%s: %v", name, got.err)
					} else if bad && !child && (d.Outcome != c.want || !errors.As(d, &timeout) || d.Elapsed != got.took) {
						t.Errorf("%s: %+v", name, d)
					}
				})
			}
		}
	}
}

// TestLargestLimits: a limit near the largest duration is as good as none, wherever it
// is given, and a deadline of a context however far off or long past is one.
func TestLargestLimits(t *testing.T) {
	const largest = time.Duration(math.MaxInt64)
	for name, opts := range map[string][]scope.Option{
		"WithGrace":         {scope.WithGrace(largest)},
		"WithDropTimeout":   {scope.WithDropTimeout(largest)},
		"WithSlowThreshold": {scope.WithSlowThreshold(largest)},
		"all":               {scope.WithGrace(largest), scope.WithDropTimeout(largest), scope.WithSlowThreshold(largest)},
	} {
		for _, schedule := range schedules {
			synctest.Test(t, func(t *testing.T) {
				start := time.Now()
				var l logs
				err := scope.Run(t.Context(), func(ctx context.Context, s *scope.Scope) error {
					chain(s, 2, sleeps(4*sec), scope.DropTimeout(largest))
					c := must(s.Child("c", scope.DropTimeout(largest), scope.WithGrace(largest)))
					_ = must(scope.Defer(c, "g", sleeps(4*sec)))
					_ = must(s.Daemon("d", func(ctx context.Context) error { <-ctx.Done(); time.Sleep(4 * sec); return nil }, scope.DropTimeout(largest)))
					s.Go("t", sleeps(4*sec))
					s.Stop(errGone)
					return nil
				}, append(opts, scope.WithSchedule(schedule), l.with())...)
				if err != nil || time.Since(start) > time.Minute {
					t.Errorf("%s, %s: %v after %v", name, schedule, err, time.Since(start))
				}
				l.want(t)
			})
		}
	}
	for _, year := range []int{1, 2, 1970, 9999} {
		bubbleOf(t, func(t *testing.T, hang stuck) {
			at := time.Date(year, 1, 1, 0, 0, 0, 0, time.UTC)
			err := scope.Run(t.Context(), func(ctx context.Context, s *scope.Scope) error {
				c := must(s.Child("c"))
				_ = must(scope.Defer(c, "g", nothing))
				until, cancel := context.WithDeadline(ctx, at)
				defer cancel()
				_ = c.Close(until)
				return nil
			}, scope.WithGrace(sec))
			if err != nil {
				t.Errorf("year %d: %v", year, err)
			}
		})
	}
}

// TestTakenOverAndGivenUp: a Drop that waits for a drop of a DropTree, which the
// teardown takes over and has to give up, holds nothing up.
//
//	api -> cache -> db
func TestTakenOverAndGivenUp(t *testing.T) {
	bubbleOf(t, func(t *testing.T, hang stuck) {
		got := calls(func() error {
			return scope.Run(t.Context(), func(ctx context.Context, s *scope.Scope) error {
				db := must(scope.Defer(s, "db", hang.drop))
				cache := must(scope.Defer(s, "cache", hang.drop, scope.DependsOn(db)))
				_ = must(scope.Defer(s, "api", hang.drop, scope.DependsOn(cache)))
				wait, cancel := context.WithTimeout(ctx, sec)
				defer cancel()
				_ = db.DropTree(wait)
				_ = cache.Drop(wait)
				return nil
			}, scope.WithGrace(10*sec), new(logs).with())
		})
		wantTold(t, got, "drop api: abandoned", "drop cache: abandoned", "drop db: abandoned")
		if got.took > 11*sec {
			t.Errorf("took %v", got.took)
		}
	})
}

// TestGraceOfWhatIsRegisteredWhileDraining: the reserve is kept for a guard too that is
// registered when a drain without anything to drop has had the whole grace already.
func TestGraceOfWhatIsRegisteredWhileDraining(t *testing.T) {
	for _, after := range []time.Duration{sec, 7 * sec, 9 * sec} { // of 10, three quarters are 7.5
		synctest.Test(t, func(t *testing.T) {
			start := time.Now()
			var dropped time.Duration
			err := scope.Run(context.Background(), func(ctx context.Context, s *scope.Scope) error {
				s.Go("hangs", func(context.Context) error {
					time.Sleep(after)
					must(scope.Defer(s, "late", func(ctx context.Context) error {
						dropped = time.Since(start)
						<-ctx.Done()
						return nil
					}))
					time.Sleep(time.Hour)
					return nil
				})
				s.Cancel(nil)
				return nil
			}, scope.WithGrace(10*sec))
			if took := time.Since(start); took > 10*sec || dropped > max(after, 7500*time.Millisecond) {
				t.Errorf("registered after %v: dropped after %v, Run took %v of 10s: %v", after, dropped, took, err)
			}
			time.Sleep(time.Hour)
		})
	}
}
