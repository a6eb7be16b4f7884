package scope_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"go.opentelemetry.io/otel/codes"

	"github.com/ebb-go/ebb/scope"
	"github.com/ebb-go/ebb/trace"
)

// checkAbandoned: what was abandoned is named with its age, its stack and, for
// a drop, what it blocks; an error about a deadline is one of package context.
func (x *cell) checkAbandoned(t *testing.T, c call, names []string) {
	t.Helper()
	var timeout *scope.DropTimeoutError
	if late := x.place == "drop" && x.grace > 0 && (x.fault == "honours" || x.fault == "forever"); late {
		if !errors.As(c.err, &timeout) || timeout.Guard != "cache" || timeout.Limit <= 0 || !errors.Is(c.err, context.DeadlineExceeded) {
			t.Errorf("no *DropTimeoutError of cache in %v", c.err)
		}
	}
	if len(names) == 0 {
		return
	}
	var a *scope.AbandonedError
	if !errors.As(c.err, &a) || !errors.Is(c.err, scope.ErrAbandoned) {
		t.Fatalf("no *AbandonedError in %v", c.err)
	}
	if a.Name != names[0] || a.Age <= 0 || a.Age > x.grace || !strings.Contains(a.Stack, "scope_test.(*cell).act") {
		t.Errorf("abandoned %+v", a)
	}
	blocks := map[string][]string{"cache": {"db"}, "consumer": {"cache", "db"}, "worker": {"db", "cache", "log", "consumer", "api"}}
	if !slices.Equal(a.Blocks, blocks[a.Name]) {
		t.Errorf("%s blocks %q, want %q", a.Name, a.Blocks, blocks[a.Name])
	}
}

// checkTime: with a grace Run returns before it has run out, or else within the
// reserve after its body has; without, it waits for all, however long.
func (x *cell) checkTime(t *testing.T, took time.Duration) {
	t.Helper()
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.grace > 0 {
		bound := max(min(x.canceled, x.drained)+x.grace, x.bodyEnd+x.grace/4)
		if took > bound {
			t.Errorf("Run took %v, want at most %v", took, bound)
		}
		return
	}
	waits := x.fault == "forever" || x.fault == "honours"
	switch {
	case x.fault == "honours" && x.ctx != "alive" && x.place != "drop", x.place == "task" && x.ctx == "before",
		x.place == "daemon" && x.fault == "honours":
		waits = false // it was told to end, or never began
	}
	if waits != (took >= hangs) {
		t.Errorf("Run took %v", took)
	}
}

// checkEntries: one entry for each thing that was registered, by wave and
// registration, with one outcome each.
func (x *cell) checkEntries(t *testing.T, told []string) {
	t.Helper()
	waves := map[string]int{"api": 0, "consumer": 0, "log": 0, "cache": 1, "db": 2}
	want := slices.Clone(x.kept)
	if x.place == "daemon" && (x.fault == "ok" && x.ctx != "during" || x.fault == "slow" && x.ctx == "alive") {
		// It has ended by itself, with nil, before its turn: then it is no longer there.
		want = slices.DeleteFunc(want, func(name string) bool { return name == "consumer" })
	}
	slices.SortStableFunc(want, func(a, b string) int { return waves[a] - waves[b] })
	var got []string
	for _, e := range x.report.Entries {
		got = append(got, e.Name)
		outcome := "ok"
		for _, part := range told {
			if o, ok := strings.CutPrefix(part, "drop "+e.Name+": "); ok {
				outcome = o
			}
		}
		if failed := e.Name == "consumer" && x.place == "daemon"; failed && outcome == "ok" && x.fault != "forever" {
			switch x.fault {
			case "error", "panic", "goexit":
				outcome = x.fault // told as a *TaskError or a panic
			}
		}
		if e.Outcome != outcome || (e.Err == nil) != (outcome == "ok") || e.Wave != waves[e.Name] {
			t.Errorf("%s: wave %d, %s, %v; want wave %d, %s", e.Name, e.Wave, e.Outcome, e.Err, waves[e.Name], outcome)
		}
		if e.Started.Before(e.Queued) || e.Ended.Before(e.Started) || e.Ended.After(x.report.Ended) {
			t.Errorf("%s: times %v %v %v", e.Name, e.Queued, e.Started, e.Ended)
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("entries %q, want %q", got, want)
	}
	for _, name := range x.kept {
		if n := len(x.starts[name]); n != 1 {
			t.Errorf("%s was called %d times", name, n)
		}
	}
}

// checkOrder: no drop begins before all of its dependents have ended or been
// abandoned, nor before the tasks have; in Waves not before the wave before;
// in Sequential one at a time.
func (x *cell) checkOrder(t *testing.T) {
	t.Helper()
	byName := map[string]trace.Entry{}
	for _, e := range x.report.Entries {
		byName[e.Name] = e
	}
	for _, e := range x.report.Entries {
		for _, d := range e.DependsOn {
			if e.Outcome != "abandoned" && x.ends[e.Name][0] > x.starts[d][0] && d != "consumer" {
				t.Errorf("%s was dropped before %s had ended", d, e.Name)
			}
			if byName[d].Started.Before(e.Ended) {
				t.Errorf("%s began %v before %s ended", d, e.Ended.Sub(byName[d].Started), e.Name)
			}
		}
		if e.Kind == "guard" && len(x.ends["worker"]) > 0 && x.fault != "forever" && x.starts[e.Name][0] < x.ends["worker"][0] {
			t.Errorf("%s was dropped before the task had ended", e.Name)
		}
		for _, o := range x.report.Entries {
			if x.schedule == scope.Waves && o.Wave > e.Wave && o.Started.Before(e.Ended) {
				t.Errorf("wave %d began before wave %d had ended", o.Wave, e.Wave)
			}
			if x.schedule == scope.Sequential && o.Name != e.Name && o.Started.Before(e.Ended) && e.Started.Before(o.Ended) {
				t.Errorf("%s and %s overlap", o.Name, e.Name)
			}
		}
	}
}

// checkSpans: there is one span for the scope, the teardown, each wave and each
// drop, each ended once; they lie where they belong and say what the report says.
func (x *cell) checkSpans(t *testing.T) {
	t.Helper()
	root, teardown := x.spans.one(t, "scope x"), x.spans.one(t, "teardown x")
	for _, s := range x.spans.all {
		if s.ends != 1 || s.events != 0 || s.status == codes.Ok {
			t.Errorf("span %q: ended %d times, %d events, status %v", s.name, s.ends, s.events, s.status)
		}
	}
	if !teardown.under(root) || root.str("ebb.scope.exit") != x.report.Exit || root.str("ebb.scope.schedule") != x.schedule.String() {
		t.Errorf("scope %v, teardown under %v", root.attrs, teardown.parent)
	}
	if failed := x.report.Exit == "failed" || x.report.Exit == "panicked" || x.report.Exit == "exited"; failed != (root.status == codes.Error) {
		t.Errorf("exit %s, status of the scope's span %v", x.report.Exit, root.status)
	}
	failedDrop := false
	for _, e := range x.report.Entries {
		s := x.spans.one(t, "drop "+e.Name)
		parent := teardown
		if x.schedule == scope.Waves {
			parent = x.spans.one(t, fmt.Sprintf("wave %d", e.Wave))
		}
		if !s.under(parent) || s.str("ebb.drop.outcome") != e.Outcome || s.str("ebb.guard.name") != e.Name ||
			s.str("ebb.scope.path") != "x" || int(s.attrs["ebb.wave.index"].AsInt64()) != e.Wave ||
			s.str("ebb.guard.released_by") != e.ReleasedBy || !slices.Equal(s.attrs["ebb.guard.depends_on"].AsStringSlice(), e.DependsOn) {
			t.Errorf("drop %s: %v, entry %+v", e.Name, s.attrs, e)
		}
		if d := s.ended.Sub(e.Ended); d < 0 || d > 100*time.Microsecond {
			t.Errorf("drop %s: span ended %v later than the entry", e.Name, d)
		}
		if (e.Outcome != "ok") != (s.status == codes.Error) || (s.str("error.type") == "") != (e.Outcome == "ok") {
			t.Errorf("drop %s: outcome %s, status %v %v", e.Name, e.Outcome, s.status, s.attrs)
		}
		if _, ok := e.Err.(*scope.DropError); ok {
			failedDrop = true
		}
	}
	if failedDrop && teardown.status != codes.Error {
		t.Error("a drop failed and the teardown's span is not marked")
	}
	if n := len(x.spans.named("acquire db")); n != 1 || !x.spans.one(t, "acquire db").under(root) {
		t.Errorf("%d acquire spans", n)
	}
}

// checkLogs: a line for each drop that was slow, a line for each late result,
// and no other.
func (x *cell) checkLogs(t *testing.T, abandoned []string) {
	t.Helper()
	var slow, late []string
	for _, e := range x.report.Entries {
		if e.Ended.Sub(e.Started) > 5*time.Second {
			slow = append(slow, e.Name)
		}
	}
	if got := x.logs.starting("slow drop"); len(got) != len(slow) || len(slow) > 0 && !strings.Contains(got[0], "guard="+slow[0]) {
		t.Errorf("slow drops logged: %q, want %q", got, slow)
	}
	late = x.logs.starting("late result")
	if len(late) != len(abandoned) || len(late) > 0 && !strings.Contains(late[0], "="+abandoned[0]) {
		t.Errorf("late results logged: %q, want %q", late, abandoned)
	}
	var drains []string
	if x.report.Started.Sub(x.began)-x.bodyEnd > 5*time.Second {
		drains = []string{"slow drain scope=x age=5s waits_for=[worker]"}
	}
	if got := x.logs.starting("slow drain"); !slices.Equal(got, drains) {
		t.Errorf("slow drains logged: %q, want %q", got, drains)
	}
	if all := x.logs.starting(""); len(all) != len(slow)+len(late)+len(drains) {
		t.Errorf("logged %q", all)
	}
}
