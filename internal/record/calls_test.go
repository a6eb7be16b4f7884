package record_test

import (
	"context"
	"errors"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
	"unicode/utf8"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/metric/embedded"
	"go.opentelemetry.io/otel/metric/noop"
	oteltrace "go.opentelemetry.io/otel/trace"
	embeddedtrace "go.opentelemetry.io/otel/trace/embedded"
	nooptrace "go.opentelemetry.io/otel/trace/noop"

	"github.com/ebb-go/ebb/internal/fault"
	"github.com/ebb-go/ebb/internal/record"
	"github.com/ebb-go/ebb/trace"
)

// misfit is every interface of OpenTelemetry that a recorder calls. It does what
// it is told to at one of the calls, or at all from that one on.
type misfit struct {
	mu     sync.Mutex
	calls  int
	at     int
	always bool
	do     func()
	none   bool // return nil where that is possible, instead
}

// step counts a call, and reports whether to return nil.
func (m *misfit) step() bool {
	m.mu.Lock()
	m.calls++
	now := m.calls-1 == m.at || m.always && m.calls-1 > m.at
	m.mu.Unlock()
	if now && m.do != nil {
		m.do()
	}
	return now && m.none
}

type misfitTraces struct {
	embeddedtrace.TracerProvider
	*misfit
}

type misfitTracer struct {
	embeddedtrace.Tracer
	*misfit
}

type misfitSpan struct {
	nooptrace.Span
	*misfit
}

func (p misfitTraces) Tracer(string, ...oteltrace.TracerOption) oteltrace.Tracer {
	if p.step() {
		return nil
	}
	return misfitTracer{misfit: p.misfit}
}

func (t misfitTracer) Start(ctx context.Context, _ string, _ ...oteltrace.SpanStartOption) (context.Context, oteltrace.Span) {
	if t.step() {
		return nil, nil
	}
	s := misfitSpan{misfit: t.misfit}
	return oteltrace.ContextWithSpan(ctx, s), s
}

func (s misfitSpan) IsRecording() bool { s.step(); return true }
func (s misfitSpan) TracerProvider() oteltrace.TracerProvider {
	if s.step() {
		return nil
	}
	return misfitTraces{misfit: s.misfit}
}
func (s misfitSpan) SpanContext() oteltrace.SpanContext  { s.step(); return oteltrace.SpanContext{} }
func (s misfitSpan) End(...oteltrace.SpanEndOption)      { s.step() }
func (s misfitSpan) SetAttributes(...attribute.KeyValue) { s.step() }
func (s misfitSpan) SetStatus(codes.Code, string)        { s.step() }

type misfitMeters struct {
	embedded.MeterProvider
	*misfit
}

type misfitMeter struct {
	noop.Meter
	*misfit
}

type misfitHistogram struct {
	noop.Float64Histogram
	*misfit
}

type misfitCounter struct {
	noop.Int64Counter
	*misfit
}

type misfitUpDown struct {
	noop.Int64UpDownCounter
	*misfit
}

func (p misfitMeters) Meter(string, ...metric.MeterOption) metric.Meter {
	if p.step() {
		return nil
	}
	return misfitMeter{misfit: p.misfit}
}

func (m misfitMeter) Float64Histogram(string, ...metric.Float64HistogramOption) (metric.Float64Histogram, error) {
	if m.step() {
		return nil, nil
	}
	return misfitHistogram{misfit: m.misfit}, nil
}

func (m misfitMeter) Int64Counter(string, ...metric.Int64CounterOption) (metric.Int64Counter, error) {
	if m.step() {
		return nil, nil
	}
	return misfitCounter{misfit: m.misfit}, nil
}

func (m misfitMeter) Int64UpDownCounter(string, ...metric.Int64UpDownCounterOption) (metric.Int64UpDownCounter, error) {
	if m.step() {
		return nil, nil
	}
	return misfitUpDown{misfit: m.misfit}, nil
}

func (h misfitHistogram) Record(context.Context, float64, ...metric.RecordOption) { h.step() }
func (c misfitCounter) Add(context.Context, int64, ...metric.AddOption)           { c.step() }
func (c misfitUpDown) Add(context.Context, int64, ...metric.AddOption)            { c.step() }

// life records all that a scope can do once.
func life(ctx context.Context, c record.Config) {
	boom := errors.New("boom")
	ctx, r := record.Start(ctx, c)
	r.GuardLive(1)
	actx, a := r.Acquire(ctx, "db", "int")
	a.End(boom)
	_, k := r.Task(actx, "warm-up")
	k.End(nil)
	_, early := r.Drop(ctx, record.DropInfo{Guard: "early"})
	early.End(time.Now(), "ok", nil)
	tctx, td := r.Teardown(ctx, record.TeardownInfo{Schedule: c.Schedule, Guards: 3, Cause: "c"})
	td.StartWave(0, 2, time.Now())
	dctx, d := td.Drop(tctx, record.DropInfo{Guard: "db"})
	d.End(time.Now(), "error", boom)
	td.Skip(record.DropInfo{Guard: "disk"}, boom)
	td.EndWave(0, time.Now())
	td.End(time.Now(), []string{"db"}, boom)
	r.End(time.Now(), "failed", boom)
	for _, ctx := range []context.Context{ctx, actx, tctx, dctx} {
		if ctx == nil {
			panic("a nil context")
		}
	}
}

// Whatever a tracer or a meter does, at whichever of the calls: recording goes on
// to its end, and says so once.
func TestMisfits(t *testing.T) {
	var back func() // calls what is being recorded
	kinds := []struct {
		name   string
		do     func()
		none   bool
		failed func(error) bool // nil: it need not be a failure
	}{
		{"panics", func() { panic("misfit") }, false, func(err error) bool { return errors.As(err, new(*fault.PanicError)) }},
		{"exits", runtime.Goexit, false, func(err error) bool { return err == fault.ErrGoexit }},
		{"blocks", func() { time.Sleep(time.Hour) }, false, func(err error) bool { return err == fault.ErrStuck }},
		{"returns nil", nil, true, nil},
		{"calls back", func() { back() }, false, nil},
	}
	for _, kind := range kinds {
		for _, mode := range []record.Mode{record.Child, record.TeardownOnly} {
			for _, always := range []bool{false, true} {
				for at, calls := 0, 1; at < calls; at++ {
					synctest.Test(t, func(t *testing.T) {
						m := &misfit{at: at, always: always, do: kind.do, none: kind.none}
						told := make(map[string][]error)
						c := record.Config{Name: "s", Path: "s", Schedule: "waves", Mode: mode, TaskSpans: true,
							TracerProvider: misfitTraces{misfit: m}, MeterProvider: misfitMeters{misfit: m},
							Failed: func(what string, err error) { told[what] = append(told[what], err) }}
						once := true
						back = func() {
							if once { // or it would never end
								once = false
								life(context.Background(), c)
							}
						}
						began := time.Now()
						ctx := oteltrace.ContextWithSpan(t.Context(), misfitSpan{misfit: m})
						life(ctx, c)
						if took := time.Since(began); took > 3*time.Second {
							t.Errorf("%s at call %d: took %v", kind.name, at, took)
						}
						for what, errs := range told {
							if len(errs) != 1 || kind.failed != nil && !kind.failed(errs[0]) {
								t.Errorf("%s at call %d: of the %s was told %v", kind.name, at, what, errs)
							}
						}
						if len(told) == 0 && kind.failed != nil {
							t.Errorf("%s at call %d: nothing was told", kind.name, at)
						}
						m.mu.Lock()
						calls = max(calls, m.calls)
						m.mu.Unlock()
						if !always && calls < 30 && at == 0 && kind.name == "calls back" {
							t.Errorf("%d calls in all: the sweep misses some", calls)
						}
						time.Sleep(100 * time.Hour) // what blocks has ended
					})
				}
			}
		}
	}
}

// The provider may be found by the span in the context, whose methods are no
// less foreign.
func TestMisfitInContext(t *testing.T) {
	for name, do := range map[string]func(){"panics": func() { panic("misfit") }, "exits": runtime.Goexit, "blocks": func() { time.Sleep(time.Hour) }} {
		synctest.Test(t, func(t *testing.T) {
			ctx := oteltrace.ContextWithSpan(t.Context(), misfitSpan{misfit: &misfit{always: true, do: do}})
			began := time.Now()
			life(ctx, record.Config{Name: "s", MeterProvider: noop.MeterProvider{}})
			if took := time.Since(began); took > 3*time.Second {
				t.Errorf("%s: took %v", name, took)
			}
			time.Sleep(100 * time.Hour)
		})
	}
}

// Near its end a teardown waits for a tracer no longer than it has time.
func TestStuckTracerAtTheDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := &misfit{at: 1 << 30, do: func() { time.Sleep(time.Hour) }, always: true}
		_, r := record.Start(t.Context(), record.Config{Name: "s", TracerProvider: misfitTraces{misfit: m}, Failed: func(string, error) {}})
		_, td := r.Teardown(t.Context(), record.TeardownInfo{Deadline: time.Now().Add(100 * time.Millisecond)})
		m.mu.Lock()
		m.at = 0
		m.mu.Unlock()
		began := time.Now()
		td.End(time.Now(), nil, nil)
		r.End(time.Now(), "canceled", nil)
		if took := time.Since(began); took != 100*time.Millisecond {
			t.Errorf("took %v, want the 100ms that were left", took)
		}
		time.Sleep(2 * time.Hour)
	})
}

// What reaches a tracer or a meter is valid UTF-8 and bounded, whatever it was.
func TestRecordedTextIsBounded(t *testing.T) {
	bad := strings.Repeat("x\xff界", 5000)
	p, g := new(tape), new(gauge)
	c := record.Config{Name: bad, Path: bad, Schedule: bad, TracerProvider: p, MeterProvider: g, TaskSpans: true}
	ctx, r := record.Start(t.Context(), c)
	err := typed(bad)
	_, a := r.Acquire(ctx, bad, bad)
	a.End(err)
	_, k := r.Task(ctx, bad)
	k.End(err)
	ctx, td := r.Teardown(ctx, record.TeardownInfo{Schedule: "eager", Cause: bad, Drain: trace.Drain{Started: zero, Ended: zero, Items: []trace.DrainItem{{Name: bad, Kind: bad, Ended: 2}}}})
	_, d := td.Drop(ctx, record.DropInfo{Guard: bad, Written: bad, Type: bad, DependsOn: []string{bad}, ReleasedBy: bad})
	d.End(time.Now(), bad, err)
	td.End(time.Now(), []string{bad}, err)
	r.End(time.Now(), bad, err)
	check := func(what, s string, most int) {
		t.Helper()
		if !utf8.ValidString(s) || len(s) > most {
			t.Errorf("%s has %d bytes, or is not UTF-8", what, len(s))
		}
	}
	for _, s := range p.spans {
		check("a span's name", s.name, 300)
		check(s.name[:5]+"'s status", s.text, 5000)
		for key, v := range s.attrs {
			most := 300
			if key == "ebb.cause" {
				most = 5000
			}
			if v.Type() == attribute.STRING {
				check(string(key), v.AsString(), most)
			}
			for _, s := range v.AsStringSlice() {
				check(string(key), s, 1200)
			}
		}
	}
	for _, line := range g.lines {
		check("a measurement", line, 700)
	}
}
