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

	"go.opentelemetry.io/otel/trace/noop"

	"github.com/ebb-go/ebb/guard"
	"github.com/ebb-go/ebb/scope"
	"github.com/ebb-go/ebb/trace"
)

// sleeps is a drop that takes d.
func sleeps(d time.Duration) func(context.Context) error {
	return func(context.Context) error {
		time.Sleep(d)
		return nil
	}
}

// TestSlowDrop: a drop that takes longer than 5 s, or than WithSlowThreshold, is
// warned of at that moment, once, with its age and what it blocks; one that ends
// in time is not.
func TestSlowDrop(t *testing.T) {
	for _, c := range []struct {
		opts      []scope.Option
		threshold time.Duration
	}{
		{nil, 5 * sec},
		{[]scope.Option{scope.WithSlowThreshold(time.Minute)}, time.Minute},
	} {
		synctest.Test(t, func(t *testing.T) {
			var l logs
			err := scope.Run(t.Context(), func(ctx context.Context, s *scope.Scope) error {
				db := must(scope.Defer(s, "db", sleeps(c.threshold-time.Millisecond)))
				_ = must(scope.Defer(s, "api", func(context.Context) error {
					time.Sleep(c.threshold - time.Nanosecond)
					l.want(t)
					time.Sleep(2 * time.Nanosecond)
					synctest.Wait()
					l.want(t, fmt.Sprintf("slow drop scope=x guard=api age=%v blocks=[db]", c.threshold))
					time.Sleep(time.Hour)
					return nil
				}, scope.DependsOn(db)))
				return nil
			}, append(c.opts, scope.WithName("x"), l.with())...)
			if err != nil {
				t.Error(err)
			}
			if n := len(l.starting("")); n != 1 {
				t.Errorf("%d lines", n)
			}
		})
	}
}

// TestSlowDropInEveryWave: each slow drop of each wave is told of when it is due.
func TestSlowDropInEveryWave(t *testing.T) {
	for _, schedule := range schedules {
		synctest.Test(t, func(t *testing.T) {
			var l logs
			_ = scope.Run(t.Context(), func(ctx context.Context, s *scope.Scope) error {
				chain(s, 3, sleeps(6*sec))
				return nil
			}, scope.WithName("x"), l.with(), scope.WithSchedule(schedule))
			l.want(t, "slow drop scope=x guard=g2 age=5s blocks=[g1 g0]", "slow drop scope=x guard=g1 age=5s blocks=[g0]",
				"slow drop scope=x guard=g0 age=5s blocks=[]")
		})
	}
}

// TestSlowDropBlocksAtMostTen names, then a count.
func TestSlowDropBlocksAtMostTen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var l logs
		_ = scope.Run(t.Context(), func(ctx context.Context, s *scope.Scope) error {
			last := chain(s, 12, sleeps(0))
			_ = must(scope.Defer(s, "top", sleeps(6*sec), scope.DependsOn(last)))
			return nil
		}, scope.WithName("x"), l.with())
		l.want(t, "slow drop scope=x guard=top age=5s blocks=[g11 g10 g9 g8 g7 g6 g5 g4 g3 g2 and 2 more]")
	})
}

// TestSlowEarlyDropAndDaemonAndChild: whatever is dropped is warned of.
func TestSlowEarlyDropAndDaemonAndChild(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var l logs
		err := scope.Run(t.Context(), func(ctx context.Context, s *scope.Scope) error {
			h := must(scope.Defer(s, "early", sleeps(6*sec)))
			if err := h.Drop(ctx); err != nil {
				return err
			}
			_ = must(s.Daemon("daemon", func(ctx context.Context) error {
				<-ctx.Done()
				time.Sleep(6 * sec)
				return nil
			}))
			c := must(s.Child("child"))
			c.Go("task", sleeps(7*sec))
			time.Sleep(2 * time.Millisecond)
			return nil
		}, scope.WithName("x"), l.with(), scope.WithSchedule(scope.Sequential))
		if err != nil {
			t.Error(err)
		}
		want := []string{"slow drop scope=x guard=early age=5s blocks=[]", "slow drop scope=x guard=child age=5s blocks=[]",
			"slow drop scope=x guard=daemon age=5s blocks=[]"}
		if got := l.starting("slow drop"); !slices.Equal(got, want) {
			t.Errorf("logged %q, want %q", got, want)
		}
		if got, want := l.starting("slow drain"), []string{"slow drain scope=x/child age=5s waits_for=[task]"}; !slices.Equal(got, want) {
			t.Errorf("logged %q, want %q", got, want)
		}
	})
}

// TestLateResults: what an abandoned drop or task comes to after all is logged,
// once, with what it returned.
func TestLateResults(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var l logs
		err := scope.Run(t.Context(), func(ctx context.Context, s *scope.Scope) error {
			_ = must(scope.Defer(s, "db", func(context.Context) error { time.Sleep(time.Hour); return errBoom }))
			s.Go("t", func(context.Context) error { time.Sleep(2 * time.Hour); return nil })
			s.Go("p", func(context.Context) error { time.Sleep(3 * time.Hour); panic("late") })
			s.Cancel(nil)
			return nil
		}, scope.WithName("x"), scope.WithGrace(4*sec), l.with())
		wantIs(t, err, scope.ErrAbandoned)
		l.want(t)
		time.Sleep(4 * time.Hour)
		synctest.Wait()
		l.want(t, "late result of an abandoned drop scope=x guard=db error=boom",
			"late result of an abandoned task scope=x task=t age=2h0m0s error=<nil>",
			"late result of an abandoned task scope=x task=p age=3h0m0s error=panic: late")
	})
}

// TestNoOtherLogLines: a scope that fails in every other way logs nothing; its
// errors are returned.
func TestNoOtherLogLines(t *testing.T) {
	var l logs
	c := calls(func() error {
		return scope.Run(t.Context(), func(ctx context.Context, s *scope.Scope) error {
			_ = must(scope.Defer(s, "bad", func(context.Context) error { return errBoom }))
			_ = must(scope.Defer(s, "mad", func(context.Context) error { panic("mad") }))
			s.Go("t", func(context.Context) error { return errBoom })
			s.Cancel(errBoom)
			return errBoom
		}, l.with())
	})
	wantIs(t, c.err, errBoom)
	l.want(t)
}

// provider is what an SDK's provider of spans looks like.
type provider struct{ noop.TracerProvider }

func (provider) Shutdown(context.Context) error { return nil }

// TestTelemetryAsGuardIsWarnedOf, because spans that end after its drop are lost.
func TestTelemetryAsGuardIsWarnedOf(t *testing.T) {
	var l logs
	_ = scope.Run(t.Context(), func(ctx context.Context, s *scope.Scope) error {
		_ = must(scope.Acquire(ctx, s, "otel", func(context.Context) (provider, error) { return provider{}, nil }, guard.Shutdown))
		_ = must(scope.Register(s, "otel2", guard.New(provider{}, guard.Shutdown[provider])))
		_ = must(scope.Acquire(ctx, s, "noop", func(context.Context) (noop.TracerProvider, error) { return noop.TracerProvider{}, nil }, guard.Nothing))
		return nil
	}, l.with())
	lines := l.starting("telemetry provider held as a guard")
	if len(lines) != 2 || !strings.Contains(lines[0], "guard=otel") || !strings.Contains(lines[1], "guard=otel2") {
		t.Errorf("%q", lines)
	}
}

// TestReportCallback: the report is delivered once, to all who want it, after the
// scope has closed and before Run returns; a panic of a callback is recovered and
// logged.
func TestReportCallback(t *testing.T) {
	var j journal
	var l logs
	var kept *scope.Scope
	var reports []*trace.Report
	note := func(r *trace.Report) {
		reports = append(reports, r)
		j.add("report of a scope that is " + kept.Snapshot().State)
	}
	err := scope.Run(t.Context(), func(ctx context.Context, s *scope.Scope) error {
		kept = s
		_ = must(scope.Defer(s, "g", j.adds("drop")))
		return nil
	}, scope.WithName("x"), scope.WithReport(note), scope.WithReport(func(*trace.Report) { panic("callback") }), scope.WithReport(note), l.with())
	j.add("returned")
	if err != nil {
		t.Error(err)
	}
	j.want(t, "drop", "report of a scope that is closed", "report of a scope that is closed", "returned")
	if len(reports) != 2 || reports[0] != reports[1] || reports[0].Scope != "x" || len(reports[0].Entries) != 1 {
		t.Errorf("%+v", reports)
	}
	l.want(t, "foreign code failed and was contained scope=x code=report callback error=panic: callback")
}

// TestSlowEarlyDropIsLoggedOnce: also if the teardown comes to it and waits.
func TestSlowEarlyDropIsLoggedOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log logs
		err := scope.Run(context.Background(), func(ctx context.Context, s *scope.Scope) error {
			h := must(scope.Defer(s, "x", func(context.Context) error { time.Sleep(time.Minute); return nil }))
			s.Go("asks", func(ctx context.Context) error {
				wait, cancel := context.WithTimeout(context.WithoutCancel(ctx), sec)
				defer cancel()
				_ = h.Drop(wait)
				return nil
			})
			return nil
		}, log.with())
		if lines := log.starting("slow drop"); err != nil || len(lines) != 1 {
			t.Errorf("Run: %v, logged %q, want one line", err, lines)
		}
	})
}

// slowError is one whose Unwrap takes its time.
type slowError struct{ time.Duration }

func (e slowError) Error() string { return "slow" }
func (e slowError) Unwrap() error { time.Sleep(e.Duration); return nil }

// TestTaskFailsAsItIsAbandoned: an error that is being looked at when its task is
// abandoned is logged, since Run may have its errors already. (The look takes a second,
// and the grace is shorter.)
func TestTaskFailsAsItIsAbandoned(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log logs
		err := scope.Run(t.Context(), func(ctx context.Context, s *scope.Scope) error {
			s.Go("t", func(ctx context.Context) error { <-ctx.Done(); return slowError{time.Hour} })
			s.Cancel(errors.New("over"))
			return nil
		}, scope.WithGrace(sec/2), log.with())
		time.Sleep(3 * time.Hour)
		if late := log.starting("late result of an abandoned task"); !errors.Is(err, scope.ErrAbandoned) || len(late) != 1 || !strings.Contains(late[0], "error=slow") {
			t.Errorf("Run has told %v, and the log %q", err, late)
		}
	})
}
