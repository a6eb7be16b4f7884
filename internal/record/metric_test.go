package record_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/metric/noop"

	"github.com/ebb-go/ebb/internal/fault"
	"github.com/ebb-go/ebb/internal/record"
)

// teardown records a scope with one drop in time, one that failed, one skipped
// and one early, on whatever the config has.
func teardown(ctx context.Context, c record.Config) {
	ctx, r := record.Start(ctx, c)
	r.GuardLive(2)
	_, d := r.Drop(ctx, record.DropInfo{Guard: "early", Started: atMS(0)})
	d.End(atMS(250), "ok", nil)
	r.GuardLive(-1)
	ctx, td := r.Teardown(ctx, record.TeardownInfo{At: zero, Schedule: "waves"})
	td.StartWave(0, 3, zero)
	_, d = td.Drop(ctx, record.DropInfo{Guard: "db", Started: atMS(0)})
	d.End(atMS(500), "abandoned", typed("abandoned"))
	d.End(atMS(900), "ok", nil)
	td.Skip(record.DropInfo{Guard: "disk", Started: atMS(500)}, typed("abandoned"))
	td.EndWave(0, atMS(500))
	td.End(atMS(2000), nil, errors.New("boom"))
	td.End(atMS(3000), nil, nil)
	r.End(atMS(2000), "succeeded", nil)
	r.End(atMS(3000), "succeeded", nil)
}

func TestMetrics(t *testing.T) {
	g := new(gauge)
	ctx, cancel := context.WithCancel(t.Context())
	cancel() // recording ignores it
	teardown(ctx, record.Config{MeterProvider: g})
	want := []string{
		"ebb.scopes.live 1",
		"ebb.guards.live 2",
		"ebb.drop.duration 0.25 ebb.drop.outcome=ok",
		"ebb.drops 1 ebb.drop.outcome=ok",
		"ebb.guards.live -1",
		"ebb.drop.duration 0.5 ebb.drop.outcome=abandoned error.type=abandoned",
		"ebb.drops 1 ebb.drop.outcome=abandoned error.type=abandoned",
		"ebb.drops 1 ebb.drop.outcome=skipped error.type=abandoned",
		"ebb.teardown.duration 2 error.type=error",
		"ebb.scopes.live -1",
	}
	if !slices.Equal(g.lines, want) {
		t.Errorf("measurements:\n%s\nwant:\n%s", strings.Join(g.lines, "\n"), strings.Join(want, "\n"))
	}
	if g.cancels != 0 {
		t.Errorf("%d measurements on a canceled context", g.cancels)
	}
	made := []string{
		"ebb.teardown.duration s 0.001..60", "ebb.drop.duration s 0.001..60",
		"ebb.drops {drop}", "ebb.guards.live {guard}", "ebb.scopes.live {scope}",
	}
	if !slices.Equal(g.made, made) {
		t.Errorf("instruments %q, want %q", g.made, made)
	}
}

// The exemplar of a measurement is the span that it was made in.
func TestExemplars(t *testing.T) {
	g, p := new(gauge), new(tape)
	teardown(t.Context(), record.Config{Name: "s", MeterProvider: g, TracerProvider: p})
	in := func(name string) string { return " in " + p.one(t, name).sc.SpanID().String() }
	for name, want := range map[string][]string{
		"ebb.teardown.duration": {in("teardown s")},
		"ebb.drop.duration":     {in("drop early"), in("drop db")},
		"ebb.drops":             {in("drop early"), in("drop db"), in("drop disk")},
	} {
		got := g.of(name)
		if !slices.EqualFunc(got, want, strings.HasSuffix) {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
}

func TestMeterProviderIsChosen(t *testing.T) {
	unset := otel.GetMeterProvider()
	defer otel.SetMeterProvider(unset)
	option, global := new(gauge), new(gauge)
	if _, r := record.Start(t.Context(), record.Config{}); r != nil {
		t.Error("records with the stand-in")
	}
	otel.SetMeterProvider(global)
	record.Start(t.Context(), record.Config{MeterProvider: option})
	if len(option.lines) != 1 || len(global.lines) != 0 {
		t.Error("the option does not come before the global provider")
	}
	record.Start(t.Context(), record.Config{})
	if len(global.lines) != 1 {
		t.Error("the global provider is not used")
	}
}

func TestInstrumentsAreMadeOnce(t *testing.T) {
	g := new(gauge)
	ctx, parent := record.Start(t.Context(), record.Config{MeterProvider: g})
	for range 3 {
		record.Start(ctx, record.Config{MeterProvider: g, Parent: parent})
	}
	if len(g.made) != 5 {
		t.Errorf("made %d instruments, want 5", len(g.made))
	}
}

func TestRefusedInstruments(t *testing.T) {
	var refused int
	otel.SetErrorHandler(otel.ErrorHandlerFunc(func(error) { refused++ }))
	teardown(t.Context(), record.Config{MeterProvider: &gauge{refuse: true}})
	if refused != 5 {
		t.Errorf("%d errors are told to the handler, want 5", refused)
	}
}

// Attributes are prepared once, which spares each measurement the six and more
// allocations of a set; and errors with ever new types fill no memory.
func TestAttributesArePrepared(t *testing.T) {
	_, r := record.Start(t.Context(), record.Config{MeterProvider: noop.MeterProvider{}})
	one := func(err error) float64 {
		return testing.AllocsPerRun(100, func() {
			_, d := r.Drop(t.Context(), record.DropInfo{Started: zero})
			d.End(zero, "error", err)
		})
	}
	for _, err := range []error{nil, errors.New("boom"), fmt.Errorf("close: %w", io.ErrUnexpectedEOF), fault.ErrGoexit} {
		if n := one(err); n > 2 {
			t.Errorf("%v allocations for a drop that ended with %v, want those of the DropSpan and its context", n, err)
		}
	}
	for n := range 1000 {
		_, d := r.Drop(t.Context(), record.DropInfo{})
		d.End(zero, "error", typed(fmt.Sprint("type ", n)))
	}
	if kept, late := one(typed("type 0")), one(typed("type 999")); late < kept+6 {
		t.Errorf("%v allocations with prepared attributes, and %v without, want at least six more", kept, late)
	}
}

func TestLeakCounter(t *testing.T) {
	g := new(gauge)
	count, err := record.LeakCounter(g)
	if err != nil {
		t.Fatal(err)
	}
	count(t.Context(), "*sql.DB")
	if want := []string{"ebb.guard.leaks 1 ebb.guard.type=*sql.DB"}; !slices.Equal(g.lines, want) {
		t.Errorf("got %q, want %q", g.lines, want)
	}
	if count, err := record.LeakCounter(&gauge{refuse: true}); err == nil || count != nil {
		t.Error("a refused counter is no error")
	}
	unset := otel.GetMeterProvider()
	defer otel.SetMeterProvider(unset)
	if _, err := record.LeakCounter(nil); err != nil {
		t.Error(err)
	}
	otel.SetMeterProvider(g)
	count, err = record.LeakCounter(nil)
	if err != nil {
		t.Fatal(err)
	}
	count(t.Context(), "int")
	if len(g.lines) != 2 {
		t.Errorf("the global provider has counted %d leaks, want 2", len(g.lines))
	}
}
