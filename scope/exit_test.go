package scope_test

import (
	"context"
	"errors"
	"net/http"
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
		{"cancelled with a nil body", func(_ context.Context, s *scope.Scope) error { s.Cancel(errGone); return nil },
			scope.Exit{Kind: scope.Canceled, Err: errGone}, nil},
		{"cancelled with an echo", func(ctx context.Context, s *scope.Scope) error { s.Cancel(errGone); return ctx.Err() },
			scope.Exit{Kind: scope.Canceled, Err: errGone}, nil},
		{"cancelled and failed", func(_ context.Context, s *scope.Scope) error { s.Cancel(errGone); return errBoom },
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
						return scope.Run(context.WithValue(ctx, "k", 1), func(ctx context.Context, s *scope.Scope) error {
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
			// A child: Canceled if its context was cancelled.
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
		kinds := map[string]scope.Exit{}
		note := func(name string) func(context.Context) error {
			return func(ctx context.Context) error { kinds[name] = scope.ExitOf(ctx); return nil }
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
	// While the scope is not cancelled nothing is an echo.
	err := scope.Run(t.Context(), func(ctx context.Context, s *scope.Scope) error {
		s.Go("t", func(context.Context) error { return context.Canceled })
		return nil
	})
	wantTold(t, call{err: err}, "task t: context canceled")
}

type wrap struct{ error }

func (w wrap) Unwrap() error { return w.error }

// TestSeveralPanics: Run panics with that of the first task, and it unwraps to the
// others and to what else failed; the stack is that of the task.
func TestSeveralPanics(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var report *trace.Report
		c := calls(func() error {
			return scope.Run(t.Context(), func(ctx context.Context, s *scope.Scope) error {
				s.Go("a", func(ctx context.Context) error { <-ctx.Done(); panicHere(); return nil })
				s.Go("b", func(context.Context) error { panic("second") })
				_ = must(scope.Defer(s, "g", func(context.Context) error { return errBoom }))
				return nil
			}, reported(&report))
		})
		p, ok := c.panic.(*scope.PanicError)
		if !ok || p.Value != any(errGone) || !errors.Is(p, errGone) || !errors.Is(p, errBoom) || !strings.Contains(p.Error(), "second") {
			t.Fatalf("%v", c.panic)
		}
		if !strings.Contains(string(p.Stack), "panicHere") || p.ErrorType() != "panic" {
			t.Errorf("stack %s", p.Stack)
		}
		var d *scope.DropError
		if !errors.As(p, &d) || d.Guard != "g" {
			t.Error("the drop's error is lost")
		}
		if !strings.Contains(report.Error, "second") || !strings.Contains(report.Error, "boom") {
			t.Errorf("report: %s", report.Error)
		}
	})
}

func panicHere() { panic(errGone) }

// TestBodyPanic goes on with its own value when the teardown is complete; what else
// failed is in the report.
func TestBodyPanic(t *testing.T) {
	type value struct{ n int }
	own := &value{7}
	dropped := false
	var report *trace.Report
	c := calls(func() error {
		return scope.Run(t.Context(), func(ctx context.Context, s *scope.Scope) error {
			_ = must(scope.Defer(s, "g", func(context.Context) error { dropped = true; return errBoom }))
			panic(own)
		}, reported(&report))
	})
	if c.panic != any(own) || !dropped || !strings.Contains(report.Error, "boom") || report.Exit != "panicked" {
		t.Errorf("%v, %v, %+v", c.panic, dropped, report)
	}
}

// TestPanicNil: also panic(nil) is a panic.
func TestPanicNil(t *testing.T) {
	c := calls(func() error {
		return scope.Run(t.Context(), func(ctx context.Context, s *scope.Scope) error {
			s.Go("t", func(context.Context) error { panic(nil) })
			return nil
		})
	})
	var p *runtime.PanicNilError
	if err, _ := c.panic.(error); !errors.As(err, &p) {
		t.Errorf("%v", c.panic)
	}
}

// TestAbortHandler is passed on untouched, from body, task and daemon.
func TestAbortHandler(t *testing.T) {
	for name, body := range map[string]func(ctx context.Context, s *scope.Scope) error{
		"body": func(context.Context, *scope.Scope) error { panic(http.ErrAbortHandler) },
		"task": func(_ context.Context, s *scope.Scope) error {
			s.Go("t", func(context.Context) error { panic(http.ErrAbortHandler) })
			return nil
		},
		"daemon": func(ctx context.Context, s *scope.Scope) error {
			_, _ = s.Daemon("d", func(context.Context) error { panic(http.ErrAbortHandler) })
			<-ctx.Done()
			return nil
		},
		"nested": func(ctx context.Context, s *scope.Scope) error {
			return scope.Run(ctx, func(_ context.Context, s *scope.Scope) error {
				s.Go("t", func(context.Context) error { panic(http.ErrAbortHandler) })
				return nil
			})
		},
	} {
		if c := calls(func() error { return scope.Run(t.Context(), body) }); c.panic != any(http.ErrAbortHandler) {
			t.Errorf("%s: %v", name, c.panic)
		}
	}
}

// TestPanicAsError: a task's and a daemon's become errors that Run returns; the
// body's stays a panic.
func TestPanicAsError(t *testing.T) {
	c := calls(func() error {
		return scope.Run(t.Context(), func(ctx context.Context, s *scope.Scope) error {
			s.Go("t", func(context.Context) error { panic("task") })
			<-ctx.Done()
			return nil
		}, scope.WithPanicAsError(), scope.WithName("x"))
	})
	wantTold(t, c, "task t: panic: task")
	var p *scope.PanicError
	if !errors.As(c.err, &p) || len(p.Stack) == 0 {
		t.Errorf("%v", c.err)
	}
	c = calls(func() error {
		return scope.Run(t.Context(), func(context.Context, *scope.Scope) error { panic("body") }, scope.WithPanicAsError())
	})
	wantTold(t, c, "panics body")
}

// TestRunValue: the value is returned beside an error too, the body's own or a
// drop's.
func TestRunValue(t *testing.T) {
	v, err := scope.RunValue(t.Context(), func(context.Context, *scope.Scope) (int, error) { return 1, errBoom })
	if v != 1 || err != errBoom {
		t.Error(v, err)
	}
	v, err = scope.RunValue(t.Context(), func(_ context.Context, s *scope.Scope) (int, error) {
		_, err := scope.Defer(s, "g", func(context.Context) error { return errGone })
		return 2, err
	})
	if v != 2 || !errors.Is(err, errGone) {
		t.Error(v, err)
	}
}

// TestErrorTypes: every error has an ErrorType, and unwraps where it wraps.
func TestErrorTypes(t *testing.T) {
	for want, err := range map[string]error{
		"timeout": &scope.DropTimeoutError{}, "abandoned": &scope.AbandonedError{}, "cycle": &scope.CycleError{},
		"in_use": &scope.InUseError{}, "panic": &scope.PanicError{}, "closed": scope.ErrClosed, "foreign": scope.ErrForeign,
		"not_ready": scope.ErrNotReady, "busy": scope.ErrBusy, "goexit": scope.ErrGoexit, "canceled": &scope.TaskError{Err: context.Canceled},
		"skipped": &scope.DropError{Outcome: "skipped"}, "error": &scope.DropError{Outcome: "error", Err: errBoom},
	} {
		typed, ok := err.(interface{ ErrorType() string })
		if !ok || typed.ErrorType() != want {
			t.Errorf("%T: want %s", err, want)
		}
	}
	if !errors.Is(&scope.AbandonedError{}, scope.ErrAbandoned) || !errors.Is(&scope.DropTimeoutError{}, context.DeadlineExceeded) ||
		!errors.Is(&scope.TaskError{Err: errBoom}, errBoom) || !errors.Is(&scope.DropError{Err: errBoom}, errBoom) {
		t.Error("Is")
	}
}

// TestTelemetry is shut down last: after the scope's span has ended, before the
// report, concurrently, with a budget of its own; errors join Run's.
func TestTelemetry(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var j journal
		var p spans
		var once sync.Once
		shut := func(err error) func(context.Context) error {
			return func(ctx context.Context) error {
				if s := p.one(t, "scope x"); s.ends != 1 || ctx.Err() != nil {
					t.Error("before the scope's span had ended")
				}
				time.Sleep(sec)
				once.Do(func() { j.add("telemetry") })
				return err
			}
		}
		start := time.Now()
		err := scope.Run(t.Context(), func(ctx context.Context, s *scope.Scope) error {
			_ = must(scope.Defer(s, "g", j.adds("g")))
			return nil
		}, scope.WithName("x"), scope.WithTracerProvider(&p), scope.WithTelemetry(shut(nil), shut(errBoom), nil),
			scope.WithReport(func(r *trace.Report) {
				j.add("report")
				wantText(t, errors.New(r.Error), `scope "x": drop "telemetry" (wave 0): boom`)
			}))
		wantTold(t, call{err: err}, "drop telemetry: error")
		j.want(t, "g", "telemetry", "report")
		if time.Since(start) != sec {
			t.Errorf("not concurrently: %v", time.Since(start))
		}
	})
	bubbleOf(t, func(t *testing.T, hang stuck) {
		c := calls(func() error {
			return scope.Run(t.Context(), func(ctx context.Context, s *scope.Scope) error { return errBoom },
				scope.WithTelemetry(hang.drop, func(context.Context) error { panic("contained") }), scope.WithGrace(sec), new(logs).with())
		})
		wantTold(t, c, "boom", "drop telemetry: abandoned", "drop telemetry: panic")
		if c.took > 5*sec || c.took < 4*sec {
			t.Errorf("took %v", c.took)
		}
	})
}
