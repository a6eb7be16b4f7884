package record_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"go.opentelemetry.io/otel/codes"

	"github.com/ebb-go/ebb/internal/record"
)

// drawn starts a scope and its teardown on a new tape.
func drawn(t *testing.T, i record.TeardownInfo) (*tape, *record.Recorder, *record.Teardown) {
	t.Helper()
	p := new(tape)
	i.At = zero
	ctx, r := record.Start(t.Context(), record.Config{Name: "s", Path: "s", Schedule: i.Schedule, TracerProvider: p, At: zero})
	_, td := r.Teardown(ctx, i)
	return p, r, td
}

// drop records a drop from one time to another.
func drop(t *testing.T, td *record.Teardown, i record.DropInfo, began, ended time.Time, err error) {
	t.Helper()
	i.Started = began
	_, d := td.Drop(t.Context(), i)
	outcome := "ok"
	if err != nil {
		outcome = "error"
	}
	d.End(ended, outcome, err)
}

func TestTeardownInWaves(t *testing.T) {
	//	api -> db, cache -> db
	p, r, td := drawn(t, record.TeardownInfo{Waves: 2, Guards: 3, Grace: 20 * time.Second, Schedule: "waves"})
	boom := errors.New("boom")
	td.StartWave(0, 2, atMS(0))
	drop(t, td, record.DropInfo{Guard: "api", Type: "*A", DependsOn: []string{"db"}, Queued: atMS(0)}, atMS(1), atMS(5), nil)
	drop(t, td, record.DropInfo{Guard: "cache", Type: "*C", DependsOn: []string{"db"}, Queued: atMS(0)}, atMS(1), atMS(9), boom)
	td.EndWave(0, atMS(9))
	td.StartWave(1, 1, atMS(9))
	drop(t, td, record.DropInfo{Guard: "db", Type: "*D", Wave: 1, ReleasedBy: "cache", Queued: atMS(9)}, atMS(12), atMS(20), nil)
	td.EndWave(1, atMS(20))
	td.End(atMS(20), []string{"cache", "db"}, boom)
	r.End(atMS(21), "succeeded", nil)

	wantTree(t, p, `
		scope s 0s..21ms scope.exit=succeeded scope.path=s scope.schedule=waves
		  teardown s 0s..20ms critical_path=["cache","db"] error.type=error grace_ms=20000 guards=3 scope.path=s waves=2 ERROR(boom)
		    wave 0 0s..9ms wave.collapsed=0 wave.index=0 wave.size=2
		      drop api 1ms..5ms drop.outcome=ok drop.queued_ms=1 guard.depends_on=["db"] guard.name=api guard.type=*A scope.path=s wave.index=0
		      drop cache 1ms..9ms drop.outcome=error drop.queued_ms=1 error.type=error guard.depends_on=["db"] guard.name=cache guard.type=*C scope.path=s wave.index=0 ERROR(boom)
		    wave 1 9.001ms..20ms wave.collapsed=0 wave.index=1 wave.size=1
		      drop db 12ms..20ms drop.outcome=ok drop.queued_ms=3 guard.depends_on=[] guard.name=db guard.released_by=cache guard.type=*D scope.path=s wave.index=1
	`)
}

func TestTeardownWithoutWaves(t *testing.T) {
	for _, schedule := range []string{"eager", "sequential"} {
		t.Run(schedule, func(t *testing.T) {
			// Every drop begins when the one before ends, and none takes time.
			p, r, td := drawn(t, record.TeardownInfo{Waves: 3, Guards: 3, Schedule: schedule})
			drop(t, td, record.DropInfo{Guard: "a", Queued: zero}, zero, zero, nil)
			drop(t, td, record.DropInfo{Guard: "b", Wave: 1, ReleasedBy: "a", Queued: zero}, zero, zero, nil)
			drop(t, td, record.DropInfo{Guard: "c", Wave: 2, ReleasedBy: "b", Queued: zero}, zero, zero, nil)
			td.End(zero, []string{"a", "b", "c"}, nil)
			r.End(zero, "succeeded", nil)
			wantTree(t, p, `
				scope s 0s..2µs scope.exit=succeeded scope.path=s scope.schedule=`+schedule+`
				  teardown s 0s..2µs critical_path=["a","b","c"] guards=3 scope.path=s waves=3
				    drop a 0s..0s drop.outcome=ok drop.queued_ms=0 guard.depends_on=[] guard.name=a guard.type= scope.path=s wave.index=0
				    drop b 1µs..1µs drop.outcome=ok drop.queued_ms=0 guard.depends_on=[] guard.name=b guard.released_by=a guard.type= scope.path=s wave.index=1
				    drop c 2µs..2µs drop.outcome=ok drop.queued_ms=0 guard.depends_on=[] guard.name=c guard.released_by=b guard.type= scope.path=s wave.index=2
			`)
		})
	}
}

func TestSequentialFollowsWhatItDoesNotDependOn(t *testing.T) {
	for schedule, want := range map[string]time.Duration{"sequential": time.Millisecond + time.Microsecond, "eager": time.Millisecond} {
		p, _, td := drawn(t, record.TeardownInfo{Schedule: schedule})
		drop(t, td, record.DropInfo{Guard: "a"}, zero, atMS(1), nil)
		drop(t, td, record.DropInfo{Guard: "b"}, atMS(1), atMS(2), nil)
		if got := p.one(t, "drop b").began.Sub(zero); got != want {
			t.Errorf("%s: an unrelated drop begins at %v, want %v", schedule, got, want)
		}
	}
}

// Waves of drops that take no time: each span still lies within its parent, and
// each wave begins a microsecond after the end of the one before.
func TestWavesAreApart(t *testing.T) {
	p, r, td := drawn(t, record.TeardownInfo{Schedule: "waves"})
	for k := range 5 {
		td.StartWave(k, 1, zero)
		drop(t, td, record.DropInfo{Guard: fmt.Sprint("g", k), Wave: k}, zero.Add(-time.Second), zero, nil)
		td.EndWave(k, zero)
	}
	td.End(zero, nil, nil)
	r.End(zero, "", nil)
	var before time.Time
	for k := range 5 {
		w, d := p.one(t, fmt.Sprint("wave ", k)), p.one(t, fmt.Sprint("drop g", k))
		if k > 0 && w.began.Sub(before) < time.Microsecond {
			t.Errorf("wave %d begins %v after the one before, want 1µs", k, w.began.Sub(before))
		}
		if d.began.Before(w.began) || d.ended.Before(d.began) || w.ended.Before(d.ended) {
			t.Errorf("wave %d: %v..%v, its drop %v..%v", k, w.began, w.ended, d.began, d.ended)
		}
		before = w.ended
	}
	if td, s := p.one(t, "teardown s"), p.one(t, "scope s"); td.ended.Before(before) || s.ended.Before(td.ended) {
		t.Errorf("the teardown ends at %v and the scope at %v, the last wave at %v", td.ended, s.ended, before)
	}
}

func TestSpansEncloseWhatIsInThem(t *testing.T) {
	p, r, td := drawn(t, record.TeardownInfo{Schedule: "waves"})
	td.StartWave(0, 1, atMS(1))
	drop(t, td, record.DropInfo{Guard: "db"}, atMS(1), atMS(9), nil)
	td.EndWave(0, atMS(5)) // clocks that do not agree
	td.End(atMS(6), nil, nil)
	r.End(atMS(7), "", nil)
	for _, name := range []string{"wave 0", "teardown s", "scope s"} {
		if s := p.one(t, name); !s.ended.Equal(atMS(9)) {
			t.Errorf("%s ends at %v, its last drop at 9ms", name, s.ended.Sub(zero))
		}
	}
}

// A burst has to fit a batch processor's queue of 2,048 spans, parents and all.
func TestBurst(t *testing.T) {
	const guards = 5000
	for _, tt := range []struct {
		rule      string
		took      func(n int) time.Duration
		failed    func(n int) bool
		drops     int
		collapsed int64
	}{
		{"quick ones are counted beyond 1,000", func(int) time.Duration { return 999 * time.Microsecond }, never, 1000, 4000},
		{"slow ones have spans up to 1,500", func(int) time.Duration { return time.Millisecond }, never, 1500, 3500},
		{"failures always have", func(int) time.Duration { return 0 }, always, 5000, 0},
		{"a failure after the last span", func(int) time.Duration { return time.Second }, func(n int) bool { return n == guards-1 }, 1501, 3499},
		{"one slow among the quick", func(n int) time.Duration {
			if n == 4000 {
				return time.Second
			}
			return 0
		}, never, 1001, 3999},
	} {
		for _, schedule := range []string{"waves", "eager"} {
			p, r, td := drawn(t, record.TeardownInfo{Guards: guards, Schedule: schedule})
			parent := "teardown s"
			if schedule == "waves" {
				td.StartWave(0, guards, zero)
				parent = "wave 0"
			}
			for n := range guards {
				var err error
				if tt.failed(n) {
					err = errors.New("boom")
				}
				drop(t, td, record.DropInfo{Guard: "g"}, zero, after(tt.took(n)), err)
			}
			td.EndWave(0, atMS(2000))
			td.End(atMS(2000), nil, nil)
			r.End(atMS(2000), "", nil)
			if got := len(p.named("drop g")); got != tt.drops {
				t.Errorf("%s, %s: %d drop spans, want %d", tt.rule, schedule, got, tt.drops)
			}
			w := p.one(t, parent)
			if got := w.attrs["ebb.wave.collapsed"].AsInt64(); got != tt.collapsed {
				t.Errorf("%s, %s: collapsed %d, want %d", tt.rule, schedule, got, tt.collapsed)
			}
			for _, d := range p.named("drop g") {
				if d.parent.SpanID() != w.sc.SpanID() || d.ends != 1 || d.attrs["ebb.drop.outcome"].AsString() == "" {
					t.Fatalf("%s, %s: a drop span with parent %v that ended %d times: %s", tt.rule, schedule, d.parent, d.ends, d.detail())
				}
			}
		}
	}
}

func never(int) bool  { return false }
func always(int) bool { return true }

// A chain makes a wave of every guard. The waves count as spans too.
func TestLongChain(t *testing.T) {
	p, r, td := drawn(t, record.TeardownInfo{Schedule: "waves"})
	for k := range 3000 {
		td.StartWave(k, 1, zero)
		drop(t, td, record.DropInfo{Guard: "g", Wave: k}, zero, zero, nil)
		td.EndWave(k, zero)
	}
	drop(t, td, record.DropInfo{Guard: "slow"}, zero, atMS(5), nil)
	td.End(atMS(5), nil, nil)
	r.End(atMS(5), "", nil)
	if n := len(p.spans); n != 2+400+1000+1 {
		t.Errorf("%d spans, want scope, teardown, 400 waves, 1,000 drops and the slow one", n)
	}
	s := p.one(t, "teardown s")
	if got := s.attrs["ebb.wave.collapsed"].AsInt64(); got != 2000 {
		t.Errorf("%d drops are counted on the teardown, want 2,000", got)
	}
	if d := p.named("drop g")[500]; d.parent.SpanID() != s.sc.SpanID() {
		t.Error("a drop in a wave without a span does not hang on the teardown")
	}
}

// Beyond the first thousand, what a drop does hangs on its wave.
func TestContextBeyondTheFirstThousand(t *testing.T) {
	p, _, td := drawn(t, record.TeardownInfo{Schedule: "waves"})
	td.StartWave(0, 1001, zero)
	for range 1000 {
		drop(t, td, record.DropInfo{Guard: "g"}, zero, zero, nil)
	}
	ctx, d := td.Drop(t.Context(), record.DropInfo{Guard: "late", Started: zero})
	_, query := p.Start(ctx, "query")
	query.End()
	d.End(atMS(1), "ok", nil)
	wave := p.one(t, "wave 0").sc.SpanID()
	if p.one(t, "query").parent.SpanID() != wave || p.one(t, "drop late").parent.SpanID() != wave {
		t.Error("the wave is not the parent of a late drop's span and of what the drop does")
	}
}

func TestLongListsAreCut(t *testing.T) {
	var list []string
	for n := range 500 {
		list = append(list, fmt.Sprint("g", n))
	}
	p, _, td := drawn(t, record.TeardownInfo{Schedule: "eager"})
	drop(t, td, record.DropInfo{Guard: "g", DependsOn: list}, zero, zero, nil)
	td.End(zero, list, nil)
	want := append(slices.Clone(list[:128]), "and 372 more")
	if got := p.one(t, "teardown s").attrs["ebb.critical_path"].AsStringSlice(); !slices.Equal(got, want) {
		t.Errorf("critical path %q", got)
	}
	if got := p.one(t, "drop g").attrs["ebb.guard.depends_on"].AsStringSlice(); !slices.Equal(got, want) {
		t.Errorf("depends on %q", got)
	}
	if list[128] != "g128" {
		t.Error("the caller's list was changed")
	}
}

func TestTeardownEndsOnce(t *testing.T) {
	p, _, td := drawn(t, record.TeardownInfo{Schedule: "waves"})
	td.EndWave(3, zero) // none is running
	td.End(atMS(1), nil, nil)
	td.End(atMS(2), nil, errors.New("late"))
	if s := p.one(t, "teardown s"); s.ends != 1 || s.status != codes.Unset || !s.ended.Equal(atMS(1)) {
		t.Errorf("ended %d times, at %v, status %v", s.ends, s.ended, s.status)
	}
	if s := p.one(t, "teardown s"); s.attrs["ebb.grace_ms"].AsInt64() != 0 || len(s.attrs) != 4 {
		t.Errorf("attributes %s, want no grace", s.detail())
	}
}
