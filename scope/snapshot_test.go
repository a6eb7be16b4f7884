package scope_test

import (
	"context"
	"errors"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ebb-go/ebb/guard"
	"github.com/ebb-go/ebb/scope"
	"github.com/ebb-go/ebb/trace"
)

// items returns those of a state, by name.
func items(shot trace.Snapshot, state string) map[string]trace.SnapshotItem {
	found := make(map[string]trace.SnapshotItem)
	for _, i := range shot.Items {
		if i.State == state {
			found[i.Name] = i
		}
	}
	return found
}

// TestSnapshotOpening: what is being opened is in the snapshot, with its age, for as
// long as its function runs, however that ends.
func TestSnapshotOpening(t *testing.T) {
	for _, end := range []func() error{
		func() error { return nil },
		func() error { return errBoom },
		func() error { panic(errBoom) },
		func() error { runtime.Goexit(); return nil },
	} {
		synctest.Test(t, func(t *testing.T) {
			inScope(t, func(ctx context.Context, s *scope.Scope) {
				seen := func(want ...string) {
					t.Helper()
					got := items(s.Snapshot(), "opening")
					for _, name := range want {
						if got[name].Kind != "guard" {
							t.Errorf("%q is not being opened: %v", name, got)
						}
						if placed := got[name].Wave >= 0; placed != (name == "lazy") {
							t.Errorf("%q has wave %d", name, got[name].Wave)
						}
					}
					if len(got) != len(want) {
						t.Errorf("opening %v, want %q", got, want)
					}
				}
				lazy := scope.Lazy(s, "lazy", func(context.Context) (int, error) { seen("lazy", "outer", "inner"); return 0, nil }, guard.Nothing)
				seen()
				_ = calls(func() error {
					_, err := scope.Acquire(ctx, s, "outer", func(ctx context.Context) (int, error) {
						time.Sleep(sec)
						if i := items(s.Snapshot(), "opening")["outer"]; i.Age != sec {
							t.Errorf("opening for %v", i.Age)
						}
						_ = must(scope.Acquire(ctx, s, "inner", func(ctx context.Context) (int, error) {
							seen("outer", "inner")
							return lazy.Use(ctx)
						}, guard.Nothing))
						seen("outer")
						return 0, end()
					}, guard.Nothing)
					return err
				})
				seen()
				if got := items(s.Snapshot(), "live"); got["lazy"].Kind != "guard" {
					t.Errorf("what was opened is live: %v", got)
				}
			})
		})
	}
}

// TestSnapshotCounts: tasks of one name are one item with the age of the oldest; what
// was abandoned is apart.
func TestSnapshotCounts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var kept *scope.Scope
		let := make(chan struct{})
		_ = scope.Run(t.Context(), func(ctx context.Context, s *scope.Scope) error {
			kept = s
			s.Go("first", func(context.Context) error { <-let; return nil })
			for range 76 {
				time.Sleep(sec)
				s.Go("upstream", func(context.Context) error { <-let; return nil })
			}
			got := s.Snapshot().Items
			if len(got) != 2 || got[0].Name != "first" || got[1].Name != "upstream" ||
				got[1].Count != 76 || got[1].Age != 75*sec || got[1].State != "running" {
				t.Errorf("%+v", got)
			}
			return errBoom
		}, scope.WithGrace(sec), new(logs).with())
		if got := items(kept.Snapshot(), "abandoned"); got["upstream"].Count != 76 {
			t.Errorf("%+v", kept.Snapshot().Items)
		}
		close(let)
	})
}

// TestSnapshotIsLinear: ten times as much of anything takes about ten times the
// allocations: of nested scopes, of tasks, and of children and guards of which every
// child depends on every guard.
func TestSnapshotIsLinear(t *testing.T) {
	for what, build := range map[string]func(n int, look func(s *scope.Scope)){
		"nested Runs": func(n int, look func(*scope.Scope)) {
			var root *scope.Scope
			var nest func(ctx context.Context, left int) error
			nest = func(ctx context.Context, left int) error {
				return scope.Run(ctx, func(ctx context.Context, s *scope.Scope) error {
					if root == nil {
						root = s
					}
					if left > 0 {
						return nest(ctx, left-1)
					}
					look(root)
					return nil
				})
			}
			_ = nest(t.Context(), n)
		},
		"tasks": func(n int, look func(*scope.Scope)) {
			inScope(t, func(ctx context.Context, s *scope.Scope) {
				let := make(chan struct{})
				for range n {
					s.Go("t", func(context.Context) error { <-let; return nil })
				}
				look(s)
				close(let)
			})
		},
		"children and guards": func(n int, look func(*scope.Scope)) {
			inScope(t, func(ctx context.Context, s *scope.Scope) {
				for range n {
					_ = must(scope.Defer(s, "g", nothing))
				}
				for range n {
					_ = must(s.Child("c"))
				}
				look(s)
			})
		},
	} {
		cost := func(n int) (allocated uint64) {
			build(n, func(s *scope.Scope) {
				var before, after runtime.MemStats
				runtime.ReadMemStats(&before)
				_ = s.Snapshot()
				runtime.ReadMemStats(&after)
				allocated = after.Mallocs - before.Mallocs
			})
			return allocated
		}
		if few, many := cost(100), cost(1000); many > 20*few+1000 {
			t.Errorf("%s: %d allocations for 100, %d for 1,000", what, few, many)
		}
	}
}

// curious is an error that looks at the scope that it is the cause of.
type curious struct {
	error
	s *scope.Scope
}

func (c curious) Error() string {
	_ = c.s.TryGo("t", nothing)
	return c.error.Error()
}

// TestSnapshotOfACuriousCause: the text of a cause is anybody's code, and is asked for
// with no lock held.
func TestSnapshotOfACuriousCause(t *testing.T) {
	_ = scope.Run(t.Context(), func(ctx context.Context, s *scope.Scope) error {
		s.Cancel(curious{errors.New("why"), s})
		if got := s.Snapshot().Error; got != "why" {
			t.Error(got)
		}
		return nil
	})
}
