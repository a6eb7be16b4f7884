package scope_test

import (
	"context"
	"errors"
	"log/slog"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ebb-go/ebb/scope"
	"github.com/ebb-go/ebb/trace"
)

// TestExitOf: a drop sees how its scope ended, for every way out; the report says
// the same.
func TestExitOf(t *testing.T) {
	type way struct {
		name string
		body func(ctx context.Context, s *scope.Scope) error
		want scope.Exit
		opts []scope.Option
	}
	for _, w := range []way{
		{"nil", func(context.Context, *scope.Scope) error { return nil }, scope.Exit{Kind: scope.Succeeded}, nil},
		{"error", func(context.Context, *scope.Scope) error { return errBoom }, scope.Exit{Kind: scope.Failed, Err: errBoom}, nil},
		{"panic", func(context.Context, *scope.Scope) error { panic("p") }, scope.Exit{Kind: scope.Panicked, Panic: "p"}, nil},
		{"goexit", func(context.Context, *scope.Scope) error { runtime.Goexit(); return nil }, scope.Exit{Kind: scope.Exited}, nil},
		{"canceled with a nil body", func(_ context.Context, s *scope.Scope) error { s.Cancel(errGone); return nil },
			scope.Exit{Kind: scope.Canceled, Err: errGone}, nil},
		{"canceled with an echo", func(ctx context.Context, s *scope.Scope) error { s.Cancel(errGone); return ctx.Err() },
			scope.Exit{Kind: scope.Canceled, Err: errGone}, nil},
		{"canceled and failed", func(_ context.Context, s *scope.Scope) error { s.Cancel(errGone); return errBoom },
			scope.Exit{Kind: scope.Failed, Err: errBoom}, nil},
		{"a task failed", func(_ context.Context, s *scope.Scope) error {
			s.Go("t", func(context.Context) error { return errBoom })
			return nil
		}, scope.Exit{Kind: scope.Failed, Err: errBoom}, nil},
		{"a task panicked", func(_ context.Context, s *scope.Scope) error {
			s.Go("t", func(context.Context) error { panic("p") })
			return nil
		}, scope.Exit{Kind: scope.Panicked, Panic: "p"}, nil},
		{"a task panicked, as error", func(_ context.Context, s *scope.Scope) error {
			s.Go("t", func(context.Context) error { panic(errBoom) })
			return nil
		}, scope.Exit{Kind: scope.Failed, Err: errBoom}, []scope.Option{scope.WithPanicAsError()}},
		{"a daemon failed", func(ctx context.Context, s *scope.Scope) error {
			_ = must(s.Daemon("d", func(context.Context) error { return errBoom }))
			<-ctx.Done()
			return nil
		}, scope.Exit{Kind: scope.Failed, Err: errBoom}, nil},
		{"stopped", func(_ context.Context, s *scope.Scope) error { s.Stop(errGone); return nil }, scope.Exit{Kind: scope.Succeeded}, nil},
		{"supervisor", func(_ context.Context, s *scope.Scope) error {
			s.Go("t", func(context.Context) error { return errBoom })
			return nil
		}, scope.Exit{Kind: scope.Failed, Err: errBoom}, []scope.Option{scope.WithSupervisor()}},
	} {
		t.Run(w.name, func(t *testing.T) {
			var got, nested, child scope.Exit
			var report *trace.Report
			calls(func() error {
				return scope.Run(t.Context(), func(ctx context.Context, s *scope.Scope) error {
					_ = must(scope.Defer(s, "tx", func(ctx context.Context) error {
						got = scope.ExitOf(ctx)
						return scope.Run(context.WithValue(ctx, key{}, 1), func(ctx context.Context, s *scope.Scope) error {
							nested = scope.ExitOf(ctx) // still that of the drop around it
							return nil
						})
					}))
					c := must(s.Child("child"))
					_ = must(scope.Defer(c, "in", func(ctx context.Context) error { child = scope.ExitOf(ctx); return nil }))
					return w.body(ctx, s)
				}, append(w.opts, reported(&report))...)
			})
			if got.Kind != w.want.Kind || got.Panic != w.want.Panic || !errors.Is(got.Err, w.want.Err) {
				t.Errorf("got %+v, want %+v", got, w.want)
			}
			if nested.Kind != got.Kind || report.Exit != got.Kind.String() {
				t.Errorf("nested %v, report %s", nested.Kind, report.Exit)
			}
			// A child: Canceled if its context was canceled.
			want := scope.Canceled
			if w.want.Kind == scope.Succeeded || w.name == "supervisor" {
				want = scope.Succeeded
			}
			if child.Kind != want {
				t.Errorf("child %v, want %v", child.Kind, want)
			}
		})
	}
}

// TestExitOfNested: a nested scope has an exit of its own; an early drop and what
// is no drop find Succeeded; a child that failed by its own task is Failed.
func TestExitOfNested(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex // an early drop whose caller has gone runs beside the teardown
		kinds := map[string]scope.Exit{}
		note := func(name string) func(context.Context) error {
			return func(ctx context.Context) error {
				mu.Lock()
				defer mu.Unlock()
				kinds[name] = scope.ExitOf(ctx)
				return nil
			}
		}
		err := scope.Run(t.Context(), func(ctx context.Context, s *scope.Scope) error {
			_ = must(scope.Defer(s, "outer", note("outer")))
			_ = scope.Run(ctx, func(ctx context.Context, s *scope.Scope) error {
				_ = must(scope.Defer(s, "inner", note("inner")))
				return errBoom
			})
			c := must(s.Child("c"))
			_ = must(scope.Defer(c, "in child", note("child")))
			c.Go("t", func(context.Context) error { return errBoom })
			wantIs(t, c.Close(ctx), errBoom)
			d := must(s.Child("d"))
			_ = must(scope.Defer(d, "closed", note("closed")))
			_ = d.Close(ctx)
			early := must(scope.Defer(s, "early", note("early")))
			s.Cancel(errGone)
			return early.Drop(ctx)
		})
		if err != nil && err != errGone {
			t.Error(err)
		}
		for name, want := range map[string]scope.ExitKind{
			"outer": scope.Canceled, "inner": scope.Failed, "child": scope.Failed, "closed": scope.Succeeded, "early": scope.Succeeded,
		} {
			if kinds[name].Kind != want {
				t.Errorf("%s: %+v, want %v", name, kinds[name], want)
			}
		}
		if e := scope.ExitOf(t.Context()); e != (scope.Exit{}) {
			t.Errorf("outside: %+v", e)
		}
	})
}

// TestErrorOrder: body, tasks by start, daemons and drops by wave and registration,
// in one flat list that errors.Is and errors.As reach; none is lost.
func TestErrorOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fails := func(text string) func(context.Context) error {
			return func(context.Context) error { return errors.New(text) }
		}
		c := calls(func() error {
			return scope.Run(t.Context(), func(ctx context.Context, s *scope.Scope) error {
				db := must(scope.Defer(s, "db", fails("e-db")))
				_ = must(scope.Defer(s, "api", fails("e-api"), scope.DependsOn(db)))
				_ = must(s.Daemon("d", func(ctx context.Context) error { <-ctx.Done(); return errors.New("e-d") }))
				_ = must(scope.Defer(s, "log", fails("e-log")))
				s.Go("t1", func(context.Context) error { time.Sleep(2 * sec); return errors.New("e-t1") })
				s.Go("t2", func(context.Context) error { time.Sleep(sec); return errBoom })
				s.Go("echo", func(ctx context.Context) error { <-ctx.Done(); return context.Cause(ctx) })
				<-ctx.Done()
				return errors.New("e-body")
			}, scope.WithName("x"))
		})
		wantTold(t, c, "e-body", "task t1: e-t1", "task t2: boom", "drop d: error", "drop log: error", "drop api: error", "drop db: error")
		wantIs(t, c.err, errBoom)
		for _, part := range []string{`scope "x": drop "db" (wave 2): e-db`, `scope "x": task "t2": boom`} {
			if !strings.Contains(c.err.Error(), part) {
				t.Errorf("no %q in %v", part, c.err)
			}
		}
	})
}

// TestEcho: an error is one when unwrapping it step by step ends in the cause or an
// error of package context; one that joins a further error is none.
func TestEcho(t *testing.T) {
	further := errors.New("further")
	for name, c := range map[string]struct {
		err  error
		want []string
	}{
		"cause":         {errGone, []string{"caller is gone"}},
		"wrapped cause": {wrap{errGone}, []string{"caller is gone"}},
		"Canceled":      {wrap{wrap{context.Canceled}}, []string{"caller is gone"}},
		"deadline":      {context.DeadlineExceeded, []string{"caller is gone"}},
		"joined alone":  {errors.Join(context.Canceled), []string{"caller is gone"}},
		"joined":        {errors.Join(context.Canceled, further), []string{"task t: context canceled\nfurther"}},
		"another":       {further, []string{"task t: further"}},
	} {
		run := calls(func() error {
			return scope.Run(t.Context(), func(ctx context.Context, s *scope.Scope) error {
				s.Go("t", func(ctx context.Context) error { <-ctx.Done(); return c.err })
				s.Cancel(errGone)
				return nil
			})
		})
		if got := run.told(); !slices.Equal(got, c.want) {
			t.Errorf("%s: told %q, want %q", name, got, c.want)
		}
	}
	// Also when the task has ended before the body returns, with nothing else left;
	// and in a child.
	synctest.Test(t, func(t *testing.T) {
		err := scope.Run(t.Context(), func(ctx context.Context, s *scope.Scope) error {
			for _, in := range []*scope.Scope{must(s.Child("child")), s} {
				in.Go("t", func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() })
				in.Cancel(errGone)
				synctest.Wait()
				if in != s {
					if err := in.Close(t.Context()); err != errGone {
						t.Errorf("the child: %v", err)
					}
				}
			}
			return nil
		})
		if err != errGone {
			t.Errorf("%v", err)
		}
	})
	// While the scope is not canceled nothing is an echo.
	err := scope.Run(t.Context(), func(ctx context.Context, s *scope.Scope) error {
		s.Go("t", func(context.Context) error { return context.Canceled })
		return nil
	})
	wantTold(t, call{err: err}, "task t: context canceled")
}

type wrap struct{ error }

func (w wrap) Unwrap() error { return w.error }

// key is the key of a value in a context that is derived from a drop's.
type key struct{}

// TestExitOfAbandonedEarlyDrop: an early drop that was given up and still runs
// finds Succeeded, whatever its scope has come to meanwhile.
func TestExitOfAbandonedEarlyDrop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		closed, found := make(chan struct{}), make(chan scope.Exit)
		_ = scope.Run(t.Context(), func(ctx context.Context, s *scope.Scope) error {
			h := must(scope.Defer(s, "stuck", func(ctx context.Context) error {
				<-closed
				found <- scope.ExitOf(ctx)
				return nil
			}, scope.DropTimeout(time.Second)))
			_ = h.Drop(context.WithoutCancel(ctx))
			return errBoom
		}, scope.WithLogger(slog.New(slog.DiscardHandler)))
		close(closed)
		if exit := <-found; exit.Kind != scope.Succeeded {
			t.Errorf("%+v", exit)
		}
	})
}

// TestExitOfInEarlyDrop: what is opened in an early drop has an exit of its own,
// also when an early drop of its own is still running beside its teardown.
func TestExitOfInEarlyDrop(t *testing.T) {
	quiet := scope.WithLogger(slog.New(slog.DiscardHandler))
	synctest.Test(t, func(t *testing.T) {
		var found scope.Exit
		var p spans
		_ = scope.Run(t.Context(), func(ctx context.Context, s *scope.Scope) error {
			h := must(scope.Defer(s, "outer", func(ctx context.Context) error {
				release := make(chan struct{})
				defer close(release)
				_ = scope.Run(ctx, func(ctx context.Context, s *scope.Scope) error {
					_ = must(scope.Defer(s, "tx", func(ctx context.Context) error {
						found = scope.ExitOf(ctx)
						return nil
					}))
					stuck := must(scope.Defer(s, "stuck", func(context.Context) error { <-release; return nil }))
					go func() { _ = stuck.Drop(context.WithoutCancel(ctx)) }()
					synctest.Wait()
					return errBoom
				}, scope.WithGrace(10*time.Second), scope.WithTracerProvider(&p), quiet)
				return nil
			}))
			return h.Drop(context.WithoutCancel(ctx))
		}, quiet)
		if found.Kind != scope.Failed {
			t.Errorf("the transaction finds %+v", found)
		}
		if tx := p.named("drop tx"); len(tx) != 1 || tx[0].ends != 1 {
			t.Errorf("spans %s", &p)
		}
	})
}

// TestExitOfEarlyDropGivenUpAtOnce: an early drop that was given up before it came
// to run, which is a matter of chance, finds Succeeded too.
func TestExitOfEarlyDropGivenUpAtOnce(t *testing.T) {
	quiet := scope.WithLogger(slog.New(slog.DiscardHandler))
	for range 2000 {
		found := make(chan scope.Exit, 1)
		_ = scope.Run(t.Context(), func(ctx context.Context, s *scope.Scope) error {
			h := must(scope.Defer(s, "g", func(ctx context.Context) error {
				found <- scope.ExitOf(ctx)
				return nil
			}, scope.DropTimeout(1)))
			_ = h.Drop(context.WithoutCancel(ctx))
			return errBoom
		}, quiet)
		if exit := <-found; exit.Kind != scope.Succeeded {
			t.Fatalf("%+v", exit)
		}
	}
}
