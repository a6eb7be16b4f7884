package scope_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/metric/noop"
	oteltrace "go.opentelemetry.io/otel/trace"

	"github.com/ebb-go/ebb/guard"
	"github.com/ebb-go/ebb/scope"
	"github.com/ebb-go/ebb/trace"
)

// meters is a MeterProvider, and its own only meter, that adds up counters and
// counts the measurements of histograms.
type meters struct {
	noop.MeterProvider
	meter

	mu   sync.Mutex
	sums map[string]float64
}

type meter = noop.Meter

func (m *meters) Meter(string, ...metric.MeterOption) metric.Meter { return m }

func (m *meters) add(name string, n float64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.sums == nil {
		m.sums = map[string]float64{}
	}
	m.sums[name] += n
}

func (m *meters) sum(name string) float64 {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.sums[name]
}

type upDown struct {
	noop.Int64UpDownCounter
	of   *meters
	name string
}

type histogram struct {
	noop.Float64Histogram
	of   *meters
	name string
}

type counts struct {
	noop.Int64Counter
	of   *meters
	name string
}

func (c counts) Add(_ context.Context, n int64, _ ...metric.AddOption) { c.of.add(c.name, float64(n)) }
func (c counts) Enabled(context.Context) bool                          { return true }
func (c upDown) Add(_ context.Context, n int64, _ ...metric.AddOption) { c.of.add(c.name, float64(n)) }
func (c upDown) Enabled(context.Context) bool                          { return true }
func (c histogram) Record(context.Context, float64, ...metric.RecordOption) {
	c.of.add(c.name, 1)
}
func (c histogram) Enabled(context.Context) bool { return true }

func (m *meters) Int64Counter(name string, _ ...metric.Int64CounterOption) (metric.Int64Counter, error) {
	return counts{of: m, name: name}, nil
}

func (m *meters) Int64UpDownCounter(name string, _ ...metric.Int64UpDownCounterOption) (metric.Int64UpDownCounter, error) {
	return upDown{of: m, name: name}, nil
}

func (m *meters) Float64Histogram(name string, _ ...metric.Float64HistogramOption) (metric.Float64Histogram, error) {
	return histogram{of: m, name: name}, nil
}

// TestMetrics: what lives is counted up and down, in every way that something
// comes and goes; drops and teardowns are counted.
func TestMetrics(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var m meters
		inScope(t, func(ctx context.Context, s *scope.Scope) {
			drop := must(scope.Defer(s, "drop", nothing))
			release := must(scope.Acquire(ctx, s, "release", opens("r"), guard.Nothing))
			move := must(scope.Acquire(ctx, s, "move", opens("m"), guard.Nothing))
			c := must(s.Child("child", scope.DependsOn()))
			_ = must(s.Daemon("daemon", func(ctx context.Context) error { <-ctx.Done(); return nil }, scope.DependsOn()))
			_, _ = scope.Acquire(ctx, s, "fails", func(context.Context) (int, error) { return 0, errBoom }, guard.Nothing)
			if got := m.sum("ebb.guards.live"); got != 5 {
				t.Errorf("%v live, want 5", got)
			}
			if got := m.sum("ebb.scopes.live"); got != 2 {
				t.Errorf("%v scopes live", got)
			}
			_ = drop.Drop(ctx)
			_, _ = release.Release()
			_ = must(move.MoveTo(c))
			if got := m.sum("ebb.guards.live"); got != 3 {
				t.Errorf("%v live, want 3", got)
			}
			if err := c.Close(ctx); err != nil {
				t.Error(err)
			}
		}, scope.WithMeterProvider(&m))
		for name, want := range map[string]float64{
			"ebb.guards.live": 0, "ebb.scopes.live": 0, "ebb.drops": 4, "ebb.drop.duration": 4, "ebb.teardown.duration": 2,
		} {
			if got := m.sum(name); got != want {
				t.Errorf("%s: %v, want %v", name, got, want)
			}
		}
	})
}

// TestSpansOfTheBody: the body's context carries the scope's span, an open function
// its acquire span, a drop its drop span; the caller's span is the parent of all,
// and a drop's values survive.
func TestSpansOfTheBody(t *testing.T) {
	var p spans
	type key struct{}
	caller, root := p.Start(context.WithValue(t.Context(), key{}, 1), "caller")
	current := func(ctx context.Context) string {
		if s, ok := oteltrace.SpanFromContext(ctx).(*span); ok {
			return s.name
		}
		return ""
	}
	err := scope.Run(caller, func(ctx context.Context, s *scope.Scope) error {
		got := []string{current(ctx)}
		_ = must(scope.Acquire(ctx, s, "db", func(ctx context.Context) (int, error) {
			got = append(got, current(ctx))
			return 1, nil
		}, func(ctx context.Context, _ int) error {
			if current(ctx) != "drop db" || ctx.Value(key{}) != 1 {
				t.Errorf("a drop's context: span %s", current(ctx))
			}
			return nil
		}))
		if want := []string{"scope x", "acquire db"}; !slices.Equal(got, want) {
			t.Errorf("%q", got)
		}
		h := must(scope.Defer(s, "early", nothing))
		return h.Drop(ctx)
	}, scope.WithName("x")) // the provider is that of the caller's span
	root.End()
	if err != nil {
		t.Error(err)
	}
	top := p.one(t, "scope x")
	if top.parent.SpanID() != root.SpanContext().SpanID() {
		t.Error("parent of the scope's span")
	}
	if s := p.one(t, "drop early"); !s.under(top) || s.str("ebb.drop.outcome") != "ok" {
		t.Errorf("an early drop's span is a child of the scope's: %v", s.attrs)
	}
}

// TestAcquireSpanFails: also when open panics.
func TestAcquireSpanFails(t *testing.T) {
	for name, open := range map[string]func(context.Context) (int, error){
		"error":  func(context.Context) (int, error) { return 0, errBoom },
		"panics": func(context.Context) (int, error) { panic("open") },
	} {
		var p spans
		calls(func() error {
			return scope.Run(t.Context(), func(ctx context.Context, s *scope.Scope) error {
				_, err := scope.Acquire(ctx, s, "db", open, guard.Nothing)
				return err
			}, scope.WithTracerProvider(&p))
		})
		if s := p.one(t, "acquire db"); s.status != codes.Error || s.ends != 1 {
			t.Errorf("%s: %v, ended %d times", name, s.status, s.ends)
		}
	}
}

// TestUnnamedScopeSpans are plain.
func TestUnnamedScopeSpans(t *testing.T) {
	var p spans
	_ = scope.Run(t.Context(), func(ctx context.Context, s *scope.Scope) error {
		_ = must(scope.Defer(s, "g", nothing))
		return nil
	}, scope.WithTracerProvider(&p))
	if got := p.String(); got != "scope, teardown, wave 0, drop g" {
		t.Errorf("%s", got)
	}
}

// TestSpanModes: SpanTeardownOnly has none for the scope's life, and what is nested
// takes it as SpanChild.
func TestSpanModes(t *testing.T) {
	var p spans
	_ = scope.Run(t.Context(), func(ctx context.Context, s *scope.Scope) error {
		_ = must(scope.Acquire(ctx, s, "db", opens("db"), guard.Nothing))
		return scope.Run(ctx, func(ctx context.Context, s *scope.Scope) error { return nil }, scope.WithName("req"))
	}, scope.WithName("app"), scope.WithTracerProvider(&p), scope.WithSpanMode(scope.SpanTeardownOnly))
	if got := p.String(); got != "scope req, teardown app, wave 0, drop db" {
		t.Errorf("%s", got)
	}
}

// TestOrderOnRandomGraphs: on random graphs under every schedule, with errors,
// panics and Goexits, no drop begins before all of its dependents have ended, each
// runs once, and the error has all that failed.
func TestOrderOnRandomGraphs(t *testing.T) {
	for seed := range uint64(60) {
		for _, schedule := range schedules {
			randomGraph(t, seed, schedule)
		}
	}
}

func randomGraph(t *testing.T, seed uint64, schedule scope.Schedule) {
	t.Helper()
	state := seed*2654435761 + 1
	random := func(n int) int {
		state = state*6364136223846793005 + 1442695040888963407
		return int(state>>33) % n
	}
	n := 2 + random(40)
	deps := make([][]int, n)
	ended := make([]bool, n)
	runs := make([]int, n)
	failed := 0
	var mu sync.Mutex
	err := scope.Run(t.Context(), func(ctx context.Context, s *scope.Scope) error {
		var handles []*scope.Handle[struct{}]
		dependents := make([][]int, n)
		for i := range n {
			var on []scope.Node
			for range random(4) {
				if i > 0 {
					d := random(i)
					deps[i] = append(deps[i], d)
					dependents[d] = append(dependents[d], i)
					on = append(on, handles[d])
				}
			}
			fault := random(8)
			if fault < 3 {
				failed++
			}
			handles = append(handles, must(scope.Defer(s, fmt.Sprint("g", i), func(context.Context) error {
				mu.Lock()
				defer mu.Unlock()
				for _, d := range dependents[i] {
					if !ended[d] {
						t.Errorf("seed %d, %v: g%d was dropped before g%d", seed, schedule, i, d)
					}
				}
				ended[i] = true
				runs[i]++
				switch fault {
				case 0:
					return errBoom
				case 1:
					panic("drop")
				case 2:
					return errors.New("other")
				}
				return nil
			}, scope.DependsOn(on...))))
		}
		return nil
	}, scope.WithSchedule(schedule))
	for i, r := range runs {
		if r != 1 {
			t.Errorf("seed %d, %v: g%d was dropped %d times", seed, schedule, i, r)
		}
	}
	told := 0
	for _, part := range (call{err: err}).told() {
		if strings.HasPrefix(part, "drop g") {
			told++
		}
	}
	if told != failed {
		t.Errorf("seed %d, %v: %d failed, %d told", seed, schedule, failed, told)
	}
}

// TestCriticalPathOfSpan: the teardown's span and its report name the same path,
// also when drops end at the same moment, and when some were skipped.
func TestCriticalPathOfSpan(t *testing.T) {
	for seed := range uint64(40) {
		for _, schedule := range schedules {
			synctest.Test(t, func(t *testing.T) {
				r := rand.New(rand.NewPCG(seed, 1))
				var p spans
				var report *trace.Report
				_ = scope.Run(t.Context(), func(ctx context.Context, s *scope.Scope) error {
					var handles []scope.Node
					for i := range 2 + r.IntN(20) {
						opts := []scope.GuardOption{scope.DropTimeout(4 * time.Second)}
						for range r.IntN(min(i, 2) + 1) {
							if i > 0 {
								opts = append(opts, scope.DependsOn(handles[r.IntN(i)]))
							}
						}
						if r.IntN(4) == 0 {
							opts = append(opts, scope.Hold())
						}
						took := time.Duration(r.IntN(6)) * time.Second // beyond 4.4 s it is abandoned
						handles = append(handles, must(scope.Defer(s, fmt.Sprint("g", i), func(context.Context) error {
							time.Sleep(took)
							return nil
						}, opts...)))
					}
					return nil
				}, scope.WithSchedule(schedule), scope.WithTracerProvider(&p), reported(&report), scope.WithLogger(slog.New(slog.DiscardHandler)))
				var want []string
				for _, e := range report.CriticalPath() {
					want = append(want, e.Name)
				}
				got := p.named("teardown")[0].attrs["ebb.critical_path"].AsStringSlice()
				if !slices.Equal(got, want) {
					t.Errorf("seed %d, %v: the span has %q, the report %q", seed, schedule, got, want)
				}
				time.Sleep(time.Minute) // what was abandoned ends
			})
		}
	}
}
