package record_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"go.opentelemetry.io/otel/codes"
	oteltrace "go.opentelemetry.io/otel/trace"

	"github.com/ebb-go/ebb/internal/fault"
	"github.com/ebb-go/ebb/internal/record"
)

// typed is an error with a type of its own, as package scope's have.
type typed string

func (e typed) Error() string     { return "it was " + string(e) }
func (e typed) ErrorType() string { return string(e) }

// hollow is an error whose methods panic when it is a nil pointer in an
// interface, as that of a function which returns its own type of error is.
type hollow struct{ text, kind string }

func (e *hollow) Error() string     { return e.text }
func (e *hollow) ErrorType() string { return e.kind }

func TestOutcomes(t *testing.T) {
	for _, tt := range []struct {
		outcome string
		err     error
		want    string // error.type
	}{
		{"ok", nil, ""},
		{"error", errors.New("boom"), "error"},
		{"panic", fault.Panic("boom"), "panic"},
		{"goexit", fault.ErrGoexit, "goexit"},
		{"timeout", typed("timeout"), "timeout"},
		{"abandoned", typed("abandoned"), "abandoned"},
		{"error", (*hollow)(nil), "error"},
	} {
		p, _, td := drawn(t, record.TeardownInfo{Schedule: "eager"})
		_, d := td.Drop(t.Context(), record.DropInfo{Guard: "g", Started: zero})
		d.End(atMS(3), tt.outcome, tt.err)
		s := p.one(t, "drop g")
		if got := s.attrs["ebb.drop.outcome"].AsString(); got != tt.outcome {
			t.Errorf("outcome %q, want %q", got, tt.outcome)
		}
		typ, failed := s.attrs["error.type"]
		if typ.AsString() != tt.want || failed != (tt.err != nil) || (s.status == codes.Error) != failed {
			t.Errorf("%s: error.type %q (set: %v), status %v", tt.outcome, typ.AsString(), failed, s.status)
		}
		if !s.ended.Equal(atMS(3)) {
			t.Errorf("%s: ended at %v", tt.outcome, s.ended)
		}
	}
}

func TestAbandonmentWinsAgainstALateReturn(t *testing.T) {
	p, _, td := drawn(t, record.TeardownInfo{Schedule: "eager"})
	_, d := td.Drop(t.Context(), record.DropInfo{Guard: "g", Started: zero})
	d.End(atMS(1), "abandoned", typed("abandoned"))
	d.End(atMS(9), "ok", nil)
	s := p.one(t, "drop g")
	if s.ends != 1 || !s.ended.Equal(atMS(1)) || s.attrs["ebb.drop.outcome"].AsString() != "abandoned" {
		t.Errorf("ended %d times, at %v: %s", s.ends, s.ended, s.detail())
	}
}

func TestSkip(t *testing.T) {
	p, _, td := drawn(t, record.TeardownInfo{Schedule: "waves"})
	td.StartWave(0, 1, zero)
	td.Skip(record.DropInfo{Guard: "db", Type: "*D", Queued: atMS(1), Started: atMS(2)}, typed("abandoned"))
	td.EndWave(0, atMS(2))
	s := p.one(t, "drop db")
	want := " drop.outcome=skipped drop.queued_ms=1 error.type=abandoned guard.depends_on=[] guard.name=db guard.type=*D scope.path=s wave.index=0 ERROR(it was abandoned)"
	if got := s.detail(); got != want {
		t.Errorf("skipped: %s\nwant %s", got, want)
	}
	if s.began != atMS(2) || s.ended != s.began.Add(time.Nanosecond) || s.parent.SpanID() != p.one(t, "wave 0").sc.SpanID() {
		t.Errorf("from %v to %v under %v", s.began, s.ended, s.parent)
	}
	for range 1200 { // more than are started ahead
		td.Skip(record.DropInfo{Guard: "more", Started: zero}, typed("abandoned"))
	}
	if n := len(p.named("drop more")); n != 1200 {
		t.Errorf("%d spans of skipped drops, want 1,200", n)
	}
}

func TestEarlyDrop(t *testing.T) {
	p, r, td := drawn(t, record.TeardownInfo{Schedule: "waves"})
	request, _ := p.Start(t.Context(), "request") // of him who asks for the drop
	ctx, d := r.Drop(request, record.DropInfo{Guard: "g", Started: atMS(0)})
	if oteltrace.SpanFromContext(ctx) != p.one(t, "drop g") {
		t.Error("the drop's context has not its span")
	}
	d.End(atMS(50), "ok", nil)
	td.End(atMS(1), nil, nil)
	r.End(atMS(2), "", nil)
	s := p.one(t, "drop g")
	if scope := p.one(t, "scope s"); s.parent.SpanID() != scope.sc.SpanID() || scope.ended.Before(s.ended) {
		t.Errorf("the scope's span does not enclose an early drop: parent %v, ends %v", s.parent, scope.ended)
	}
	want := " drop.outcome=ok drop.queued_ms=0 guard.depends_on=[] guard.name=g guard.type= scope.path=s wave.index=0"
	if got := s.detail(); got != want {
		t.Errorf("early drop: %s\nwant %s", got, want)
	}
}

// Drops of one wave begin and end on many goroutines at once.
func TestConcurrentDrops(t *testing.T) {
	p, r, td := drawn(t, record.TeardownInfo{Schedule: "waves"})
	td.StartWave(0, 64, zero)
	var wg sync.WaitGroup
	for range 64 {
		wg.Go(func() {
			for range 40 {
				_, d := td.Drop(context.Background(), record.DropInfo{Guard: "g", Started: zero})
				wg.Go(func() { d.End(atMS(1), "ok", nil) })
				d.End(atMS(1), "abandoned", typed("abandoned"))
			}
		})
	}
	wg.Wait()
	td.EndWave(0, atMS(1))
	td.End(atMS(1), nil, nil)
	r.End(atMS(1), "", nil)
	spans := len(p.named("drop g"))
	collapsed := p.one(t, "wave 0").attrs["ebb.wave.collapsed"].AsInt64()
	if spans+int(collapsed) != 64*40 {
		t.Errorf("%d spans and %d collapsed, want %d in all", spans, collapsed, 64*40)
	}
	for _, s := range p.spans {
		if s.ends != 1 {
			t.Errorf("span %q ended %d times", s.name, s.ends)
		}
	}
}

func TestTimesThatAreMissingAreNow(t *testing.T) {
	p, r, td := drawn(t, record.TeardownInfo{Schedule: "eager"})
	before := time.Now()
	_, d := td.Drop(t.Context(), record.DropInfo{Guard: "g"})
	d.End(time.Time{}, "ok", nil)
	td.End(time.Time{}, nil, nil)
	r.End(time.Time{}, "", nil)
	for _, s := range p.spans {
		if s.ended.Before(before) {
			t.Errorf("span %q ended at %v, want now", s.name, s.ended)
		}
	}
}
