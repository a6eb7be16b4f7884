package scope_test

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ebb-go/ebb/guard"
	"github.com/ebb-go/ebb/scope"
	"github.com/ebb-go/ebb/trace"
)

var errBoom = errors.New("boom")

// journal is what happened, in order.
type journal struct {
	mu  sync.Mutex
	log []string
}

func (j *journal) add(what string) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.log = append(j.log, what)
}

func (j *journal) want(t *testing.T, want ...string) {
	t.Helper()
	j.mu.Lock()
	defer j.mu.Unlock()
	if !slices.Equal(j.log, want) {
		t.Errorf("got %q, want %q", j.log, want)
	}
}

// opens is an open function for a value that is its own name.
func opens(name string) func(context.Context) (string, error) {
	return func(context.Context) (string, error) { return name, nil }
}

func TestRun(t *testing.T) {
	// api -> cache -> db, by use; log by nothing
	var j journal
	drop := func(ctx context.Context, v string) error { j.add(v); return nil }
	var report *trace.Report
	err := scope.Run(t.Context(), func(ctx context.Context, s *scope.Scope) error {
		db, err := scope.Acquire(ctx, s, "db", opens("db"), drop)
		if err != nil {
			return err
		}
		cache, err := scope.Acquire(ctx, s, "cache", func(ctx context.Context) (string, error) {
			return "cache of " + db.Use(ctx), nil
		}, drop)
		if err != nil {
			return err
		}
		if _, err := scope.Acquire(ctx, s, "api", opens("api"), drop, scope.DependsOn(cache)); err != nil {
			return err
		}
		s.Go("warm", func(ctx context.Context) error { j.add("task"); return nil })
		return nil
	}, scope.WithName("orders"), scope.WithReport(func(r *trace.Report) { report = r }))
	if err != nil {
		t.Fatal(err)
	}
	j.want(t, "task", "api", "cache of db", "db")
	if report == nil || len(report.Entries) != 3 || report.Exit != "succeeded" {
		t.Errorf("report: %+v", report)
	}
}

func TestRunFailures(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var j journal
		err := scope.Run(t.Context(), func(ctx context.Context, s *scope.Scope) error {
			_, _ = scope.Defer(s, "bad", func(context.Context) error { j.add("bad"); return errBoom })
			_, _ = scope.Defer(s, "mad", func(context.Context) error { j.add("mad"); panic("mad") })
			s.Go("task", func(ctx context.Context) error {
				<-ctx.Done()
				return context.Cause(ctx)
			})
			s.Go("fails", func(ctx context.Context) error { return errBoom })
			<-ctx.Done()
			return ctx.Err()
		}, scope.WithName("x"), scope.WithSchedule(scope.Sequential))
		want := `scope "x": task "fails": boom; scope "x": drop "mad" (wave 0): panic: mad; scope "x": drop "bad" (wave 0): boom`
		if err == nil || err.Error() != want {
			t.Errorf("got %v\nwant %s", err, want)
		}
		j.want(t, "mad", "bad")
	})
}

func TestRunPanics(t *testing.T) {
	catch := func(f func()) (v any) {
		defer func() { v = recover() }()
		f()
		return nil
	}
	dropped := false
	v := catch(func() {
		_ = scope.Run(t.Context(), func(ctx context.Context, s *scope.Scope) error {
			_, _ = scope.Defer(s, "g", func(ctx context.Context) error {
				dropped = true
				if e := scope.ExitOf(ctx); e.Kind != scope.Panicked || e.Panic != "body" {
					t.Errorf("exit %+v", e)
				}
				return nil
			})
			panic("body")
		})
	})
	if v != "body" || !dropped {
		t.Errorf("got %v, dropped %v", v, dropped)
	}
	v = catch(func() {
		_ = scope.Run(t.Context(), func(ctx context.Context, s *scope.Scope) error {
			s.Go("t", func(context.Context) error { panic(errBoom) })
			<-ctx.Done()
			return errors.New("other")
		})
	})
	p, ok := v.(*scope.PanicError)
	if !ok || !errors.Is(p, errBoom) {
		t.Errorf("got %v", v)
	}
	v = catch(func() {
		_ = scope.Run(t.Context(), func(ctx context.Context, s *scope.Scope) error {
			s.Go("t", func(context.Context) error { panic(http.ErrAbortHandler) })
			return nil
		})
	})
	if v != http.ErrAbortHandler {
		t.Errorf("got %v", v)
	}
}

func TestGrace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		stuck := make(chan struct{})
		err := scope.Run(t.Context(), func(ctx context.Context, s *scope.Scope) error {
			g, _ := scope.Defer(s, "db", func(ctx context.Context) error { return nil })
			_, _ = scope.Defer(s, "api", func(ctx context.Context) error { <-stuck; return nil }, scope.DependsOn(g))
			s.Go("hang", func(ctx context.Context) error { <-stuck; return nil })
			s.Cancel(errBoom)
			return nil
		}, scope.WithName("x"), scope.WithGrace(8*time.Second))
		took := time.Since(start)
		t.Log(took, err)
		if took > 8*time.Second {
			t.Errorf("took %v", took)
		}
		var a *scope.AbandonedError
		if !errors.As(err, &a) || a.Name != "hang" || a.Stack == "" {
			t.Errorf("%+v", a)
		}
		close(stuck)
		synctest.Wait()
	})
}

func TestDaemonsAndChildren(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var j journal
		err := scope.Run(t.Context(), func(ctx context.Context, s *scope.Scope) error {
			_, _ = scope.Acquire(ctx, s, "db", opens("db"), func(context.Context, string) error { j.add("db"); return nil })
			_, err := s.Daemon("consumer", func(ctx context.Context) error {
				<-ctx.Done()
				_ = scope.Run(ctx, func(ctx context.Context, s *scope.Scope) error { j.add("nested"); return nil })
				j.add("consumer")
				return ctx.Err()
			})
			if err != nil {
				return err
			}
			c, err := s.Child("session")
			if err != nil {
				return err
			}
			_, _ = scope.Defer(c, "conn", func(context.Context) error { j.add("conn"); return nil })
			c.Go("t", func(context.Context) error { j.add("t"); return nil })
			if err := c.Close(ctx); err != nil {
				return err
			}
			v, d, err := scope.Start(ctx, s, "server", func(ctx context.Context, ready func(int)) error {
				ready(42)
				<-ctx.Done()
				j.add("server")
				return nil
			})
			if v != 42 || err != nil || d == nil {
				t.Errorf("Start: %v %v", v, err)
			}
			if err := d.Drop(ctx); err != nil {
				t.Error(err)
			}
			f, err := scope.Async(s, "sum", func(context.Context) (int, error) { return 3, nil }).Await(ctx)
			if f != 3 || err != nil {
				t.Error(f, err)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		j.want(t, "t", "conn", "server", "nested", "consumer", "db")
	})
}

func TestRegisterMoveRelease(t *testing.T) {
	var j journal
	err := scope.Run(t.Context(), func(ctx context.Context, outer *scope.Scope) error {
		return scope.Run(ctx, func(ctx context.Context, s *scope.Scope) error {
			g := guard.New("v", func(ctx context.Context, v string) error { j.add(v); return nil })
			h, err := scope.Register(s, "g", g)
			if err != nil {
				return err
			}
			user, err := scope.Acquire(ctx, s, "u", opens("u"), guard.Nothing, scope.DependsOn(h))
			if err != nil {
				return err
			}
			var inUse *scope.InUseError
			if _, err := h.MoveTo(outer); !errors.As(err, &inUse) {
				t.Errorf("move: %v", err)
			}
			if err := h.Drop(ctx); !errors.As(err, &inUse) {
				t.Errorf("drop: %v", err)
			}
			if _, err := user.Release(); err != nil {
				t.Error(err)
			}
			h2, err := h.MoveTo(outer)
			if err != nil {
				return err
			}
			if h2.Value() != "v" {
				t.Error("value")
			}
			l := scope.Lazy(s, "lazy", func(ctx context.Context) (string, error) { return "lazy", nil },
				func(context.Context, string) error { j.add("lazy"); return nil })
			for range 2 {
				if v, err := l.Use(ctx); v != "lazy" || err != nil {
					t.Error(v, err)
				}
			}
			return nil
		})
	})
	if err != nil {
		t.Fatal(err)
	}
	j.want(t, "lazy", "v")
}
