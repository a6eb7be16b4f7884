package scope_test

import (
	"context"
	"errors"
	"runtime"
	"slices"
	"testing"
	"testing/synctest"

	"github.com/ebb-go/ebb/scope"
	"github.com/ebb-go/ebb/trace"
)

// TestDaemonLeaves: a daemon that has ended by itself is no longer in the graph
// when Done closes: what it used can be dropped, its name is free, its context has
// ended, and a later Drop returns nil.
func TestDaemonLeaves(t *testing.T) {
	for name, start := range map[string]func(ctx context.Context, s *scope.Scope, fn func(context.Context) error) *scope.Daemon{
		"Daemon": func(_ context.Context, s *scope.Scope, fn func(context.Context) error) *scope.Daemon {
			return must(s.Daemon("import", fn))
		},
		"Start": func(ctx context.Context, s *scope.Scope, fn func(context.Context) error) *scope.Daemon {
			_, d, err := scope.Start(ctx, s, "import", func(ctx context.Context, ready func(int)) error {
				ready(1)
				return fn(ctx)
			})
			return must(d, err)
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var report *trace.Report
				inScope(t, func(ctx context.Context, s *scope.Scope) {
					db := must(scope.Defer(s, "db", nothing))
					var own context.Context
					d := start(ctx, s, func(ctx context.Context) error {
						own = ctx
						return nil
					})
					<-d.Done()
					synctest.Wait() // Start may still be about to look what it came to
					if got := live(s); !slices.Equal(got, []string{"db"}) {
						t.Errorf("there is %q", got)
					}
					if err := db.Drop(ctx); err != nil {
						t.Error(err)
					}
					if err := d.Drop(ctx); err != nil {
						t.Error(err)
					}
					<-own.Done()
					if !errors.Is(own.Err(), context.Canceled) {
						t.Error(own.Err())
					}
					next := must(s.Daemon("import", func(context.Context) error { return nil }))
					if next.Name() != "import" {
						t.Errorf("called %q", next.Name())
					}
					<-next.Done()
				}, reported(&report))
				if len(report.Entries) != 0 {
					t.Errorf("%+v", report.Entries)
				}
			})
		})
	}
}

// TestFailedDaemonKeepsItsPlace: the error of a daemon that failed by itself stays
// where it belongs among the others, and in the report; what the daemon used is free.
func TestFailedDaemonKeepsItsPlace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var report *trace.Report
		fails := func(context.Context) error { return errBoom }
		err := scope.Run(t.Context(), func(ctx context.Context, s *scope.Scope) error {
			db := must(scope.Defer(s, "db", fails))
			_ = must(scope.Defer(s, "first", fails))
			d := must(s.Daemon("second", fails))
			_ = must(scope.Defer(s, "third", fails))
			<-d.Done()
			wantIs(t, db.Drop(ctx), errBoom)
			return nil
		}, scope.WithName("x"), scope.WithSupervisor(), reported(&report))
		wantTold(t, call{err: err}, "drop first: error", "task second: boom", "drop third: error")
		if e := entry(t, report, "second"); e.Outcome != "error" || len(e.DependsOn) != 0 {
			t.Errorf("%+v", e)
		}
	})
}

// TestDaemonThatEndsInItsTurn: whether a daemon ends by itself or is asked to at this
// very moment, it has one outcome, and no drop of what it uses comes too early.
func TestDaemonThatEndsInItsTurn(t *testing.T) {
	for range 300 {
		inScope(t, func(ctx context.Context, s *scope.Scope) {
			ended := false
			_ = must(scope.Defer(s, "db", func(context.Context) error {
				if !ended {
					t.Error("the daemon still runs")
				}
				return nil
			}))
			begin := make(chan struct{})
			d := must(s.Daemon("d", func(context.Context) error {
				<-begin
				ended = true
				return nil
			}))
			go close(begin)
			if err := d.Drop(ctx); err != nil {
				t.Error(err)
			}
			<-d.Done()
		})
	}
}

// TestScopeHoldsNothingForDaemons: a long-lived scope holds no memory for the
// daemons that have ended.
func TestScopeHoldsNothingForDaemons(t *testing.T) {
	inScope(t, func(ctx context.Context, s *scope.Scope) {
		_ = must(scope.Defer(s, "db", nothing))
		held := func() uint64 {
			runtime.GC()
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			return m.HeapAlloc
		}
		round := func() {
			for range 5000 {
				<-must(s.Daemon("job", func(context.Context) error { return nil })).Done()
			}
		}
		round()
		before := held()
		round()
		if after := held(); after > before+100_000 {
			t.Errorf("%d bytes more after 5,000 daemons", after-before)
		}
	})
}
