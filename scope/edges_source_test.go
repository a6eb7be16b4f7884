package scope_test

import (
	"context"
	"errors"
	"testing"

	"github.com/ebb-go/ebb/guard"
	"github.com/ebb-go/ebb/scope"
)

// edgeSources are all ways in which something in s comes to depend on d by name.
var edgeSources = map[string]func(ctx context.Context, s *scope.Scope, d scope.Node) error{
	"guard": func(_ context.Context, s *scope.Scope, d scope.Node) error {
		_, err := scope.Defer(s, "x", nothing, scope.DependsOn(d))
		return err
	},
	"acquire": func(ctx context.Context, s *scope.Scope, d scope.Node) error {
		_, err := scope.Acquire(ctx, s, "x", opens("x"), guard.Nothing, scope.AlsoDependsOn(d))
		return err
	},
	"register": func(ctx context.Context, s *scope.Scope, d scope.Node) error {
		g := guard.New("x", guard.Nothing)
		_, err := scope.Register(s, "x", g, scope.DependsOn(d))
		if err != nil {
			_ = g.Drop(ctx) // it is still the caller's
		}
		return err
	},
	"lazy": func(ctx context.Context, s *scope.Scope, d scope.Node) error {
		_, err := scope.Lazy(s, "x", opens("x"), guard.Nothing, scope.DependsOn(d)).Use(ctx)
		return err
	},
	"daemon": func(_ context.Context, s *scope.Scope, d scope.Node) error {
		_, err := s.Daemon("x", untilStopped, scope.AlsoDependsOn(d))
		return err
	},
	"start": func(ctx context.Context, s *scope.Scope, d scope.Node) error {
		_, _, err := scope.Start(ctx, s, "x", func(ctx context.Context, ready func(int)) error {
			ready(1)
			return untilStopped(ctx)
		}, scope.DependsOn(d))
		return err
	},
	"child": func(_ context.Context, s *scope.Scope, d scope.Node) error {
		_, err := s.Child("x", scope.DependsOn(d))
		return err
	},
	"late": func(_ context.Context, s *scope.Scope, d scope.Node) error {
		return s.Depend(must(scope.Defer(s, "x", nothing)), d)
	},
	"move": func(_ context.Context, s *scope.Scope, d scope.Node) error {
		other := must(s.Child("other", scope.DependsOn()))
		_, err := must(scope.Defer(other, "x", nothing)).MoveTo(s, scope.DependsOn(d))
		return err
	},
}

func untilStopped(ctx context.Context) error { <-ctx.Done(); return nil }

// TestEdgesOfEverySource: wherever an edge comes from, it keeps what it leads to, in the
// scope itself or one above; and it is refused towards any other scope, and towards what
// is gone.
func TestEdgesOfEverySource(t *testing.T) {
	for name, makes := range edgeSources {
		t.Run(name, func(t *testing.T) {
			inScope(t, func(ctx context.Context, s *scope.Scope) {
				drops := func(d *scope.Handle[struct{}]) error { return d.Drop(context.WithoutCancel(ctx)) }
				var inUse *scope.InUseError

				own := must(scope.Defer(s, "own", nothing))
				if err := makes(ctx, s, own); err != nil {
					t.Errorf("own scope: %v", err)
				}
				if err := drops(own); !errors.As(err, &inUse) {
					t.Errorf("own scope: drop of what is depended on: %v", err)
				}

				above := must(scope.Defer(s, "above", nothing))
				child := must(s.Child("child", scope.DependsOn()))
				if err := makes(child.Context(), child, above); err != nil {
					t.Errorf("from a child: %v", err)
				}
				if err := drops(above); !errors.As(err, &inUse) {
					t.Errorf("from a child: drop of what is depended on: %v", err)
				}
				err := scope.Run(ctx, func(ctx context.Context, nested *scope.Scope) error {
					lower := must(scope.Defer(s, "lower", nothing))
					if err := makes(ctx, nested, lower); err != nil {
						t.Errorf("from a nested Run: %v", err)
					}
					if err := drops(lower); !errors.As(err, &inUse) {
						t.Errorf("from a nested Run: drop of what is depended on: %v", err)
					}
					return nil
				})
				if err != nil {
					t.Error(err)
				}

				below := must(scope.Defer(child, "below", nothing))
				wantIs(t, makes(ctx, s, below), scope.ErrForeign)
				if err := drops(below); err != nil {
					t.Errorf("drop of what was refused as a dependency: %v", err)
				}

				gone := must(scope.Defer(s, "gone", nothing))
				if err := drops(gone); err != nil {
					t.Error(err)
				}
				wantIs(t, makes(ctx, s, gone), scope.ErrDropped)
				wantIs(t, makes(child.Context(), child, gone), scope.ErrDropped)
			})
		})
	}
}

// TestRefusedLazyHoldsNothing: a lazy that its scope has refused depends on nothing,
// and so keeps nothing from being dropped.
func TestRefusedLazyHoldsNothing(t *testing.T) {
	inScope(t, func(ctx context.Context, s *scope.Scope) {
		other := must(s.Child("other", scope.DependsOn()))
		refused := scope.Lazy(s, "x", opens("x"), guard.Nothing, scope.DependsOn(must(scope.Defer(other, "foreign", nothing))))
		db := must(scope.Defer(s, "db", nothing))
		wantIs(t, s.Depend(refused, db), scope.ErrForeign)
		if err := db.Drop(ctx); err != nil {
			t.Error(err)
		}
	})
}
