package scope_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/ebb-go/ebb/scope"
	"github.com/ebb-go/ebb/trace"
)

// TestCutShort: what a deadline has cut short is never told as ok. A guard, daemon or
// child that returns an error when its time is up has outcome timeout, with its error
// and the *DropTimeoutError, in Run's error, report and span; whatever the error
// repeats, and be it canceled by its limit, by the grace, or when a part of its time
// is up. One that returns nil was ok.
func TestCutShort(t *testing.T) {
	ends := map[string]func(ctx context.Context) error{
		"the cause":      context.Cause,
		"a wrapped one":  func(ctx context.Context) error { return fmt.Errorf("killed: %w", context.Cause(ctx)) },
		"the ctx's":      context.Context.Err,
		"its own":        func(context.Context) error { return errBoom },
		"its own, later": func(context.Context) error { time.Sleep(10 * time.Millisecond); return errBoom },
		"nil":            func(context.Context) error { return nil },
		"nil, later":     func(context.Context) error { time.Sleep(10 * time.Millisecond); return nil },
	}
	// Each registers under the name "it" what waits for the end of its time and
	// then ends.
	kinds := map[string]func(s *scope.Scope, end func(ctx context.Context) error, opts ...scope.GuardOption){
		"guard": func(s *scope.Scope, end func(context.Context) error, opts ...scope.GuardOption) {
			_ = must(scope.Defer(s, "it", func(ctx context.Context) error { <-ctx.Done(); return end(ctx) }, opts...))
		},
		"daemon": func(s *scope.Scope, end func(context.Context) error, opts ...scope.GuardOption) {
			_ = must(s.Daemon("it", func(ctx context.Context) error {
				<-ctx.Done() // its turn
				time.Sleep(4*sec + time.Millisecond)
				return end(ctx)
			}, opts...))
		},
		"graceful": func(s *scope.Scope, end func(context.Context) error, opts ...scope.GuardOption) {
			_ = must(s.Daemon("it", func(ctx context.Context) error {
				<-scope.Stopping(ctx)
				<-ctx.Done()
				return end(ctx)
			}, append(opts, scope.Graceful())...))
		},
		"nested in a daemon": func(s *scope.Scope, end func(context.Context) error, opts ...scope.GuardOption) {
			_ = must(s.Daemon("it", func(ctx context.Context) error {
				return scope.Run(ctx, func(ctx context.Context, in *scope.Scope) error {
					<-scope.Stopping(ctx)
					<-ctx.Done()
					if err := end(ctx); err != nil {
						return err
					}
					return nil
				})
			}, append(opts, scope.Graceful())...))
		},
	}
	limits := map[string]struct {
		scope []scope.Option
		guard []scope.GuardOption
	}{
		"own":     {nil, []scope.GuardOption{scope.DropTimeout(4 * sec)}},
		"scope's": {[]scope.Option{scope.WithDropTimeout(4 * sec)}, nil},
		"grace":   {[]scope.Option{scope.WithGrace(4400 * time.Millisecond)}, nil},
	}
	for kind, register := range kinds {
		for what, end := range ends {
			for limit, l := range limits {
				bubbleOf(t, func(t *testing.T, hang stuck) {
					var p spans
					var report *trace.Report
					err := scope.Run(t.Context(), func(ctx context.Context, s *scope.Scope) error {
						register(s, end, l.guard...)
						return nil
					}, append(l.scope, scope.WithName("x"), scope.WithTracerProvider(&p), reported(&report), new(logs).with())...)
					name := kind + " with " + what + ", limit " + limit
					want := "timeout"
					if (what == "nil" || what == "nil, later") && kind != "nested in a daemon" {
						want = "ok"
					}
					if got := entry(t, report, "it").Outcome; got != want {
						t.Errorf("%s: the report says %s, want %s", name, got, want)
					}
					if got := p.one(t, "drop it").str("ebb.drop.outcome"); got != want {
						t.Errorf("%s: the span says %s, want %s", name, got, want)
					}
					if want == "ok" {
						if err != nil {
							t.Errorf("%s: %v", name, err)
						}
						return
					}
					var d *scope.DropError
					var timeout *scope.DropTimeoutError
					if !errors.As(err, &d) || d.Outcome != "timeout" || !errors.As(d, &timeout) || timeout.Guard != "it" {
						t.Errorf("%s: %v", name, err)
					}
					if (what == "its own" || what == "its own, later") && !errors.Is(err, errBoom) {
						t.Errorf("%s: its error is lost: %v", name, err)
					}
					if d != nil && d.Elapsed < 3*sec {
						t.Errorf("%s: elapsed %v", name, d.Elapsed)
					}
				})
			}
		}
	}
}

// TestCutShortChild: so is a child of which a task had to be given up.
func TestCutShortChild(t *testing.T) {
	bubbleOf(t, func(t *testing.T, hang stuck) {
		var report *trace.Report
		err := scope.Run(t.Context(), func(ctx context.Context, s *scope.Scope) error {
			c := must(s.Child("it", scope.DropTimeout(4*sec)))
			c.Go("t", hang.drop)
			_ = must(scope.Defer(c, "g", nothing))
			return nil
		}, scope.WithName("x"), reported(&report), new(logs).with())
		var d *scope.DropError
		var timeout *scope.DropTimeoutError
		if !errors.As(err, &d) || d.Outcome != "timeout" || !errors.As(d, &timeout) || !errors.Is(d, scope.ErrAbandoned) {
			t.Errorf("%v", err)
		}
		if e := entry(t, report, "it"); e.Outcome != "timeout" {
			t.Errorf("the report says %s", e.Outcome)
		}
	})
}
