package scope_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"go.opentelemetry.io/otel/metric"
	metricnoop "go.opentelemetry.io/otel/metric/noop"
	oteltrace "go.opentelemetry.io/otel/trace"
	tracenoop "go.opentelemetry.io/otel/trace/noop"

	"github.com/ebb-go/ebb/scope"
	"github.com/ebb-go/ebb/trace"
)

// meddler is what stands behind foreign code of a test: it counts the calls, and
// does what it is told to at one of them, or at all.
type meddler struct {
	calls atomic.Int64
	at    int64 // 0: never; -1: at every call
	do    func()
}

func (m *meddler) called() {
	if n := m.calls.Add(1); n == m.at || m.at < 0 {
		m.do()
	}
}

// The foreign interfaces. Each passes on to something that works.
type (
	foreignContext struct {
		context.Context
		m *meddler
	}
	foreignHandler struct{ m *meddler }
	foreignTracers struct {
		tracenoop.TracerProvider
		m *meddler
	}
	foreignTracer struct {
		tracenoop.Tracer
		m *meddler
	}
	foreignSpan struct {
		oteltrace.Span
		m *meddler
	}
	foreignMeters struct {
		metricnoop.MeterProvider
		m *meddler
	}
	foreignMeter struct {
		metricnoop.Meter
		m *meddler
	}
	foreignHistogram struct {
		metricnoop.Float64Histogram
		m *meddler
	}
	foreignUpDown struct {
		metricnoop.Int64UpDownCounter
		m *meddler
	}
	foreignCounter struct {
		metricnoop.Int64Counter
		m *meddler
	}
)

func (c foreignContext) Deadline() (time.Time, bool) { c.m.called(); return c.Context.Deadline() }
func (c foreignContext) Done() <-chan struct{}       { c.m.called(); return c.Context.Done() }
func (c foreignContext) Err() error                  { c.m.called(); return c.Context.Err() }
func (c foreignContext) Value(key any) any           { c.m.called(); return c.Context.Value(key) }

func (h foreignHandler) Enabled(context.Context, slog.Level) bool  { h.m.called(); return true }
func (h foreignHandler) Handle(context.Context, slog.Record) error { h.m.called(); return errBoom }
func (h foreignHandler) WithAttrs([]slog.Attr) slog.Handler        { h.m.called(); return h }
func (h foreignHandler) WithGroup(string) slog.Handler             { h.m.called(); return h }

func (p foreignTracers) Tracer(string, ...oteltrace.TracerOption) oteltrace.Tracer {
	p.m.called()
	return foreignTracer{m: p.m}
}

func (t foreignTracer) Start(ctx context.Context, name string, opts ...oteltrace.SpanStartOption) (context.Context, oteltrace.Span) {
	t.m.called()
	s := foreignSpan{oteltrace.SpanFromContext(ctx), t.m}
	return oteltrace.ContextWithSpan(ctx, s), s
}

func (s foreignSpan) End(...oteltrace.SpanEndOption) { s.m.called() }
func (s foreignSpan) SpanContext() oteltrace.SpanContext {
	s.m.called()
	return oteltrace.SpanContext{}
}
func (s foreignSpan) IsRecording() bool { s.m.called(); return true }
func (s foreignSpan) SetName(string)    { s.m.called() }
func (s foreignSpan) TracerProvider() oteltrace.TracerProvider {
	s.m.called()
	return foreignTracers{m: s.m}
}

func (p foreignMeters) Meter(string, ...metric.MeterOption) metric.Meter {
	p.m.called()
	return foreignMeter{m: p.m}
}

func (m foreignMeter) Float64Histogram(string, ...metric.Float64HistogramOption) (metric.Float64Histogram, error) {
	m.m.called()
	return foreignHistogram{m: m.m}, nil
}

func (m foreignMeter) Int64UpDownCounter(string, ...metric.Int64UpDownCounterOption) (metric.Int64UpDownCounter, error) {
	m.m.called()
	return foreignUpDown{m: m.m}, nil
}

func (m foreignMeter) Int64Counter(string, ...metric.Int64CounterOption) (metric.Int64Counter, error) {
	m.m.called()
	return foreignCounter{m: m.m}, nil
}

func (h foreignHistogram) Record(context.Context, float64, ...metric.RecordOption) { h.m.called() }
func (c foreignUpDown) Add(context.Context, int64, ...metric.AddOption)            { c.m.called() }
func (c foreignCounter) Add(context.Context, int64, ...metric.AddOption)           { c.m.called() }

// foreignCode says how a scope is given one kind of foreign code.
var foreignCode = map[string]func(m *meddler, ctx context.Context) (context.Context, []scope.Option){
	"context": func(m *meddler, ctx context.Context) (context.Context, []scope.Option) {
		return foreignContext{ctx, m}, nil
	},
	"context below a value": func(m *meddler, ctx context.Context) (context.Context, []scope.Option) {
		type key struct{}
		return context.WithValue(foreignContext{ctx, m}, key{}, 1), nil
	},
	"log handler": func(m *meddler, ctx context.Context) (context.Context, []scope.Option) {
		return ctx, []scope.Option{scope.WithLogger(slog.New(foreignHandler{m}))}
	},
	"tracer": func(m *meddler, ctx context.Context) (context.Context, []scope.Option) {
		return ctx, []scope.Option{scope.WithTracerProvider(foreignTracers{m: m}), scope.WithTaskSpans()}
	},
	"meter": func(m *meddler, ctx context.Context) (context.Context, []scope.Option) {
		return ctx, []scope.Option{scope.WithMeterProvider(foreignMeters{m: m})}
	},
	"report callback": func(m *meddler, ctx context.Context) (context.Context, []scope.Option) {
		called := func(*trace.Report) { m.called() }
		return ctx, []scope.Option{scope.WithReport(called), scope.WithReport(called)}
	},
	"function of WithEcho": func(m *meddler, ctx context.Context) (context.Context, []scope.Option) {
		return ctx, []scope.Option{scope.WithEcho(func(error) bool { m.called(); return false })}
	},
}

const foreignGrace = time.Minute

var errTask = errors.New("what a task has failed with")

// foreignLife is a whole life of a scope in which as much as possible is asked of
// foreign code. It reports what was dropped, how often.
func foreignLife(ctx context.Context, in **scope.Scope, start *time.Time, drops map[string]*atomic.Int32, cancel func(error), opts []scope.Option) error {
	drop := func(name string, err error) func(context.Context) error {
		drops[name] = new(atomic.Int32)
		return func(context.Context) error { drops[name].Add(1); return err }
	}
	return scope.Run(ctx, func(ctx context.Context, s *scope.Scope) error {
		*in, *start = s, time.Now()
		db := must(scope.Defer(s, "db", drop("db", nil)))
		_ = must(scope.Acquire(ctx, s, "slow", func(ctx context.Context) (int, error) { db.Use(ctx); return 1, nil },
			func(context.Context, int) error { time.Sleep(7 * sec); drops["slow"].Add(1); return nil }))
		drops["slow"] = new(atomic.Int32)
		_ = must(scope.Defer(s, "fails", drop("fails", errBoom), scope.DependsOn(db)))
		_ = must(scope.Defer(s, "mad", drop("mad", nil), scope.DependsOn(db)))
		_ = must(scope.Defer(s, "early", drop("early", nil))).Drop(ctx)
		_ = must(s.Daemon("daemon", func(ctx context.Context) error { <-scope.Stopping(ctx); <-ctx.Done(); return context.Cause(ctx) }))
		c := must(s.Child("child"))
		_ = must(scope.Defer(c, "inner", drop("inner", nil)))
		s.Go("waits", func(ctx context.Context) error { <-ctx.Done(); return errTask })
		_ = scope.Run(ctx, func(ctx context.Context, s *scope.Scope) error {
			_ = must(scope.Defer(s, "nested", drop("nested", nil)))
			return nil
		})
		_, _ = ctx.Deadline()
		within, stop := context.WithTimeout(ctx, time.Hour)
		defer stop()
		s.Stop(nil)
		s.Go("refused", nothing)
		cancel(errGone)
		<-within.Done()
		return nil
	}, append([]scope.Option{scope.WithName("x"), scope.WithGrace(foreignGrace)}, opts...)...)
}

// TestForeignCode: foreign code that panics, calls Goexit, blocks or calls back, at
// one of its calls or at all, takes nothing with it: all is dropped once, Run returns
// its errors within the grace, and the scope is closed. Every call that is made in a
// whole life is tried.
func TestForeignCode(t *testing.T) {
	for what, give := range foreignCode {
		count := tryForeign(t, what, give, 0, "nothing")
		if count == 0 {
			t.Errorf("%s is never called", what)
		}
		for _, how := range []string{"panics", "exits", "calls back", "blocks"} {
			tryForeign(t, what, give, -1, how)
			for at := range count {
				tryForeign(t, what, give, at+1, how)
			}
		}
	}
}

func tryForeign(t *testing.T, what string, give func(*meddler, context.Context) (context.Context, []scope.Option), at int64, how string) (count int64) {
	name := fmt.Sprintf("%s/%s/at call %d", what, how, at)
	t.Run(name, func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			var in *scope.Scope
			release := make(chan struct{})
			m := &meddler{at: at}
			var back atomic.Bool
			m.do = map[string]func(){
				"nothing": func() {},
				"panics":  func() { panic("foreign code panics") },
				"exits":   runtime.Goexit,
				"blocks": func() {
					select {
					case <-release:
					case <-time.After(time.Hour): // of what is called before there is a scope
					}
				},
				"calls back": func() {
					if s := in; s != nil && !back.Swap(true) {
						s.Snapshot()
						s.Plan()
						_ = s.TryGo("from foreign code", nothing)
						s.Go("from foreign code", nothing)
						_, _ = scope.Defer(s, "from foreign code", nothing)
						back.Store(false)
					}
				},
			}[how]
			base, cancel := context.WithCancelCause(t.Context())
			ctx, opts := give(m, base)
			if what != "log handler" {
				opts = append(opts, new(logs).with())
			}
			drops := map[string]*atomic.Int32{}
			var start time.Time
			c := calls(func() error { return foreignLife(ctx, &in, &start, drops, cancel, opts) })
			took := time.Since(start)
			count = m.calls.Load()
			close(release)
			cancel(nil)
			if in == nil {
				if c.panic == nil && !c.goexit && c.err == nil {
					t.Error("Run has returned nil without a call of its body")
				}
				return // it failed before the scope was open
			}
			var dropped *scope.DropError
			if c.panic != nil || c.goexit || !errors.As(c.err, &dropped) || !errors.Is(c.err, errBoom) || !errors.Is(c.err, errTask) {
				t.Errorf("panic %v, Goexit %t, error %v", c.panic, c.goexit, c.err)
			}
			for name, n := range drops {
				if n.Load() != 1 {
					t.Errorf("%s was dropped %d times", name, n.Load())
				}
			}
			if took > foreignGrace {
				t.Errorf("took %v", took)
			}
			if state := in.Snapshot().State; state != "closed" {
				t.Errorf("the scope is %s", state)
			}
			synctest.Wait()
		})
	})
	return count
}
