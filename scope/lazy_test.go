package scope_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ebb-go/ebb/guard"
	"github.com/ebb-go/ebb/scope"
)

// TestLazy: opened by its first use, once for all callers; it has its place among
// its neighbours from the start, and what its open function uses it depends on.
func TestLazy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var j journal
		inScope(t, func(ctx context.Context, s *scope.Scope) {
			db := must(scope.Acquire(ctx, s, "db", opens("db"), func(context.Context, string) error { j.add("db"); return nil }))
			opened := 0
			l := scope.Lazy(s, "lazy", func(ctx context.Context) (string, error) {
				opened++
				time.Sleep(sec)
				return "lazy " + db.Use(ctx), nil
			}, func(context.Context, string) error { j.add("lazy"); return nil })
			never := scope.Lazy(s, "never", func(context.Context) (string, error) { t.Error("opened"); return "", nil },
				func(context.Context, string) error { t.Error("dropped"); return nil }, scope.DependsOn(l))
			_ = must(scope.Defer(s, "user", j.adds("user"), scope.DependsOn(never)))
			first, cancel := context.WithCancel(ctx)
			for i := range 4 {
				use := ctx
				if i == 0 {
					use = first
				}
				s.Go("use", func(context.Context) error {
					v, err := l.Use(use)
					if i > 0 && (v != "lazy db" || err != nil) {
						t.Error(v, err)
					}
					return nil
				})
			}
			synctest.Wait()
			cancel() // the first caller gives up; the others do not notice
			time.Sleep(2 * sec)
			if opened != 1 {
				t.Errorf("opened %d times", opened)
			}
			wantPlan(t, s, "user->never", "never->lazy", "lazy->db", "db")
		})
		j.want(t, "user", "lazy", "db")
	})
}

// TestLazyFails: a failed open is told to all who wait, and the next Use tries
// again; once its drop has begun Use is ErrDropped.
func TestLazyFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		inScope(t, func(ctx context.Context, s *scope.Scope) {
			tries := 0
			l := scope.Lazy(s, "l", func(context.Context) (int, error) {
				time.Sleep(sec)
				if tries++; tries == 1 {
					return 0, errBoom
				}
				return tries, nil
			}, guard.Nothing)
			for range 3 {
				s.Go("use", func(ctx context.Context) error { _, err := l.Use(ctx); wantIs(t, err, errBoom); return nil })
			}
			time.Sleep(2 * sec)
			if v, err := l.Use(ctx); v != 2 || err != nil || tries != 2 {
				t.Error(v, err, tries)
			}
			if err := l.Drop(ctx); err != nil {
				t.Error(err)
			}
			_, err := l.Use(ctx)
			wantIs(t, err, scope.ErrDropped)
			if err := l.DropTree(ctx); err != nil {
				t.Error(err)
			}
		})
	})
}

// TestLazyCycle: opens that wait for each other are a *CycleError, not a deadlock.
func TestLazyCycle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		inScope(t, func(ctx context.Context, s *scope.Scope) {
			var a, b *scope.LazyHandle[int]
			a = scope.Lazy(s, "a", func(ctx context.Context) (int, error) { return b.Use(ctx) }, guard.Nothing)
			b = scope.Lazy(s, "b", func(ctx context.Context) (int, error) { return a.Use(ctx) }, guard.Nothing)
			var cycle *scope.CycleError
			if _, err := a.Use(ctx); !errors.As(err, &cycle) {
				t.Errorf("%v", err)
			}
			if err := scope.OpenAll(ctx, a, b); !errors.As(err, &cycle) {
				t.Errorf("%v", err)
			}
		})
	})
}

// TestOpenAll: concurrently, in the order that their use of each other asks for.
func TestOpenAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		inScope(t, func(ctx context.Context, s *scope.Scope) {
			start := time.Now()
			db := scope.Lazy(s, "db", after(sec, 1, nil), guard.Nothing)
			log := scope.Lazy(s, "log", after(sec, 1, nil), guard.Nothing)
			api := scope.Lazy(s, "api", func(ctx context.Context) (int, error) {
				v, err := db.Use(ctx)
				if err != nil {
					return 0, err
				}
				return after(sec, v+1, nil)(ctx)
			}, guard.Nothing)
			if err := scope.OpenAll(ctx, api, db, log); err != nil || time.Since(start) != 2*sec {
				t.Error(err, time.Since(start))
			}
			wantPlan(t, s, "log api->db", "db")
		})
	})
}
