package scope_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ebb-go/ebb/guard"
	"github.com/ebb-go/ebb/scope"
	"github.com/ebb-go/ebb/trace"
)

// TestPlan: the waves as they would run now; a copy that nothing changes.
func TestPlan(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		inScope(t, func(ctx context.Context, s *scope.Scope) {
			wantPlan(t, s)
			db := must(scope.Defer(s, "db", nothing))
			_ = must(s.Daemon("d", func(ctx context.Context) error { <-ctx.Done(); return nil }))
			_ = must(s.Child("c", scope.DependsOn()))
			before := s.Plan()
			_ = must(scope.Defer(s, "api", nothing, scope.DependsOn(db)))
			wantPlan(t, s, "d->db c api->db", "db")
			if len(before.Waves) != 2 || len(before.Waves[0]) != 2 || before.Waves[0][0].Kind != "daemon" ||
				before.Waves[0][1].Kind != "child" || before.Waves[1][0].Kind != "guard" || before.Waves[1][0].Wave != 1 {
				t.Errorf("%+v", before)
			}
		})
	})
}

// TestSnapshot: tasks, daemons, children and guards with state and age, each live
// thing once; also of a scope that is ending.
func TestSnapshot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		states := func(s trace.Snapshot) map[string]string {
			m := map[string]string{}
			for _, i := range s.Items {
				if _, twice := m[i.Name]; twice {
					t.Errorf("%s twice in %+v", i.Name, s)
				}
				m[i.Name] = i.Kind + " " + i.State
			}
			return m
		}
		want := func(s *scope.Scope, want map[string]string) trace.Snapshot {
			t.Helper()
			shot := s.Snapshot()
			got := states(shot)
			for name, w := range want {
				if got[name] != w {
					t.Errorf("%s: %q, want %q", name, got[name], w)
				}
			}
			return shot
		}
		err := scope.Run(t.Context(), func(ctx context.Context, s *scope.Scope) error {
			db := must(scope.Acquire(ctx, s, "db", opens("db"), func(context.Context, string) error {
				time.Sleep(sec)
				shot := want(s, map[string]string{"db": "guard dropping"})
				if shot.State != "dropping" || shot.Items[0].Waited != sec || len(shot.Children) != 0 {
					t.Errorf("%+v", shot)
				}
				return nil
			}))
			_ = must(s.Daemon("daemon", func(ctx context.Context) error {
				return scope.Run(ctx, func(ctx context.Context, _ *scope.Scope) error { <-ctx.Done(); return nil }, scope.WithName("request"))
			}))
			c := must(s.Child("child"))
			_ = must(scope.Defer(c, "in", nothing))
			s.Go("task", func(ctx context.Context) error { <-ctx.Done(); return nil })
			gone := must(scope.Acquire(ctx, s, "gone", opens("gone"), guard.Nothing))
			_ = gone.Drop(ctx)
			time.Sleep(time.Minute)
			shot := want(s, map[string]string{"db": "guard live", "daemon": "daemon live", "task": "task running", "gone": ""})
			if shot.Name != "x" || shot.Path != "x" || shot.State != "open" || shot.Items[0].Age != time.Minute {
				t.Errorf("%+v", shot)
			}
			below := map[string]bool{}
			for _, c := range shot.Children {
				below[c.Path] = true
			}
			if len(below) != 2 || !below["x/request"] || !below["x/child"] {
				t.Errorf("children %v", below)
			}
			s.Cancel(errGone)
			if shot := s.Snapshot(); shot.Error != "caller is gone" {
				t.Errorf("%+v", shot)
			}
			_ = db
			return nil
		}, scope.WithName("x"), reported(new(*trace.Report)))
		wantIs(t, err, errGone)
	})
}

// TestSnapshotHasChildAsItem: the doc of Snapshot says that a child is an item, which
// is its place in the teardown, and its inside is one of Children.
func TestSnapshotHasChildAsItem(t *testing.T) {
	inScope(t, func(ctx context.Context, s *scope.Scope) {
		_ = must(s.Child("child"))
		shot := s.Snapshot()
		if len(shot.Items) != 1 || shot.Items[0].Kind != "child" || len(shot.Children) != 1 {
			t.Errorf("%+v", shot)
		}
	})
}
