package scope_test

import (
	"context"
	"errors"
	"testing"

	"github.com/ebb-go/ebb/scope"
)

// TestAbsentNodes: nil nodes, of whatever type, are left out of edges: components
// that are switched off.
func TestAbsentNodes(t *testing.T) {
	type wrapped struct{ scope.Node }
	absent := []scope.Node{nil, (*wrapped)(nil), (*scope.Handle[int])(nil), (*scope.LazyHandle[int])(nil), (*scope.Daemon)(nil), (*scope.Scope)(nil)}
	inScope(t, func(ctx context.Context, s *scope.Scope) {
		wait := func(ctx context.Context) error { <-ctx.Done(); return nil }
		db := must(scope.Defer(s, "db", nothing))
		_ = must(scope.Defer(s, "a", nothing, scope.DependsOn(append(absent, db)...)))
		_ = must(scope.Defer(s, "b", nothing, scope.AlsoDependsOn(append(absent, db)...)))
		d := must(s.Daemon("d", wait, scope.DependsOn(absent...)))
		_ = must(s.Daemon("e", wait, scope.AlsoDependsOn(append(absent, d)...)))
		_ = must(s.Child("c", scope.DependsOn(absent...)))
		_ = must(s.Child("f", scope.AlsoDependsOn(append(absent, d)...)))
		for _, n := range absent {
			if err := errors.Join(s.Depend(n, db), s.Depend(db, n), s.Depend(n, nil)); err != nil {
				t.Errorf("%T: %v", n, err)
			}
		}
		wantPlan(t, s, "e->db,a,b,d c f->db,a,b,d", "a->db b->db d", "db")
		wantIs(t, s.Depend(db, s), scope.ErrForeign) // which is there, and no node
		wantIs(t, s.Depend(db, &wrapped{s}), scope.ErrForeign)
		_, err := scope.Defer(s, "x", nothing, scope.DependsOn(s))
		wantIs(t, err, scope.ErrForeign)
	})
}
