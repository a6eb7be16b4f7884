package scope_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/ebb-go/ebb/scope"
	"github.com/ebb-go/ebb/trace"
)

// TestTeardownGoesOn: after an abandoned drop the teardown goes on with all that
// it blocked, and with Hold it does not: what it depends on is reported skipped,
// and nothing else.
func TestTeardownGoesOn(t *testing.T) {
	for _, hold := range []bool{false, true} {
		bubbleOf(t, func(t *testing.T, hang stuck) {
			var j journal
			var report *trace.Report
			var p spans
			err := scope.Run(t.Context(), func(ctx context.Context, s *scope.Scope) error {
				// user -> api -> db -> disk, log
				disk := must(scope.Defer(s, "disk", j.adds("disk")))
				db := must(scope.Defer(s, "db", j.adds("db"), scope.DependsOn(disk)))
				opts := []scope.GuardOption{scope.DependsOn(db), scope.DropTimeout(sec)}
				if hold {
					opts = append(opts, scope.Hold())
				}
				api := must(scope.Defer(s, "api", hang.drop, opts...))
				_ = must(scope.Defer(s, "user", j.adds("user"), scope.DependsOn(api)))
				_ = must(scope.Defer(s, "log", j.adds("log")))
				return nil
			}, scope.WithName("x"), scope.WithSchedule(scope.Sequential), reported(&report), new(logs).with(), scope.WithTracerProvider(&p))
			var a *scope.AbandonedError
			if !errors.As(err, &a) || !slices.Equal(a.Blocks, []string{"db", "disk"}) {
				t.Errorf("%v", err)
			}
			if !hold {
				j.want(t, "log", "user", "db", "disk")
				return
			}
			j.want(t, "log", "user")
			c := call{err: err}
			wantTold(t, c, "drop api: abandoned", "drop db: skipped", "drop disk: skipped")
			for _, name := range []string{"db", "disk"} {
				if e := entry(t, report, name); e.Outcome != "skipped" || e.Err == nil {
					t.Errorf("%s: %s %v", name, e.Outcome, e.Err)
				}
				if s := p.one(t, "drop "+name); s.str("ebb.drop.outcome") != "skipped" {
					t.Errorf("span of %s: %v", name, s.attrs)
				}
			}
		})
	}
}

// TestHoldWithoutAbandonment: Hold changes nothing for a drop that fails or ends.
func TestHoldWithoutAbandonment(t *testing.T) {
	var j journal
	err := scope.Run(t.Context(), func(ctx context.Context, s *scope.Scope) error {
		db := must(scope.Defer(s, "db", j.adds("db")))
		_ = must(scope.Defer(s, "api", func(context.Context) error { return errBoom }, scope.DependsOn(db), scope.Hold(), scope.DropTimeout(sec)))
		return nil
	})
	wantIs(t, err, errBoom)
	j.want(t, "db")
}

// TestBlocksAtMostTen: what an abandoned drop blocks is named up to ten, then
// counted.
func TestBlocksAtMostTen(t *testing.T) {
	bubbleOf(t, func(t *testing.T, hang stuck) {
		err := scope.Run(t.Context(), func(ctx context.Context, s *scope.Scope) error {
			last := chain(s, 14, func(context.Context) error { return nil })
			_ = must(scope.Defer(s, "top", hang.drop, scope.DependsOn(last), scope.DropTimeout(sec)))
			return nil
		}, new(logs).with())
		var a *scope.AbandonedError
		if !errors.As(err, &a) || len(a.Blocks) != 11 || a.Blocks[0] != "g13" || a.Blocks[10] != "and 4 more" {
			t.Errorf("%v", err)
		}
	})
}

// TestEarlyDropIsBounded: DropTimeout bounds an early drop as well.
func TestEarlyDropIsBounded(t *testing.T) {
	bubbleOf(t, func(t *testing.T, hang stuck) {
		err := scope.Run(t.Context(), func(ctx context.Context, s *scope.Scope) error {
			h := must(scope.Defer(s, "db", hang.drop, scope.DropTimeout(sec)))
			start := time.Now()
			err := h.Drop(ctx)
			wantIs(t, err, scope.ErrAbandoned)
			wantIs(t, err, context.DeadlineExceeded)
			if took := time.Since(start); took != 1100*time.Millisecond {
				t.Errorf("took %v", took)
			}
			return nil
		}, new(logs).with())
		if err != nil {
			t.Errorf("Run repeats it: %v", err)
		}
	})
}
