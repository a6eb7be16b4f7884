package scope_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/ebb-go/ebb/guard"
	"github.com/ebb-go/ebb/scope"
	"github.com/ebb-go/ebb/trace"
)

// nothing is a drop that does nothing.
func nothing(context.Context) error { return nil }

// planned draws the plan of a scope: a line for each wave.
func planned(s *scope.Scope) (waves []string) {
	for _, wave := range s.Plan().Waves {
		var nodes []string
		for _, n := range wave {
			text := n.Name
			if len(n.DependsOn) > 0 {
				text += "->" + strings.Join(n.DependsOn, ",")
			}
			nodes = append(nodes, text)
		}
		waves = append(waves, strings.Join(nodes, " "))
	}
	return waves
}

func wantPlan(t *testing.T, s *scope.Scope, want ...string) {
	t.Helper()
	if got := planned(s); !slices.Equal(got, want) {
		t.Errorf("plan %q, want %q", got, want)
	}
}

// TestUseInOpen: inside an open function, using another guard through its context
// records the edge; using it twice records one.
func TestUseInOpen(t *testing.T) {
	inScope(t, func(ctx context.Context, s *scope.Scope) {
		db := must(scope.Acquire(ctx, s, "db", opens("db"), guard.Nothing))
		log := must(scope.Acquire(ctx, s, "log", opens("log"), guard.Nothing))
		_ = must(scope.Acquire(ctx, s, "cache", func(ctx context.Context) (string, error) {
			return db.Use(ctx) + db.Use(ctx), nil
		}, guard.Nothing))
		_ = must(scope.Acquire(ctx, s, "journal", func(ctx context.Context) (string, error) {
			return "", db.Borrow(ctx, func(ctx context.Context, _ string) error { log.Use(ctx); return nil })
		}, guard.Nothing))
		_ = must(scope.Acquire(ctx, s, "alone", func(context.Context) (string, error) {
			return db.Value(), nil // Value records nothing
		}, guard.Nothing))
		_ = db.Use(ctx) // the body is no guard
		wantPlan(t, s, "cache->db journal->db,log alone", "db log")
	})
}

// TestUseInOpenThatFails: a guard that was never registered leaves no edge.
func TestUseInOpenThatFails(t *testing.T) {
	inScope(t, func(ctx context.Context, s *scope.Scope) {
		db := must(scope.Acquire(ctx, s, "db", opens("db"), guard.Nothing))
		_, err := scope.Acquire(ctx, s, "cache", func(ctx context.Context) (string, error) {
			return db.Use(ctx), errBoom
		}, guard.Nothing)
		if err != errBoom {
			t.Error(err)
		}
		c := calls(func() error {
			_, _ = scope.Acquire(ctx, s, "mad", func(ctx context.Context) (string, error) { panic(db.Use(ctx)) }, guard.Nothing)
			return nil
		})
		if c.panic != "db" {
			t.Errorf("%+v", c)
		}
		wantPlan(t, s, "db")
		if err := db.Drop(ctx); err != nil {
			t.Error(err)
		}
	})
}

// TestUseInOpenOfWhatIsDroppedMeanwhile: what was used and then dropped early is
// nothing to wait for.
func TestUseInOpenOfWhatIsDroppedMeanwhile(t *testing.T) {
	inScope(t, func(ctx context.Context, s *scope.Scope) {
		seed := must(scope.Acquire(ctx, s, "seed", opens("seed"), guard.Nothing))
		_ = must(scope.Acquire(ctx, s, "cache", func(ctx context.Context) (string, error) {
			v := seed.Use(ctx)
			return v, seed.Drop(ctx)
		}, guard.Nothing))
		wantPlan(t, s, "cache")
	})
}

// TestAcquireInOpen: what an open function acquires through its context, the guard
// it opens depends on, nested ones too; and a task that it starts is none of it.
func TestAcquireInOpen(t *testing.T) {
	inScope(t, func(ctx context.Context, s *scope.Scope) {
		_ = must(scope.Acquire(ctx, s, "api", func(ctx context.Context) (string, error) {
			_ = must(scope.Acquire(ctx, s, "pool", func(ctx context.Context) (string, error) {
				_ = must(scope.Acquire(ctx, s, "socket", opens("socket"), guard.Nothing))
				return "pool", nil
			}, guard.Nothing))
			return "api", nil
		}, guard.Nothing))
		wantPlan(t, s, "api->pool", "pool->socket", "socket")
	})
}

// TestUseInDaemon: in the context of a daemon the daemon depends on what it uses
// and acquires, also what is newer than it, and when it does so late.
func TestUseInDaemon(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var j journal
		inScope(t, func(ctx context.Context, s *scope.Scope) {
			newer := make(chan *scope.Handle[string], 1)
			_ = must(s.Daemon("consumer", func(ctx context.Context) error {
				h := <-newer
				h.Use(ctx)
				_ = must(scope.Acquire(ctx, s, "own", opens("own"), func(context.Context, string) error { j.add("own"); return nil }))
				<-ctx.Done()
				j.add("consumer")
				return nil
			}))
			newer <- must(scope.Acquire(ctx, s, "newer", opens("newer"), func(context.Context, string) error { j.add("newer"); return nil }))
			synctest.Wait()
			wantPlan(t, s, "consumer->newer,own", "newer own")
		}, scope.WithSchedule(scope.Sequential))
		j.want(t, "consumer", "own", "newer")
	})
}

// TestUsers: unless DependsOn narrows it, a daemon or child depends on every guard
// that its scope held when it was started, not on other users, nor on what is newer.
func TestUsers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		inScope(t, func(ctx context.Context, s *scope.Scope) {
			wait := func(ctx context.Context) error { <-ctx.Done(); return nil }
			a := must(scope.Defer(s, "a", nothing))
			_ = must(scope.Defer(s, "b", nothing))
			_ = must(s.Daemon("all", wait))
			_ = must(s.Daemon("only a", wait, scope.DependsOn(a)))
			_ = must(s.Daemon("none", wait, scope.DependsOn()))
			_ = must(s.Child("child"))
			_ = must(scope.Defer(s, "c", nothing))
			_ = must(s.Daemon("late", wait))
			wantPlan(t, s, "all->a,b only a->a none child->a,b late->a,b,c", "a b c")
		})
	})
}

// TestUseInChild: inside a child, DependsOn or Use of an ancestor's handle records
// the edge from the child to that guard, however deep.
func TestUseInChild(t *testing.T) {
	inScope(t, func(ctx context.Context, s *scope.Scope) {
		c := must(s.Child("c", scope.DependsOn()))
		a := must(scope.Acquire(ctx, s, "a", opens("a"), guard.Nothing))
		b := must(scope.Acquire(ctx, s, "b", opens("b"), guard.Nothing))
		d := must(scope.Acquire(ctx, s, "d", opens("d"), guard.Nothing))
		_ = must(scope.Defer(c, "in", nothing, scope.DependsOn(a)))
		wantPlan(t, s, "c->a b d", "a")
		_ = must(scope.Acquire(ctx, c, "in2", func(ctx context.Context) (string, error) { return b.Use(ctx), nil }, guard.Nothing))
		wantPlan(t, s, "c->a,b d", "a b")
		deep := must(c.Child("deep"))
		used := make(chan struct{})
		deep.Go("t", func(ctx context.Context) error { d.Use(ctx); close(used); return nil })
		<-used
		wantPlan(t, s, "c->a,b,d", "a b d")
	})
}

// TestUseInNestedRun: what a Run inside of a daemon uses, the daemon depends on;
// inside of a task or the body nobody has to.
func TestUseInNestedRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		inScope(t, func(ctx context.Context, s *scope.Scope) {
			used := make(chan struct{})
			late := make(chan *scope.Handle[string], 1)
			_ = must(s.Daemon("server", func(ctx context.Context) error {
				err := scope.Run(ctx, func(ctx context.Context, req *scope.Scope) error {
					h := <-late
					_ = must(scope.Acquire(ctx, req, "tx", func(ctx context.Context) (string, error) { return h.Use(ctx), nil }, guard.Nothing))
					close(used)
					return nil
				})
				<-ctx.Done()
				return err
			}))
			db := must(scope.Acquire(ctx, s, "db", opens("db"), guard.Nothing))
			late <- db
			<-used
			wantPlan(t, s, "server->db", "db")
			_ = scope.Run(ctx, func(ctx context.Context, req *scope.Scope) error {
				_ = must(scope.Defer(req, "tx", nothing, scope.DependsOn(db)))
				wantPlan(t, req, "tx")
				wantPlan(t, s, "server->db", "db")
				return nil
			})
		})
	})
}

// TestDepend: a late edge; a cycle is refused with the whole path, and nothing
// changes.
func TestDepend(t *testing.T) {
	inScope(t, func(ctx context.Context, s *scope.Scope) {
		c := must(scope.Defer(s, "c", nothing))
		b := must(scope.Defer(s, "b", nothing, scope.DependsOn(c)))
		a := must(scope.Defer(s, "a", nothing))
		if err := s.Depend(a, b); err != nil {
			t.Error(err)
		}
		if err := s.Depend(a, b); err != nil {
			t.Errorf("the same again: %v", err)
		}
		wantPlan(t, s, "a->b", "b->c", "c")
		var cycle *scope.CycleError
		if err := s.Depend(c, a); !errors.As(err, &cycle) || !slices.Equal(cycle.Path, []string{"c", "a", "b", "c"}) {
			t.Errorf("%v", err)
		}
		if err := s.Depend(a, a); !errors.As(err, &cycle) {
			t.Errorf("%v", err)
		}
		wantPlan(t, s, "a->b", "b->c", "c")
	})
}

// TestUseCycle: a Use that would close a cycle panics with a *CycleError; Borrow
// returns it.
func TestUseCycle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		inScope(t, func(ctx context.Context, s *scope.Scope) {
			c := must(s.Child("c"))
			h := must(scope.Acquire(ctx, s, "h", opens("h"), guard.Nothing, scope.DependsOn(c))) // h -> c
			done := make(chan struct{})
			c.Go("uses h", func(ctx context.Context) error {
				defer close(done)
				defer func() {
					var cycle *scope.CycleError
					if err, _ := recover().(error); !errors.As(err, &cycle) || !slices.Equal(cycle.Path, []string{"c", "h", "c"}) {
						t.Errorf("panic %v", err)
					}
					if err := h.Borrow(ctx, func(context.Context, string) error { t.Error("lent"); return nil }); !errors.As(err, &cycle) {
						t.Errorf("Borrow: %v", err)
					}
				}()
				h.Use(ctx)
				return nil
			})
			<-done
			wantPlan(t, s, "h->c", "c")
		})
	})
}

// TestWavesAreLongestPaths: a guard's wave is one more than the largest wave among
// its dependents; ties in order of registration; the same input gives the same
// waves.
//
//	e -> d -> a
//	e -> c -> b -> a
func TestWavesAreLongestPaths(t *testing.T) {
	var first []string
	for range 3 {
		var report *trace.Report
		inScope(t, func(ctx context.Context, s *scope.Scope) {
			a := must(scope.Defer(s, "a", nothing))
			b := must(scope.Defer(s, "b", nothing, scope.DependsOn(a)))
			c := must(scope.Defer(s, "c", nothing, scope.DependsOn(b)))
			d := must(scope.Defer(s, "d", nothing, scope.DependsOn(a)))
			_ = must(scope.Defer(s, "e", nothing, scope.DependsOn(c, d)))
			wantPlan(t, s, "e->c,d", "c->b d->a", "b->a", "a")
		}, reported(&report))
		var got []string
		for _, e := range report.Entries {
			got = append(got, fmt.Sprint(e.Wave, e.Name))
		}
		if first == nil {
			first = got
		}
		if !slices.Equal(got, first) || !slices.Equal(got, []string{"0e", "1c", "1d", "2b", "3a"}) {
			t.Errorf("%q", got)
		}
	}
}

// TestSchedules: Waves waits for the whole wave, Eager only for the dependents,
// Sequential drops the newest that is free.
//
//	slow -> s, quick -> q
func TestSchedules(t *testing.T) {
	for schedule, want := range map[scope.Schedule][]string{
		scope.Waves:      {"quick 1s", "slow 5s", "q 6s", "s 6s"},
		scope.Eager:      {"quick 1s", "q 2s", "slow 5s", "s 6s"},
		scope.Sequential: {"quick 1s", "q 2s", "slow 7s", "s 8s"},
	} {
		synctest.Test(t, func(t *testing.T) {
			var report *trace.Report
			var p spans
			inScope(t, func(ctx context.Context, s *scope.Scope) {
				sl := must(scope.Defer(s, "s", sleeps(sec)))
				_ = must(scope.Defer(s, "slow", sleeps(5*sec-1), scope.DependsOn(sl)))
				q := must(scope.Defer(s, "q", sleeps(sec)))
				_ = must(scope.Defer(s, "quick", sleeps(sec), scope.DependsOn(q)))
			}, scope.WithSchedule(schedule), reported(&report), scope.WithTracerProvider(&p))
			var got []string
			for _, e := range report.Entries {
				got = append(got, fmt.Sprintf("%s %v", e.Name, e.Ended.Sub(report.Started).Round(sec)))
			}
			slices.Sort(got)
			slices.Sort(want)
			if !slices.Equal(got, want) || report.Schedule != schedule.String() {
				t.Errorf("%v: %q, want %q", schedule, got, want)
			}
			if e := entry(t, report, "q"); e.Wave != 1 || e.ReleasedBy != "quick" {
				t.Errorf("%v: wave numbers are kept: %+v", schedule, e)
			}
			if n := len(p.named("wave 0")); (n == 1) != (schedule == scope.Waves) {
				t.Errorf("%v: %d spans of wave 0", schedule, n)
			}
		})
	}
}

// TestUnrelatedDropConcurrently: guards depend only on what they declare or use.
func TestUnrelatedDropConcurrently(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := calls(func() error {
			return scope.Run(t.Context(), func(ctx context.Context, s *scope.Scope) error {
				for i := range 100 {
					_ = must(scope.Defer(s, fmt.Sprint(i), sleeps(sec)))
				}
				return nil
			})
		})
		if c.took != sec || c.err != nil {
			t.Errorf("took %v, %v", c.took, c.err)
		}
	})
}

// TestRefusedDropKeepsTheUse: an open function that tries to drop what it uses, and may
// not, uses it all the same.
func TestRefusedDropKeepsTheUse(t *testing.T) {
	var j journal
	adds := func(name string) func(context.Context, int) error {
		return func(context.Context, int) error { j.add(name); return nil }
	}
	one := func(context.Context) (int, error) { return 1, nil }
	inScope(t, func(ctx context.Context, s *scope.Scope) {
		db := must(scope.Acquire(ctx, s, "db", one, adds("db")))
		must(scope.Acquire(ctx, s, "user", one, adds("user"), scope.DependsOn(db)))
		must(scope.Acquire(ctx, s, "cache", func(ctx context.Context) (int, error) {
			db.Use(ctx)
			var inUse *scope.InUseError
			if err := db.Drop(ctx); !errors.As(err, &inUse) || len(inUse.Dependents) != 1 {
				t.Errorf("Drop in the open function: %v, want in use by user", err)
			}
			return 1, nil
		}, adds("cache")))
		if err := db.Drop(ctx); err == nil || !strings.Contains(err.Error(), `"cache"`) {
			t.Errorf("Drop afterwards: %v, want in use by cache too", err)
		}
	})
	if len(j.log) != 3 || j.log[2] != "db" {
		t.Errorf("dropped %v, want db last", j.log)
	}
}
