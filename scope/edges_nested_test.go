package scope_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"testing"
	"testing/synctest"

	"github.com/ebb-go/ebb/guard"
	"github.com/ebb-go/ebb/scope"
)

// A frame calls f with a context in which a Run nests, from one of the places that
// there are, and waits for it.
type frame struct {
	name string
	call func(ctx context.Context, s *scope.Scope, f func(ctx context.Context))
}

var frames = []frame{
	{"body", func(ctx context.Context, _ *scope.Scope, f func(context.Context)) { f(ctx) }},
	{"task", func(ctx context.Context, s *scope.Scope, f func(context.Context)) {
		done := make(chan struct{})
		s.Go("t", func(ctx context.Context) error { defer close(done); f(ctx); return nil })
		<-done
	}},
	{"daemon", func(ctx context.Context, s *scope.Scope, f func(context.Context)) {
		d := must(s.Daemon("d", func(ctx context.Context) error { f(ctx); return nil }, scope.DependsOn()))
		<-d.Done()
	}},
	{"open", func(ctx context.Context, s *scope.Scope, f func(context.Context)) {
		h := must(scope.Acquire(ctx, s, "o", func(ctx context.Context) (int, error) { f(ctx); return 1, nil }, guard.Nothing))
		_ = h.Drop(ctx)
	}},
	{"lazy", func(ctx context.Context, s *scope.Scope, f func(context.Context)) {
		l := scope.Lazy(s, "l", func(ctx context.Context) (int, error) { f(ctx); return 1, nil }, guard.Nothing)
		_ = must(l.Use(ctx))
		_ = l.Drop(ctx)
	}},
	{"child", func(ctx context.Context, s *scope.Scope, f func(context.Context)) {
		c := must(s.Child("c", scope.DependsOn()))
		f(c.Context())
		_ = c.Close(ctx)
	}},
	{"task of a child", func(ctx context.Context, s *scope.Scope, f func(context.Context)) {
		c := must(s.Child("c", scope.DependsOn()))
		c.Go("t", func(ctx context.Context) error { f(ctx); return nil })
		_ = c.Close(ctx)
	}},
}

// TestEdgesFromNestedRuns: whatever comes to depend on a guard of an outer scope,
// from a Run nested wherever that can be, however deep, and by whatever means: while
// it lives, Drop, Release, MoveTo and DropTree from inside are refused, and once all is
// gone the guard is free.
func TestEdgesFromNestedRuns(t *testing.T) {
	wait := func(ctx context.Context) error { <-ctx.Done(); return nil }
	uses := map[string]func(ctx context.Context, s *scope.Scope, db *scope.Handle[int]){
		"DependsOn of a guard": func(ctx context.Context, s *scope.Scope, db *scope.Handle[int]) {
			_ = must(scope.Defer(s, "in", nothing, scope.DependsOn(db)))
		},
		"Use of a guard": func(ctx context.Context, s *scope.Scope, db *scope.Handle[int]) {
			_ = must(scope.Acquire(ctx, s, "in", func(ctx context.Context) (int, error) { return db.Use(ctx), nil }, guard.Nothing))
		},
		"Depend": func(ctx context.Context, s *scope.Scope, db *scope.Handle[int]) {
			if err := s.Depend(must(scope.Defer(s, "in", nothing)), db); err != nil {
				t.Error(err)
			}
		},
		"DependsOn of a daemon": func(ctx context.Context, s *scope.Scope, db *scope.Handle[int]) {
			_ = must(s.Daemon("in", wait, scope.DependsOn(db)))
		},
		"Use of a daemon": func(ctx context.Context, s *scope.Scope, db *scope.Handle[int]) {
			_, _, _ = scope.Start(ctx, s, "in", func(ctx context.Context, ready func(int)) error {
				ready(db.Use(ctx))
				return wait(ctx)
			})
		},
		"AlsoDependsOn of a child": func(ctx context.Context, s *scope.Scope, db *scope.Handle[int]) {
			_ = must(s.Child("in", scope.AlsoDependsOn(db)))
		},
		"Use of a lazy": func(ctx context.Context, s *scope.Scope, db *scope.Handle[int]) {
			l := scope.Lazy(s, "in", func(ctx context.Context) (int, error) { return db.Use(ctx), nil }, guard.Nothing)
			_ = must(l.Use(ctx))
		},
	}
	for _, f := range frames {
		for name, use := range uses {
			for depth := 1; depth <= 2; depth++ {
				t.Run(fmt.Sprint(f.name, "/", name, "/", depth), func(t *testing.T) {
					synctest.Test(t, func(t *testing.T) {
						inScope(t, func(ctx context.Context, s *scope.Scope) {
							db := must(scope.Acquire(ctx, s, "db", func(context.Context) (int, error) { return 1, nil }, guard.Nothing))
							other := must(s.Child("other", scope.DependsOn()))
							f.call(ctx, s, func(ctx context.Context) {
								nest(ctx, depth, func(ctx context.Context, in *scope.Scope) {
									use(ctx, in, db)
									synctest.Wait()
									_, release := db.Release()
									_, move := db.MoveTo(other)
									for k, err := range []error{db.Drop(t.Context()), release, move} {
										var inUse *scope.InUseError
										if !errors.As(err, &inUse) || inUse.Guard != "db" || len(inUse.Dependents) != 1 {
											t.Errorf("%d: %v", k, err)
										}
									}
								})
							})
							if err := db.Drop(ctx); err != nil {
								t.Errorf("at the end: %v", err)
							}
						})
					})
				})
			}
		}
	}
}

// nest calls f in a Run that lies deep in others.
func nest(ctx context.Context, depth int, f func(ctx context.Context, s *scope.Scope)) {
	err := scope.Run(ctx, func(ctx context.Context, s *scope.Scope) error {
		if depth > 1 {
			nest(ctx, depth-1, f)
		} else {
			f(ctx, s)
		}
		return nil
	})
	if err != nil {
		panic(err)
	}
}

// TestPinsAreNamed: a guard that is used by what lies in a Run nested in the body is in
// use by the names of those, until each is gone, or was released or moved.
func TestPinsAreNamed(t *testing.T) {
	inScope(t, func(ctx context.Context, s *scope.Scope) {
		db := must(scope.Defer(s, "db", nothing))
		nest(ctx, 1, func(ctx context.Context, in *scope.Scope) {
			a := must(scope.Defer(in, "a", nothing, scope.DependsOn(db)))
			b := must(scope.Defer(in, "b", nothing, scope.DependsOn(db)))
			c := must(scope.Defer(in, "c", nothing, scope.DependsOn(db)))
			want := func(names ...string) {
				t.Helper()
				var inUse *scope.InUseError
				if err := db.Drop(ctx); !errors.As(err, &inUse) || !slices.Equal(inUse.Dependents, names) {
					t.Errorf("%v, want %q", err, names)
				}
			}
			want("a", "b", "c")
			_ = b.Drop(ctx)
			want("a", "c")
			_, _ = a.Release()
			want("c")
			moved := must(c.MoveTo(s))
			want("c") // which is a node beside it now
			_ = moved.Drop(ctx)
			if err := db.Drop(ctx); err != nil {
				t.Error(err)
			}
		})
	})
}

// TestOpeningPins: what an open function has used is in use until it has failed, and
// then free.
func TestOpeningPins(t *testing.T) {
	inScope(t, func(ctx context.Context, s *scope.Scope) {
		db := must(scope.Acquire(ctx, s, "db", opens("db"), guard.Nothing))
		for _, fails := range []func() error{
			func() error { return errBoom }, func() error { panic("kaboom") }, func() error { runtime.Goexit(); return nil },
		} {
			calls(func() error {
				_, err := scope.Acquire(ctx, s, "cache", func(in context.Context) (string, error) {
					v := db.Use(in)
					var inUse *scope.InUseError
					for k, err := range []error{db.Drop(ctx), db.DropTree(ctx)} { // not by the open function
						if !errors.As(err, &inUse) || !slices.Equal(inUse.Dependents, []string{"cache"}) {
							t.Errorf("%d: %v", k, err)
						}
					}
					return v, fails()
				}, guard.Nothing)
				return err
			})
		}
		if err := db.Drop(ctx); err != nil {
			t.Error(err)
		}
	})
}

// TestMoveIntoNestedRun: a guard that moves into a Run nested in the body, and on into
// another, keeps what it depends on in use.
func TestMoveIntoNestedRun(t *testing.T) {
	inScope(t, func(ctx context.Context, s *scope.Scope) {
		db := must(scope.Defer(s, "db", nothing))
		h := must(scope.Defer(s, "session", nothing, scope.DependsOn(db)))
		nest(ctx, 1, func(ctx context.Context, outer *scope.Scope) {
			h := must(h.MoveTo(outer))
			nest(ctx, 1, func(ctx context.Context, inner *scope.Scope) {
				_ = must(h.MoveTo(inner))
				var inUse *scope.InUseError
				if err := db.Drop(ctx); !errors.As(err, &inUse) || !slices.Equal(inUse.Dependents, []string{"session"}) {
					t.Error(err)
				}
			})
			if err := db.Drop(ctx); err != nil {
				t.Error(err)
			}
		})
	})
}

// TestMoveUpKeepsEdges: a guard that is moved up, out of a child or out of two, keeps
// what it depends on above, unless options replace that; and what it leaves below is
// ErrForeign.
func TestMoveUpKeepsEdges(t *testing.T) {
	for _, steps := range []bool{false, true} {
		inScope(t, func(ctx context.Context, s *scope.Scope) {
			db := must(scope.Acquire(ctx, s, "db", opens("db"), guard.Nothing))
			log := must(scope.Defer(s, "log", nothing))
			c := must(s.Child("c", scope.DependsOn()))
			deep := must(c.Child("deep", scope.DependsOn()))
			own := must(scope.Defer(c, "own", nothing))
			open := func() *scope.Handle[string] {
				return must(scope.Acquire(ctx, deep, "h", func(ctx context.Context) (string, error) { return db.Use(ctx), nil },
					guard.Nothing, scope.DependsOn(log)))
			}
			move := func(h *scope.Handle[string], opts ...scope.GuardOption) (*scope.Handle[string], error) {
				if steps {
					h = must(h.MoveTo(c))
				}
				return h.MoveTo(s, opts...)
			}
			h := must(move(open()))
			if err := errors.Join(deep.Close(ctx), c.Close(ctx)); err != nil {
				t.Error(err)
			}
			wantPlan(t, s, "h->db,log", "db log")
			_ = h.Drop(ctx)
			if own.Drop(ctx) != nil || len(live(s)) != 2 {
				t.Errorf("%q", live(s))
			}
		})
	}
	inScope(t, func(ctx context.Context, s *scope.Scope) {
		db := must(scope.Defer(s, "db", nothing))
		c := must(s.Child("c", scope.DependsOn()))
		own := must(scope.Defer(c, "own", nothing))
		h := must(scope.Defer(c, "h", nothing, scope.DependsOn(db, own)))
		_, err := h.MoveTo(s)
		wantIs(t, err, scope.ErrForeign)
		wantPlan(t, c, "h->own", "own")
		_ = must(h.MoveTo(s, scope.DependsOn())) // options replace the edges
		_ = c.Close(ctx)
		wantPlan(t, s, "db h")
	})
}

// TestAcquireForDaemon: what a daemon acquires or starts through its context it depends
// on, whatever scope that is in, and a cycle refuses it: then nothing is kept, and the
// value is dropped.
func TestAcquireForDaemon(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		inScope(t, func(ctx context.Context, s *scope.Scope) {
			c := must(s.Child("c", scope.DependsOn()))
			dropped := 0
			var self *scope.Daemon
			ready := make(chan struct{})
			self = must(s.Daemon("server", func(ctx context.Context) error {
				<-ready
				_ = must(scope.Acquire(ctx, c, "in c", opens(""), guard.Nothing))
				_ = must(scope.Acquire(ctx, s, "own", opens(""), guard.Nothing))
				_, _, err := scope.Start(ctx, s, "helper", func(ctx context.Context, ready func(int)) error {
					ready(1)
					<-ctx.Done()
					return nil
				}, scope.DependsOn())
				if err != nil {
					t.Error(err)
				}
				_, err = scope.Acquire(ctx, s, "cyclic", opens(""), func(context.Context, string) error { dropped++; return nil }, scope.DependsOn(self))
				var cycle *scope.CycleError
				if !errors.As(err, &cycle) || !slices.Equal(cycle.Path, []string{"server", "cyclic", "server"}) || dropped != 1 {
					t.Errorf("%v, %d drops", err, dropped)
				}
				<-ctx.Done()
				return nil
			}, scope.DependsOn()))
			close(ready)
			synctest.Wait()
			wantPlan(t, s, "server->c,own,helper", "c own helper")
		})
	})
}

// TestMovedOften: a guard that has been moved often holds no memory for that, borrowed
// or not.
func TestMovedOften(t *testing.T) {
	inScope(t, func(ctx context.Context, s *scope.Scope) {
		a, b := must(s.Child("a", scope.DependsOn())), must(s.Child("b", scope.DependsOn()))
		held := func() uint64 {
			runtime.GC()
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			return m.HeapAlloc
		}
		for _, borrowed := range []bool{false, true} {
			h := must(scope.Acquire(ctx, a, "h", opens("h"), guard.Nothing))
			move := func() {
				for range 5_000 {
					h = must(must(h.MoveTo(b)).MoveTo(a))
				}
			}
			f := func(context.Context, string) error {
				move()
				before := held()
				move()
				if after := held(); after > before+100_000 {
					t.Errorf("borrowed %v: %d bytes more after 10,000 moves", borrowed, after-before)
				}
				return nil
			}
			if borrowed {
				_ = h.Borrow(ctx, f)
			} else {
				_ = f(ctx, "")
			}
			if h.Value() != "h" || h.Drop(ctx) != nil {
				t.Error(h.Name())
			}
		}
	})
}

// TestEdgesBelowWhatStarts: what a daemon has acquired is not given away, before it is
// ready, from under a guard of a Run nested in it; likewise below an open function.
func TestEdgesBelowWhatStarts(t *testing.T) {
	type handle = *scope.Handle[string]
	gives := map[string]func(ctx context.Context, db handle, in *scope.Scope) error{
		"drop":    func(ctx context.Context, db handle, _ *scope.Scope) error { return db.Drop(ctx) },
		"release": func(_ context.Context, db handle, _ *scope.Scope) error { _, err := db.Release(); return err },
		"move":    func(_ context.Context, db handle, in *scope.Scope) error { _, err := db.MoveTo(in); return err },
	}
	for name, give := range gives {
		below := func(ctx context.Context, s *scope.Scope) error {
			db, err := scope.Acquire(ctx, s, "db", opens("db"), guard.Nothing)
			if err != nil {
				return err
			}
			return scope.Run(ctx, func(ctx context.Context, in *scope.Scope) error {
				_ = must(scope.Defer(in, "api", nothing, scope.DependsOn(db)))
				var used *scope.InUseError
				if err := give(ctx, db, in); !errors.As(err, &used) || !slices.Contains(used.Dependents, "api") {
					t.Errorf("%s: %v", name, err)
				}
				return nil
			})
		}
		inScope(t, func(ctx context.Context, s *scope.Scope) {
			_, _, err := scope.Start(ctx, s, "d", func(ctx context.Context, ready func(int)) error {
				err := below(ctx, s)
				ready(1)
				return err
			})
			if err != nil {
				t.Error(err)
			}
			_ = must(scope.Acquire(ctx, s, "o", func(ctx context.Context) (string, error) { return "", below(ctx, s) }, guard.Nothing))
		})
	}
}
