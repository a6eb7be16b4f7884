package scope_test

import (
	"context"
	"errors"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ebb-go/ebb/scope"
	"github.com/ebb-go/ebb/trace"
)

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
				wantText(t, errors.New(r.Error), `scope "x": drop "telemetry#2" (wave 0): boom`)
			}))
		wantTold(t, call{err: err}, "drop telemetry#2: error")
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
		wantTold(t, c, "boom", "drop telemetry: abandoned", "drop telemetry#2: panic")
		if c.took != sec {
			t.Errorf("took %v of a grace of %v", c.took, sec)
		}
	})
}
