package scope_test

import (
	"context"
	"errors"
	"log/slog"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	oteltrace "go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"

	"github.com/ebb-go/ebb/scope"
	"github.com/ebb-go/ebb/trace"
)

// broken is a log handler, or a report callback, that does something else instead.
type broken func()

func (broken) Enabled(context.Context, slog.Level) bool    { return true }
func (b broken) Handle(context.Context, slog.Record) error { b(); return nil }
func (b broken) WithAttrs([]slog.Attr) slog.Handler        { return b }
func (b broken) WithGroup(string) slog.Handler             { return b }

func (b broken) report(*trace.Report) { b() }

// quietly has the default logger say nothing: it is told what a log handler of a test
// has done.
func quietly(t *testing.T) {
	before := slog.Default()
	slog.SetDefault(slog.New(slog.DiscardHandler))
	t.Cleanup(func() { slog.SetDefault(before) })
}

// TestBrokenCallbacks: log handlers and report callbacks that panic, end their
// goroutine, block for ever or call back cost neither the run its end, nor a guard its
// drop, nor an error its place, and do not keep Run beyond its grace: be the drop that
// is slow one of the teardown, an early one, or of the tree of one.
func TestBrokenCallbacks(t *testing.T) {
	quietly(t)
	const grace = 20 * sec
	ways := map[string]func(s *scope.Scope, h *scope.Handle[struct{}], hang stuck){
		"panics":     func(*scope.Scope, *scope.Handle[struct{}], stuck) { panic("broken") },
		"ends":       func(*scope.Scope, *scope.Handle[struct{}], stuck) { runtime.Goexit() },
		"blocks":     func(_ *scope.Scope, _ *scope.Handle[struct{}], hang stuck) { <-hang },
		"calls back": func(_ *scope.Scope, h *scope.Handle[struct{}], _ stuck) { _ = h.Drop(context.Background()) },
		"looks": func(s *scope.Scope, _ *scope.Handle[struct{}], _ stuck) {
			_, _, _ = s.Snapshot(), s.Plan(), s.TryGo("t", nothing)
		},
	}
	for way, does := range ways {
		for _, recorded := range []bool{false, true} {
			for _, when := range []string{"teardown", "early", "tree"} {
				for _, hangs := range []bool{false, true} {
					bubbleOf(t, func(t *testing.T, hang stuck) {
						var kept *scope.Scope
						var slow *scope.Handle[struct{}]
						call := broken(func() { does(kept, slow, hang) })
						telemetry, dropped := false, false
						opts := []scope.Option{
							scope.WithLogger(slog.New(call)), scope.WithReport(call.report), scope.WithGrace(grace),
							scope.WithTelemetry(func(context.Context) error { telemetry = true; return nil }),
						}
						if recorded {
							opts = append(opts, scope.WithTracerProvider(noop.NewTracerProvider()))
						}
						var left time.Time
						err := scope.Run(t.Context(), func(ctx context.Context, s *scope.Scope) error {
							kept = s
							base := must(scope.Defer(s, "base", func(context.Context) error { dropped = true; return errBoom }))
							slow = must(scope.Defer(s, "slow", func(context.Context) error {
								if hangs {
									<-hang
								} else {
									time.Sleep(10 * sec)
								}
								return nil
							}, scope.DependsOn(base)))
							wait, cancel := context.WithTimeout(context.Background(), sec)
							defer cancel()
							switch when {
							case "early":
								_ = slow.Drop(wait)
							case "tree":
								_ = base.DropTree(wait)
							}
							left = time.Now()
							return nil
						}, opts...)
						what := way + "/" + when
						if took := time.Since(left); took > grace {
							t.Errorf("%s: Run took %v of %v", what, took, grace)
						}
						if !errors.Is(err, errBoom) || hangs != errors.Is(err, scope.ErrAbandoned) {
							t.Errorf("%s: hangs %v: %v", what, hangs, err)
						}
						if !dropped || !telemetry || kept.Snapshot().State != "closed" || kept.Context().Err() == nil {
							t.Errorf("%s: dropped %v, telemetry %v, %s", what, dropped, telemetry, kept.Snapshot().State)
						}
					})
				}
			}
		}
	}
}

// TestContainedIsLogged: what was contained is logged, once for each scope and sort of
// code.
func TestContainedIsLogged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var l logs
		panics := broken(func() { panic("boom") })
		_ = scope.Run(t.Context(), func(context.Context, *scope.Scope) error { return nil },
			scope.WithName("x"), scope.WithReport(panics.report), scope.WithReport(panics.report), l.with())
		l.want(t, "foreign code failed and was contained scope=x code=report callback error=panic: boom")
	})
	before := slog.Default()
	defer slog.SetDefault(before)
	var l logs
	slog.SetDefault(slog.New(&l))
	synctest.Test(t, func(t *testing.T) {
		_ = scope.Run(t.Context(), func(_ context.Context, s *scope.Scope) error {
			chain(s, 3, sleeps(6*sec))
			return nil
		}, scope.WithName("x"), scope.WithLogger(slog.New(broken(func() { panic("boom") }))))
	})
	l.want(t, "foreign code failed and was contained scope=x code=log handler error=panic: boom")
}

// hangingTracer is a tracer whose span of a teardown takes its time to start.
type (
	hangingTracers struct{ noop.TracerProvider }
	hangingTracer  struct{ noop.Tracer }
)

func (hangingTracers) Tracer(string, ...oteltrace.TracerOption) oteltrace.Tracer {
	return hangingTracer{}
}

func (h hangingTracer) Start(ctx context.Context, name string, opts ...oteltrace.SpanStartOption) (context.Context, oteltrace.Span) {
	if name == "teardown x" {
		time.Sleep(time.Hour)
	}
	return h.Tracer.Start(ctx, name, opts...)
}

// TestTracerWithinGrace: a tracer that blocks is waited for no longer than what is left
// of the grace, however short that is.
func TestTracerWithinGrace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const grace = 300 * time.Millisecond
		call := calls(func() error {
			return scope.Run(t.Context(), func(ctx context.Context, s *scope.Scope) error {
				_ = must(scope.Defer(s, "db", nothing))
				return nil
			}, scope.WithName("x"), scope.WithGrace(grace), scope.WithTracerProvider(hangingTracers{}), new(logs).with())
		})
		if call.err != nil || call.took > grace {
			t.Errorf("after %v: %v", call.took, call.err)
		}
		time.Sleep(2 * time.Hour) // the tracer's goroutine ends too
	})
}
