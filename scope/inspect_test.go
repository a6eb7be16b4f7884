package scope_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ebb-go/ebb/scope"
	"github.com/ebb-go/ebb/trace"
)

// TestInspectorSince: an inspected scope knows how long it has been in its state.
func TestInspectorSince(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var s *scope.Scope
		want := func(state string, since time.Duration) {
			t.Helper()
			synctest.Wait()
			if got := s.Snapshot(); got.State != state || got.Since != since {
				t.Errorf("%s since %v, want %s since %v", got.State, got.Since, state, since)
			}
		}
		err := scope.Run(t.Context(), func(ctx context.Context, in *scope.Scope) error {
			s = in
			time.Sleep(time.Second)
			want("open", time.Second)
			s.Go("t", func(context.Context) error {
				time.Sleep(2 * time.Second)
				want("draining", 2*time.Second)
				if items := s.Snapshot().Items; items[0].Name != "t" || items[0].Waited != 2*time.Second {
					t.Errorf("waits for %+v", items)
				}
				return nil
			})
			_, err := scope.Defer(s, "g", func(context.Context) error {
				time.Sleep(3 * time.Second)
				want("dropping", 3*time.Second)
				return nil
			})
			return err
		}, scope.WithInspector(new(trace.Inspector)))
		if err != nil {
			t.Error(err)
		}
	})
}

// TestSnapshotWhileOpening: a scope can be looked at while scopes are opened in
// it.
func TestSnapshotWhileOpening(t *testing.T) {
	err := scope.Run(t.Context(), func(ctx context.Context, s *scope.Scope) error {
		for range 4 {
			s.Go("request", func(ctx context.Context) error {
				for range 200 {
					if err := scope.Run(ctx, func(context.Context, *scope.Scope) error { return nil }); err != nil {
						return err
					}
				}
				return nil
			})
		}
		for range 200 {
			s.Snapshot()
			s.Stop(nil)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}
