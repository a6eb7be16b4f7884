package scope_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ebb-go/ebb/scope"
	"github.com/ebb-go/ebb/trace"
)

// TestDrainOfReport: the report and the teardown's span say why a scope was canceled
// or asked to stop, when its draining began and ended, and what became of its tasks and
// nested Runs, by name.
func TestDrainOfReport(t *testing.T) {
	bubbleOf(t, func(t *testing.T, hang stuck) {
		var report *trace.Report
		var p spans
		start := time.Now()
		err := scope.Run(t.Context(), func(ctx context.Context, s *scope.Scope) error {
			_ = must(scope.Defer(s, "db", nothing))
			for range 3 {
				s.Go("upstream", func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() })
			}
			s.Go("upstream", func(ctx context.Context) error { <-ctx.Done(); return nil })
			s.Go("stuck", hang.drop)
			s.Go("before", nothing) // has ended before anything is canceled
			go func() {
				_ = scope.Run(ctx, func(ctx context.Context, _ *scope.Scope) error { <-ctx.Done(); return ctx.Err() }, scope.WithName("session"))
			}()
			time.Sleep(sec)
			s.Cancel(errGone)
			_ = s.TryGo("late", nothing)
			s.Go("late", nothing)
			time.Sleep(sec)
			return nil
		}, scope.WithName("x"), scope.WithGrace(8*sec), scope.WithTracerProvider(&p), reported(&report), new(logs).with())
		wantIs(t, err, scope.ErrAbandoned)
		d := report.Drain
		if report.Cause != errGone.Error() || !d.Started.Equal(start.Add(sec)) || d.Took() != 6*sec || !d.Ended.Equal(report.Started) {
			t.Errorf("cause %q, drain from %v for %v", report.Cause, d.Started.Sub(start), d.Took())
		}
		var got []string
		for _, it := range d.Items {
			got = append(got, fmt.Sprintf("%s %s: %d ended, %d canceled, %d abandoned, %d refused, %d running",
				it.Kind, it.Name, it.Ended, it.Canceled, it.Abandoned, it.Refused, it.Running))
		}
		slices.Sort(got)
		want := []string{
			"run session: 0 ended, 1 canceled, 0 abandoned, 0 refused, 0 running",
			"task late: 0 ended, 0 canceled, 0 abandoned, 2 refused, 0 running",
			"task stuck: 0 ended, 0 canceled, 1 abandoned, 0 refused, 0 running",
			"task upstream: 1 ended, 3 canceled, 0 abandoned, 0 refused, 0 running",
		}
		if !slices.Equal(got, want) {
			t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
		if s := p.one(t, "teardown x"); s.str("ebb.cause") != errGone.Error() {
			t.Errorf("ebb.cause %q", s.str("ebb.cause"))
		}
	})
}

// TestDrainBegins with whatever comes first: a cancellation, a Stop, a failure, or the
// end of the body.
func TestDrainBegins(t *testing.T) {
	for name, c := range map[string]struct {
		after func(s *scope.Scope)
		cause string
		from  time.Duration
	}{
		"body":    {func(*scope.Scope) {}, "", 2 * sec},
		"cancel":  {func(s *scope.Scope) { s.Cancel(errGone) }, errGone.Error(), sec},
		"stop":    {func(s *scope.Scope) { s.Stop(errGone) }, errGone.Error(), sec},
		"failure": {func(s *scope.Scope) { s.Go("t", func(context.Context) error { return errBoom }) }, `scope "x": task "t": boom`, sec},
	} {
		for _, graced := range []bool{false, true} {
			synctest.Test(t, func(t *testing.T) {
				var report *trace.Report
				start := time.Now()
				opts := []scope.Option{scope.WithName("x"), reported(&report)}
				if graced {
					opts = append(opts, scope.WithGrace(time.Minute))
				}
				_ = scope.Run(t.Context(), func(ctx context.Context, s *scope.Scope) error {
					time.Sleep(sec)
					c.after(s)
					time.Sleep(sec)
					return nil
				}, opts...)
				if got := report.Drain.Started.Sub(start); got != c.from || report.Cause != c.cause {
					t.Errorf("%s: from %v, cause %q", name, got, report.Cause)
				}
			})
		}
	}
}

// TestSlowDrain: a drain that takes longer than the slow threshold is logged at that
// moment, once, with the names of what it waits for: equal ones as a count, ten at most.
// One that ends in time is not; and it is no more than logged.
func TestSlowDrain(t *testing.T) {
	for _, graced := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			var l logs
			opts := []scope.Option{scope.WithName("x"), l.with(), scope.WithSlowThreshold(3 * sec)}
			if graced {
				opts = append(opts, scope.WithGrace(time.Hour))
			}
			start := time.Now()
			err := scope.Run(t.Context(), func(ctx context.Context, s *scope.Scope) error {
				for range 76 {
					s.Go("upstream", sleeps(time.Hour))
				}
				s.Go("quick", sleeps(2*sec))
				for k := range 11 {
					s.Go(fmt.Sprint("t", k), sleeps(4*sec))
				}
				go func() {
					_ = scope.Run(ctx, func(context.Context, *scope.Scope) error { time.Sleep(4 * sec); return nil }, scope.WithName("session"))
				}()
				synctest.Wait()
				return nil
			}, opts...)
			if err != nil || time.Since(start) != time.Hour {
				t.Errorf("%v after %v", err, time.Since(start))
			}
			l.want(t, "slow drain scope=x age=3s waits_for=[session t10 t9 t8 t7 t6 t5 t4 t3 t2 and 3 more]")
		})
	}
}

// TestDrainOfCaller: what ends because the caller's context has ended is counted,
// however soon after that it does.
func TestDrainOfCaller(t *testing.T) {
	for range 50 {
		synctest.Test(t, func(t *testing.T) {
			var report *trace.Report
			ctx, cancel := context.WithCancelCause(t.Context())
			_ = scope.Run(ctx, func(ctx context.Context, s *scope.Scope) error {
				for range 20 {
					s.Go("t", func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() })
				}
				synctest.Wait()
				cancel(errGone)
				return nil
			}, reported(&report))
			if d := report.Drain; len(d.Items) != 1 || d.Items[0].Canceled != 20 || report.Cause != errGone.Error() {
				t.Errorf("cause %q, %+v", report.Cause, d.Items)
			}
		})
	}
}
