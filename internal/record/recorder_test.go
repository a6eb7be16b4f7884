package record_test

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/codes"
	oteltrace "go.opentelemetry.io/otel/trace"

	"github.com/ebb-go/ebb/internal/fault"
	"github.com/ebb-go/ebb/internal/record"
	"github.com/ebb-go/ebb/trace"
)

func TestScopeSpan(t *testing.T) {
	p := new(tape)
	ctx, caller := p.Start(t.Context(), "request")
	ctx, r := record.Start(ctx, record.Config{Name: "orders", Path: "api/orders", Schedule: "waves", TracerProvider: p, At: atMS(0)})
	if got := oteltrace.SpanFromContext(ctx); got != p.one(t, "scope orders") {
		t.Errorf("the context has the span %v, want the scope's", got)
	}
	r.End(atMS(7), "failed", errors.New("boom"))
	r.End(atMS(8), "succeeded", nil) // ignored

	s := p.one(t, "scope orders")
	if s.parent.SpanID() != caller.SpanContext().SpanID() || len(s.links) != 0 {
		t.Errorf("parent %v, links %v: want the caller's span and none", s.parent, s.links)
	}
	if !s.began.Equal(atMS(0)) || !s.ended.Equal(atMS(7)) || s.ends != 1 {
		t.Errorf("from %v to %v, ended %d times", s.began, s.ended, s.ends)
	}
	want := " error.type=error scope.exit=failed scope.path=api/orders scope.schedule=waves ERROR(boom)"
	if got := s.detail(); got != want {
		t.Errorf("attributes and status:\n%s\nwant\n%s", got, want)
	}
}

// TestRename: the span of a scope, and those that begin later, have the new name.
func TestRename(t *testing.T) {
	p := new(tape)
	ctx, r := record.Start(t.Context(), record.Config{Name: "GET /api/", Path: "svc/GET /api/", TracerProvider: p})
	r.Rename("GET /api/orders", "svc/GET /api/orders")
	in, td := r.Teardown(ctx, record.TeardownInfo{})
	_, d := td.Drop(in, record.DropInfo{Guard: "tx"})
	d.End(time.Now(), "ok", nil)
	td.End(time.Now(), nil, nil)
	r.End(time.Now(), "succeeded", nil)
	r.Rename("late", "late")
	for _, name := range []string{"scope GET /api/orders", "teardown GET /api/orders", "drop tx"} {
		if got := p.one(t, name).detail(); !strings.Contains(got, "scope.path=svc/GET /api/orders") {
			t.Errorf("%s: %s", name, got)
		}
	}
	(*record.Recorder)(nil).Rename("x", "x")
}

func TestSpanModes(t *testing.T) {
	// spansOf gives a scope one of each span and returns those that were made.
	spansOf := func(ctx context.Context, p *tape, m record.Mode) []*taped {
		before := len(p.spans)
		ctx, r := record.Start(ctx, record.Config{Name: "s", TracerProvider: p, Mode: m, TaskSpans: true})
		_, acquire := r.Acquire(ctx, "db", "*sql.DB")
		acquire.End(nil)
		_, task := r.Task(ctx, "warm-up")
		task.End(nil)
		_, early := r.Drop(ctx, record.DropInfo{Guard: "early"})
		early.End(time.Now(), "ok", nil)
		ctx, td := r.Teardown(ctx, record.TeardownInfo{Schedule: "eager"})
		_, d := td.Drop(ctx, record.DropInfo{Guard: "db"})
		d.End(time.Now(), "ok", nil)
		td.End(time.Now(), nil, nil)
		r.End(time.Now(), "succeeded", nil)
		return p.spans[before:]
	}
	rules := []struct {
		rule string
		mode record.Mode
		want string // child<parent, or ! and the linked span for a root
	}{
		{"child: all in the caller's trace", record.Child,
			"scope s<caller acquire db<scope s task warm-up<scope s drop early<scope s teardown s<scope s drop db<teardown s"},
		{"linked root: the scope in a trace of its own", record.LinkedRoot,
			"scope s!caller acquire db<scope s task warm-up<scope s drop early<scope s teardown s<scope s drop db<teardown s"},
		{"teardown only: drops and nothing else, in traces of their own", record.TeardownOnly,
			"drop early!caller teardown s!caller drop db<teardown s"},
	}
	for _, tt := range rules {
		t.Run(tt.mode.String(), func(t *testing.T) {
			p := new(tape)
			ctx, caller := p.Start(t.Context(), "caller")
			name := map[oteltrace.SpanID]string{caller.SpanContext().SpanID(): "caller"}
			var got []string
			for _, s := range spansOf(ctx, p, tt.mode) {
				name[s.sc.SpanID()] = s.name
				switch {
				case s.parent.IsValid() && len(s.links) == 0:
					got = append(got, s.name+"<"+name[s.parent.SpanID()])
				case !s.parent.IsValid() && len(s.links) == 1:
					got = append(got, s.name+"!"+name[s.links[0].SpanContext.SpanID()])
				default:
					t.Errorf("span %q: parent %v and links %v", s.name, s.parent, s.links)
				}
			}
			if got := strings.Join(got, " "); got != tt.want {
				t.Errorf("%s: got\n%s\nwant\n%s", tt.rule, got, tt.want)
			}
		})
		t.Run(tt.mode.String()+" without a caller", func(t *testing.T) {
			p := new(tape)
			for _, s := range spansOf(t.Context(), p, tt.mode) {
				if len(s.links) != 0 {
					t.Errorf("span %q: links to %v", s.name, s.links)
				}
			}
		})
	}
}

func TestUnnamedScope(t *testing.T) {
	p := new(tape)
	ctx, r := record.Start(t.Context(), record.Config{Path: "scope", TracerProvider: p})
	_, td := r.Teardown(ctx, record.TeardownInfo{})
	td.End(time.Now(), nil, nil)
	r.End(time.Now(), "succeeded", nil)
	p.one(t, "scope")
	p.one(t, "teardown")
}

func TestAcquireAndTaskSpans(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := new(tape)
		ctx, r := record.Start(t.Context(), record.Config{Name: "s", Path: "s", TracerProvider: p, TaskSpans: true})
		start := time.Now()

		other, _ := p.Start(ctx, "other") // whatever span ctx has, the scope's is the parent
		opened, acquire := r.Acquire(other, "db", "*sql.DB")
		_, task := r.Task(other, "warm-up")
		time.Sleep(time.Second)
		acquire.End(fmt.Errorf("dial: %w", context.DeadlineExceeded))
		task.End(nil)

		s := p.one(t, "acquire db")
		if s.parent.SpanID() != p.one(t, "scope s").sc.SpanID() || oteltrace.SpanFromContext(opened) != s {
			t.Error("the acquire's span is not the child of the scope's, or not in the context")
		}
		want := " error.type=timeout guard.name=db guard.type=*sql.DB scope.path=s ERROR(dial: context deadline exceeded)"
		if got := s.detail(); got != want {
			t.Errorf("acquire: %s\nwant %s", got, want)
		}
		if s.began != start || s.ended.Sub(s.began) != time.Second {
			t.Errorf("acquire from %v to %v", s.began, s.ended)
		}
		if got := p.one(t, "task warm-up").detail(); got != " scope.path=s task.name=warm-up" {
			t.Errorf("task: %s", got)
		}

		_, r = record.Start(ctx, record.Config{TracerProvider: p})
		if _, task := r.Task(ctx, "unasked"); task != nil || p.named("task unasked") != nil {
			t.Error("a task has a span although the config does not ask for it")
		}
	})
}

func TestStatusOfErrors(t *testing.T) {
	long := strings.Repeat("é", 5000)
	for _, tt := range []struct {
		err       error
		typ, text string
	}{
		{nil, "", ""},
		{errors.New("x"), "error", "x"},
		{context.Canceled, "canceled", "context canceled"},
		{fmt.Errorf("late: %w", context.DeadlineExceeded), "timeout", "late: context deadline exceeded"},
		{fault.Panic("x"), "panic", "panic: x"},
		{fault.ErrGoexit, "goexit", "runtime.Goexit was called"},
		{untyped{}, "error", "untyped"},
		{errors.New(long), "error", long[:4096] + "…"},
		{errors.New("x" + long), "error", "x" + long[:4094] + "…"}, // not in the middle of a rune
	} {
		p := new(tape)
		_, r := record.Start(t.Context(), record.Config{TracerProvider: p})
		r.End(time.Now(), "", tt.err)
		s := p.spans[0]
		if got := s.attrs["error.type"].AsString(); got != tt.typ || s.text != tt.text {
			t.Errorf("%.40v: error.type %q, text %.40q (%d bytes)", tt.err, got, s.text, len(s.text))
		}
		if (s.status == codes.Error) != (tt.err != nil) {
			t.Errorf("%.40v: status %v", tt.err, s.status)
		}
	}
}

// untyped says that it has a type and does not say which.
type untyped struct{}

func (untyped) Error() string     { return "untyped" }
func (untyped) ErrorType() string { return "" }

func TestRecordingIgnoresCancellation(t *testing.T) {
	p := new(tape)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	ctx, r := record.Start(ctx, record.Config{Name: "s", TracerProvider: p})
	_, td := r.Teardown(ctx, record.TeardownInfo{})
	_, d := td.Drop(ctx, record.DropInfo{Guard: "db"})
	d.End(time.Now(), "ok", nil)
	td.End(time.Now(), nil, nil)
	r.End(time.Now(), "canceled", nil)
	if len(p.spans) != 3 {
		t.Errorf("%d spans on a canceled context, want 3", len(p.spans))
	}
}

func TestNestedScopesShareTheTracer(t *testing.T) {
	p, other := new(tape), new(tape)
	ctx, parent := record.Start(t.Context(), record.Config{TracerProvider: p})
	for range 3 {
		record.Start(ctx, record.Config{TracerProvider: p, Parent: parent})
	}
	record.Start(ctx, record.Config{TracerProvider: other, Parent: parent})
	if p.tracers != 1 || other.tracers != 1 {
		t.Errorf("asked for %d tracers, and %d of another provider; want one of each", p.tracers, other.tracers)
	}
}

func TestScopeNameAndVersion(t *testing.T) {
	p := new(tape)
	record.Start(t.Context(), record.Config{TracerProvider: p})
	info, _ := debug.ReadBuildInfo()
	if p.name != trace.ScopeName || p.version != info.Main.Version {
		t.Errorf("tracer %q version %q, want %q and %q", p.name, p.version, trace.ScopeName, info.Main.Version)
	}
}

func TestNothingConfigured(t *testing.T) {
	ctx := t.Context()
	info := record.DropInfo{Guard: "db", DependsOn: []string{"x"}}
	boom := errors.New("boom")
	now := time.Now()
	same := true
	n := testing.AllocsPerRun(100, func() {
		c, r := record.Start(ctx, record.Config{Name: "s", Path: "s", Schedule: "waves"})
		a, acquire := r.Acquire(ctx, "db", "int")
		acquire.End(boom)
		b, task := r.Task(ctx, "t")
		task.End(boom)
		r.GuardLive(1)
		e, early := r.Drop(ctx, info)
		early.End(now, "ok", nil)
		f, td := r.Teardown(ctx, record.TeardownInfo{Guards: 1})
		td.StartWave(0, 1, now)
		g, d := td.Drop(ctx, info)
		d.End(now, "error", boom)
		td.Skip(info, boom)
		td.EndWave(0, now)
		td.End(now, nil, boom)
		r.End(now, "failed", boom)
		same = same && c == ctx && a == ctx && b == ctx && e == ctx && f == ctx && g == ctx && r == nil
	})
	if n != 0 || !same {
		t.Errorf("%v allocations, contexts as they were: %v; want 0 and true", n, same)
	}
}

func TestProviderIsChosen(t *testing.T) {
	unset := otel.GetTracerProvider()
	defer func() {
		if otel.GetTracerProvider() != unset {
			otel.SetTracerProvider(unset)
		}
	}()
	option, callers, global := new(tape), new(tape), new(tape)

	start := func(ctx context.Context, option oteltrace.TracerProvider) bool {
		_, r := record.Start(ctx, record.Config{Name: "s", TracerProvider: option})
		r.End(time.Now(), "", nil)
		return r != nil
	}
	within, _ := callers.Start(t.Context(), "caller")
	sampledOut := oteltrace.ContextWithSpanContext(t.Context(), oteltrace.SpanContextFromContext(within))

	if start(t.Context(), nil) || start(sampledOut, nil) {
		t.Error("records although nothing is configured")
	}
	otel.SetTracerProvider(global)
	start(within, option)
	option.one(t, "scope s")
	start(within, nil)
	callers.one(t, "scope s")
	start(sampledOut, nil) // the global provider's sampler is asked
	if s := global.one(t, "scope s"); !s.parent.IsValid() {
		t.Error("the caller's span context is lost")
	}
	start(t.Context(), nil)
	if n := len(global.spans); n != 2 {
		t.Errorf("the global provider has %d spans, want 2", n)
	}
	otel.SetTracerProvider(unset)
	if start(t.Context(), nil) {
		t.Error("records with the stand-in")
	}
}

// by is a provider of a type that cannot be compared.
type by struct {
	*tape
	_ []int
}

func TestProviderThatCannotBeCompared(t *testing.T) {
	p := by{tape: new(tape)}
	ctx, r := record.Start(t.Context(), record.Config{TracerProvider: p})
	record.Start(ctx, record.Config{TracerProvider: p, Parent: r})
	if len(p.spans) != 2 {
		t.Errorf("%d spans, want 2", len(p.spans))
	}
}
