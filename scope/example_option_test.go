package scope_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http/httptest"
	"os"
	"time"

	metricnoop "go.opentelemetry.io/otel/metric/noop"
	"go.opentelemetry.io/otel/trace/noop"

	"github.com/ebb-go/ebb/scope"
	"github.com/ebb-go/ebb/trace"
)

func ExampleOption() {
	service := []scope.Option{scope.WithName("orders"), scope.WithGrace(20 * time.Second), scope.WithSchedule(scope.Eager)}
	_ = scope.Run(context.Background(), func(ctx context.Context, s *scope.Scope) error {
		shot := s.Snapshot()
		fmt.Println(shot.Name, shot.Grace, shot.Schedule)
		return nil
	}, service...)
	// Output: orders 20s eager
}

func ExampleWithName() {
	_ = scope.Run(context.Background(), func(ctx context.Context, s *scope.Scope) error {
		fmt.Println(s.Name(), s.Path())
		return nil
	}, scope.WithName("orders"))
	// Output: orders orders
}

func ExampleWithGrace() {
	err := scope.Run(context.Background(), func(ctx context.Context, s *scope.Scope) error {
		_, err := scope.Defer(s, "stuck", func(context.Context) error { select {} })
		return err
	}, scope.WithGrace(20*time.Millisecond))
	fmt.Println(errors.Is(err, scope.ErrAbandoned), errors.Is(err, context.DeadlineExceeded))
	// Output: true true
}

func ExampleWithDropTimeout() {
	err := scope.Run(context.Background(), func(ctx context.Context, s *scope.Scope) error {
		_, err := scope.Defer(s, "db", func(ctx context.Context) error {
			<-ctx.Done()
			return context.Cause(ctx)
		})
		return err
	}, scope.WithDropTimeout(10*time.Millisecond))
	fmt.Println(errors.Is(err, context.DeadlineExceeded))
	// Output: true
}

func ExampleWithSchedule() {
	_ = scope.Run(context.Background(), func(ctx context.Context, s *scope.Scope) error {
		for _, name := range []string{"first", "second", "third"} {
			if _, err := scope.Defer(s, name, says(name)); err != nil {
				return err
			}
		}
		return nil
	}, scope.WithSchedule(scope.Sequential)) // as defer would
	// Output:
	// drop third
	// drop second
	// drop first
}

func ExampleSchedule() {
	fmt.Println(scope.Waves, scope.Eager, scope.Sequential)
	// Output: waves eager sequential
}

func ExampleWithDropLimit() {
	_ = scope.Run(context.Background(), func(ctx context.Context, s *scope.Scope) error {
		_, err := scope.Defer(s, "a", says("a"))
		return err
	}, scope.WithDropLimit(8)) // of a hundred connections, close eight at a time
	// Output: drop a
}

func ExampleWithTelemetry() {
	err := scope.Run(context.Background(), func(ctx context.Context, s *scope.Scope) error {
		_, err := scope.Defer(s, "db", says("db"))
		return err
	}, scope.WithTelemetry(func(context.Context) error {
		fmt.Println("the last span has ended") // the SDK's TracerProvider.Shutdown
		return nil
	}))
	fmt.Println(err)
	// Output:
	// drop db
	// the last span has ended
	// <nil>
}

func ExampleWithPanicAsError() {
	err := scope.Run(context.Background(), func(ctx context.Context, s *scope.Scope) error {
		s.Go("parse", func(context.Context) error { panic("bad input") })
		return nil
	}, scope.WithPanicAsError(), scope.WithName("x"))
	fmt.Println(err)
	// Output: scope "x": task "parse": panic: bad input
}

func ExampleWithTracerProvider() {
	_ = scope.Run(context.Background(), func(ctx context.Context, s *scope.Scope) error {
		return nil
	}, scope.WithTracerProvider(noop.NewTracerProvider()), scope.WithTaskSpans())
	fmt.Println("spans go to the provider")
	// Output: spans go to the provider
}

func ExampleWithMeterProvider() {
	_ = scope.Run(context.Background(), func(ctx context.Context, s *scope.Scope) error {
		return nil
	}, scope.WithMeterProvider(metricnoop.NewMeterProvider()))
	fmt.Println("durations of drops go to the provider")
	// Output: durations of drops go to the provider
}

func ExampleWithTaskSpans() {
	var p spans // a recording provider
	_ = scope.Run(context.Background(), func(ctx context.Context, s *scope.Scope) error {
		s.Go("warm-up", func(context.Context) error { return nil })
		return nil
	}, scope.WithName("orders"), scope.WithTracerProvider(&p), scope.WithTaskSpans())
	fmt.Println(&p)
	// Output: scope orders, task warm-up
}

func ExampleWithSpanMode() {
	var p spans
	_ = scope.Run(context.Background(), func(ctx context.Context, s *scope.Scope) error {
		_, err := scope.Defer(s, "db", func(context.Context) error { return nil })
		return err // after days
	}, scope.WithName("orders"), scope.WithTracerProvider(&p), scope.WithSpanMode(scope.SpanTeardownOnly))
	fmt.Println(&p)
	// Output: teardown orders, wave 0, drop db
}

func ExampleSpanMode() {
	fmt.Println(scope.SpanChild, scope.SpanLinkedRoot, scope.SpanTeardownOnly)
	// Output: child linked-root teardown-only
}

func ExampleWithLogger() {
	plain := func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey {
			return slog.Attr{}
		}
		return a
	}
	logger := slog.New(slog.NewTextHandler(os.Stdout, &slog.HandlerOptions{ReplaceAttr: plain}))
	var s *scope.Scope
	_ = scope.Run(context.Background(), func(ctx context.Context, in *scope.Scope) error {
		s = in
		return nil
	}, scope.WithLogger(logger), scope.WithName("x"))
	s.Go("late", func(context.Context) error { return nil })
	// Output: level=WARN msg="ebb: task refused by a closed scope" scope=x task=late
}

func ExampleWithSlowThreshold() {
	_ = scope.Run(context.Background(), func(ctx context.Context, s *scope.Scope) error {
		_, err := scope.Defer(s, "db", says("db"))
		return err
	}, scope.WithSlowThreshold(time.Second)) // warn of a drop after that
	// Output: drop db
}

func ExampleWithInspector() {
	var page trace.Inspector // an http.Handler
	_ = scope.Run(context.Background(), func(ctx context.Context, s *scope.Scope) error {
		w := httptest.NewRecorder()
		page.ServeHTTP(w, httptest.NewRequest("GET", "/?format=json", nil))
		fmt.Println(w.Code)
		return nil
	}, scope.WithInspector(&page), scope.WithName("orders"))
	// Output: 200
}

func ExampleDropError() {
	err := scope.Run(context.Background(), func(ctx context.Context, s *scope.Scope) error {
		_, err := scope.Defer(s, "db", func(context.Context) error { return errors.New("disk full") })
		return err
	}, scope.WithName("orders"))
	var d *scope.DropError
	if errors.As(err, &d) {
		fmt.Println(d.Scope, d.Guard, d.Wave, d.Outcome)
	}
	fmt.Println(err)
	// Output:
	// orders db 0 error
	// scope "orders": drop "db" (wave 0): disk full
}

func ExampleDropTimeoutError() {
	err := scope.Run(context.Background(), func(ctx context.Context, s *scope.Scope) error {
		_, err := scope.Defer(s, "db", func(ctx context.Context) error {
			<-ctx.Done()
			return errors.New("not all is flushed")
		}, scope.DropTimeout(10*time.Millisecond))
		return err
	}, scope.WithName("x"))
	var timeout *scope.DropTimeoutError
	if errors.As(err, &timeout) {
		fmt.Println(timeout.Guard, timeout.Limit)
	}
	// Output: db 10ms
}

func ExampleAbandonedError() {
	err := scope.Run(context.Background(), func(ctx context.Context, s *scope.Scope) error {
		db, _ := scope.Defer(s, "db", func(context.Context) error { return nil })
		_, err := scope.Defer(s, "api", func(context.Context) error { select {} }, scope.DependsOn(db), scope.DropTimeout(10*time.Millisecond))
		return err
	}, scope.WithName("x"))
	var a *scope.AbandonedError
	if errors.As(err, &a) {
		fmt.Println(a.Name, a.Blocks, a.Stack != "")
	}
	// Output: api [db] true
}

func ExampleCycleError() {
	_ = scope.Run(context.Background(), func(ctx context.Context, s *scope.Scope) error {
		drop := func(context.Context) error { return nil }
		db, _ := scope.Defer(s, "db", drop)
		api, _ := scope.Defer(s, "api", drop, scope.DependsOn(db))
		err := s.Depend(db, api)
		var cycle *scope.CycleError
		if errors.As(err, &cycle) {
			fmt.Println(cycle.Path)
		}
		return nil
	})
	// Output: [db api db]
}

func ExampleInUseError() {
	_ = scope.Run(context.Background(), func(ctx context.Context, s *scope.Scope) error {
		drop := func(context.Context) error { return nil }
		db, _ := scope.Defer(s, "db", drop)
		_, _ = scope.Defer(s, "api", drop, scope.DependsOn(db))
		var in *scope.InUseError
		if errors.As(db.Drop(ctx), &in) {
			fmt.Println(in.Guard, in.Dependents)
		}
		return nil
	})
	// Output: db [api]
}

func ExamplePanicError() {
	defer func() {
		p := recover().(*scope.PanicError)
		fmt.Println(p.Value, len(p.Stack) > 0)
	}()
	_ = scope.Run(context.Background(), func(ctx context.Context, s *scope.Scope) error {
		s.Go("t", func(context.Context) error { panic("kaboom") })
		return nil
	})
	// Output: kaboom true
}

// A library whose cancellation is none of package context's says so in errors of
// its own: without WithEcho the stop below would look like a failure.
func ExampleWithEcho() {
	errKilled := errors.New("signal: killed") // what package os/exec returns
	run := func(opts ...scope.Option) error {
		return scope.Run(context.Background(), func(ctx context.Context, s *scope.Scope) error {
			s.Go("encoder", func(ctx context.Context) error {
				<-ctx.Done()
				return errKilled
			})
			s.Cancel(errors.New("stopped by the operator"))
			return nil
		}, opts...)
	}
	fmt.Println(run())
	fmt.Println(run(scope.WithEcho(func(err error) bool { return errors.Is(err, errKilled) })))
	// Output:
	// scope "scope": task "encoder": signal: killed
	// stopped by the operator
}
