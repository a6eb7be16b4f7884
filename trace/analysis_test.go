package trace_test

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/ebb-go/ebb/trace"
)

func names(entries []trace.Entry) []string {
	var s []string
	for _, e := range entries {
		s = append(s, e.Name)
	}
	return s
}

func entry(t *testing.T, r *trace.Report, name string) trace.Entry {
	t.Helper()
	for _, e := range r.Entries {
		if e.Name == name {
			return e
		}
	}
	t.Fatalf("no entry %q", name)
	return trace.Entry{}
}

// The graph of small:
//
//	http (120) ──> cache (200) ──> postgres (60)
//	  └──> journal (8)               │
//	consumer (45) ───────────────────┘
func TestComplete(t *testing.T) {
	type want struct {
		queued, started time.Duration
		by              string
		slack           time.Duration
	}
	tests := []struct {
		schedule string
		rule     string
		want     map[string]want
		path     []string
	}{
		{"waves", "slack is the time until the end of the wave", map[string]want{
			"http":     {0, 0, "", 0},
			"consumer": {0, 0, "", 75},
			"cache":    {120, 120, "http", 0},
			"journal":  {120, 120, "http", 192},
			"postgres": {320, 320, "cache", 0},
		}, []string{"http", "cache", "postgres"}},
		{"eager", "slack is that of the critical path method", map[string]want{
			"http":     {0, 0, "", 0},
			"consumer": {0, 0, "", 275},
			"cache":    {120, 120, "http", 0},
			"journal":  {120, 120, "http", 252},
			"postgres": {320, 320, "cache", 0},
		}, []string{"http", "cache", "postgres"}},
		{"sequential", "slack is none, all are on the path", map[string]want{
			"http":     {0, 0, "", 0},
			"consumer": {0, 120, "", 0},
			"cache":    {120, 165, "http", 0},
			"journal":  {120, 365, "http", 0},
			"postgres": {365, 373, "cache", 0},
		}, []string{"http", "consumer", "cache", "journal", "postgres"}},
	}
	for _, tt := range tests {
		t.Run(tt.schedule, func(t *testing.T) {
			r := small(tt.schedule)
			for name, w := range tt.want {
				e := entry(t, r, name)
				got := want{e.Queued.Sub(r.Started) / milli, e.Started.Sub(r.Started) / milli, e.ReleasedBy, e.Slack / milli}
				if got != w {
					t.Errorf("%s: %s: got %+v, want %+v", tt.rule, name, got, w)
				}
			}
			if got := names(r.CriticalPath()); !slices.Equal(got, tt.path) {
				t.Errorf("critical path: got %v, want %v", got, tt.path)
			}
			if want := sampleEpoch.Add(20 * time.Second); !r.Deadline.Equal(want) {
				t.Errorf("deadline: got %v, want start and grace, %v", r.Deadline, want)
			}
		})
	}
}

func TestCompleteTwiceChangesNothing(t *testing.T) {
	for _, schedule := range []string{"waves", "eager", "sequential"} {
		r := service(schedule)
		before := *r
		before.Entries = slices.Clone(r.Entries)
		r.Complete()
		if !reflect.DeepEqual(*r, before) {
			t.Errorf("%s: a second Complete changed the report", schedule)
		}
	}
}

func TestCompleteSortsByWaveOnly(t *testing.T) {
	r := &trace.Report{Started: sampleEpoch, Entries: []trace.Entry{
		{Name: "d", Wave: 1}, {Name: "a"}, {Name: "c", Wave: 1}, {Name: "b"},
	}}
	r.Complete()
	if got, want := names(r.Entries), []string{"a", "b", "d", "c"}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestCompleteFillsTimes(t *testing.T) {
	at := func(d time.Duration) time.Time { return sampleEpoch.Add(d) }
	t.Run("start and end come from the entries", func(t *testing.T) {
		r := &trace.Report{Entries: []trace.Entry{{Name: "a", Started: at(5), Ended: at(9)}, {Name: "b", Started: at(3), Ended: at(7)}}}
		r.Complete()
		if !r.Started.Equal(at(3)) || !r.Ended.Equal(at(9)) {
			t.Errorf("got %v to %v", r.Started, r.Ended)
		}
	})
	t.Run("what never began has no length", func(t *testing.T) {
		r := &trace.Report{Started: at(0), Ended: at(9), Entries: []trace.Entry{
			{Name: "a", Started: at(0), Ended: at(4), DependsOn: []string{"b"}}, {Name: "b", Wave: 1, Outcome: "skipped"},
		}}
		r.Complete()
		if e := r.Entries[1]; !e.Started.Equal(at(4)) || !e.Ended.Equal(at(4)) || e.ReleasedBy != "a" {
			t.Errorf("got %+v", e)
		}
	})
	t.Run("what was still running ends with the report", func(t *testing.T) {
		r := &trace.Report{Started: at(0), Ended: at(9), Entries: []trace.Entry{{Name: "a", Started: at(2)}}}
		r.Complete()
		if e := r.Entries[0]; !e.Ended.Equal(at(9)) {
			t.Errorf("got %+v", e)
		}
	})
	t.Run("what is there stays", func(t *testing.T) {
		r := &trace.Report{Started: at(0), Entries: []trace.Entry{
			{Name: "a", Ended: at(4), Started: at(1), DependsOn: []string{"b"}},
			{Name: "b", Wave: 1, Queued: at(6), Started: at(7), Ended: at(8), ReleasedBy: "x"},
		}}
		r.Complete()
		if e := r.Entries[1]; !e.Queued.Equal(at(6)) || e.ReleasedBy != "x" {
			t.Errorf("got %+v", e)
		}
	})
}

// A report read from elsewhere may contradict itself; nothing may hang or panic.
func TestCompleteOfNonsense(t *testing.T) {
	for _, schedule := range []string{"waves", "eager", "sequential", "nonsense"} {
		r := &trace.Report{Schedule: schedule, Grace: time.Second, Entries: []trace.Entry{
			{Name: "a", Wave: 3, DependsOn: []string{"a", "b", "gone"}, ReleasedBy: "b", Started: sampleEpoch.Add(9), Ended: sampleEpoch},
			{Name: "b", Wave: -1, DependsOn: []string{"a"}, ReleasedBy: "a"},
			{Name: "b", Wave: 3, DependsOn: []string{"a"}, ReleasedBy: "b"},
		}}
		r.Complete()
		r.CriticalPath()
		trace.Budget(r)
		for _, f := range formats {
			f.render(t, r)
		}
	}
}

func TestCriticalPathLeavesOutSkipped(t *testing.T) {
	for schedule, want := range map[string][]string{
		"waves":      {"a"},
		"eager":      {"a"},
		"sequential": {"a"},
	} {
		r := simulate(schedule,
			simDrop{name: "a", took: 5 * milli, outcome: "abandoned", deps: []string{"b"}},
			simDrop{name: "b", outcome: "skipped"})
		if got := names(r.CriticalPath()); !slices.Equal(got, want) {
			t.Errorf("%s: got %v, want %v", schedule, got, want)
		}
	}
	if got := (&trace.Report{}).CriticalPath(); len(got) != 0 {
		t.Errorf("of nothing: %v", got)
	}
}

// randomDrops is a DAG: each drop depends on up to three that come later.
func randomDrops(rng *rand.Rand) []simDrop {
	drops := make([]simDrop, 2+rng.IntN(20))
	for i := range drops {
		drops[i].name = fmt.Sprint("g", i)
		drops[i].took = time.Duration(1+rng.IntN(50)) * milli
		for range rng.IntN(4) {
			if left := len(drops) - i - 1; left > 0 {
				dep := fmt.Sprint("g", i+1+rng.IntN(left))
				if !slices.Contains(drops[i].deps, dep) {
					drops[i].deps = append(drops[i].deps, dep)
				}
			}
		}
	}
	return drops
}

// The definition of slack: a drop can take that much longer and the teardown
// ends when it did, and a nanosecond more makes it end later. Under waves that
// holds for the wave's end, which is the same.
func TestSlackIsExact(t *testing.T) {
	for seed := range uint64(200) {
		rng := rand.New(rand.NewPCG(seed, 1))
		drops := randomDrops(rng)
		for _, schedule := range []string{"waves", "eager"} {
			r := simulate(schedule, drops...)
			total := r.Ended
			for i := range drops {
				slack := entry(t, r, drops[i].name).Slack
				longer := slices.Clone(drops)
				longer[i].took += slack
				if got := simulate(schedule, longer...).Ended; !got.Equal(total) {
					t.Fatalf("seed %d, %s: %s took its slack of %v longer, and the teardown %v longer", seed, schedule, drops[i].name, slack, got.Sub(total))
				}
				longer[i].took++
				if got := simulate(schedule, longer...).Ended; !got.After(total) {
					t.Fatalf("seed %d, %s: %s took more than its slack of %v longer, and the teardown did not", seed, schedule, drops[i].name, slack)
				}
			}
		}
	}
}

// The drops of the critical path follow each other without a gap, from the
// start of the teardown to its end, and have no slack.
func TestCriticalPathSetsTheTotal(t *testing.T) {
	for seed := range uint64(200) {
		drops := randomDrops(rand.New(rand.NewPCG(seed, 2)))
		for _, schedule := range []string{"waves", "eager", "sequential"} {
			r := simulate(schedule, drops...)
			at := r.Started
			for _, e := range r.CriticalPath() {
				if !e.Started.Equal(at) || e.Slack != 0 {
					t.Fatalf("seed %d, %s: %s starts %v after the one before and has slack %v", seed, schedule, e.Name, e.Started.Sub(at), e.Slack)
				}
				at = e.Ended
			}
			if !at.Equal(r.Ended) {
				t.Fatalf("seed %d, %s: the path ends %v before the teardown", seed, schedule, r.Ended.Sub(at))
			}
		}
	}
}

func TestWaitedAndTook(t *testing.T) {
	e := trace.Entry{Queued: sampleEpoch, Started: sampleEpoch.Add(3), Ended: sampleEpoch.Add(10)}
	if trace.Waited(e) != 3 || e.Took() != 7 {
		t.Errorf("got %v and %v", trace.Waited(e), e.Took())
	}
	if e := (trace.Entry{Queued: sampleEpoch}); trace.Waited(e) != 0 || e.Took() != 0 {
		t.Errorf("of an entry without times: %v and %v", trace.Waited(e), e.Took())
	}
}
