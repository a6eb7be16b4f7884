package engine_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ebb-go/ebb/internal/engine"
	"github.com/ebb-go/ebb/internal/fault"
)

var schedules = []engine.Schedule{engine.Waves, engine.Eager, engine.Sequential}

// On random graphs, with drops that fail in every way, each drop runs once, none
// before its dependents have ended, and every node has one outcome that tells
// what its drop did.
func TestTeardownOfRandomGraphs(t *testing.T) {
	for _, schedule := range schedules {
		t.Run(schedule.String(), func(t *testing.T) {
			for seed := range uint64(120) {
				m := newModel(t, seed, 60)
				opts := []option{withOrder(schedule)}
				limit := m.random.IntN(4)
				opts = append(opts, withLimit(limit))
				if seed%2 == 0 {
					opts = append(opts, withObserve(func(engine.Event) {}))
				}
				if seed%3 == 0 {
					opts = append(opts, withTimeout(time.Minute))
				}
				m.check(t, schedule, limit, m.graph.Teardown(t.Context(), with(opts...)))
				if t.Failed() {
					return
				}
			}
		})
	}
}

func (m *model) check(t *testing.T, schedule engine.Schedule, limit int, out []engine.Outcome) {
	t.Helper()
	for _, b := range m.broken {
		t.Error(b)
	}
	waves := m.waves()
	var want []int // by wave, then registration
	for w := range len(waves) {
		for i := range waves {
			if waves[i] == w {
				want = append(want, i)
			}
		}
	}
	if len(out) != len(want) {
		t.Fatalf("%d outcomes of %d nodes", len(out), len(want))
	}
	for pos, o := range out {
		i := want[pos]
		if o.Node != m.nodes[i] {
			t.Fatalf("outcome %d is of node %s, want %d", pos, o.Node.Name(), i)
		}
		if o.Wave != waves[i] || o.Node.Wave() != waves[i] {
			t.Errorf("node %d: wave %d, its longest path has %d", i, o.Wave, waves[i])
		}
		if m.calls[i] != 1 {
			t.Errorf("node %d was dropped %d times", i, m.calls[i])
		}
		if got, want := o.Outcome.String(), [...]string{"ok", "error", "panic", "goexit"}[m.fate[i]]; got != want {
			t.Errorf("node %d: outcome %s (%v), want %s", i, got, o.Err, want)
		}
		var p *fault.PanicError
		switch o.Outcome.String() {
		case "ok":
			if o.Err != nil {
				t.Errorf("node %d: ok with error %v", i, o.Err)
			}
		case "error":
			if o.Err != errDrop {
				t.Errorf("node %d: error %v", i, o.Err)
			}
		case "panic":
			if !errors.As(o.Err, &p) || len(p.Stack) == 0 {
				t.Errorf("node %d: panic as %v", i, o.Err)
			}
		case "goexit":
			if o.Err != fault.ErrGoexit {
				t.Errorf("node %d: goexit as %v", i, o.Err)
			}
		}
		if o.Ended.Before(o.Started) {
			t.Errorf("node %d ended before it started", i)
		}
		for _, d := range out {
			if m.deps[i][m.index[d.Node]] && d.Started.Before(o.Ended) {
				t.Errorf("by its times, node %s started before its dependent %d ended", d.Node.Name(), i)
			}
		}
	}
	if limit > 0 && m.most > limit {
		t.Errorf("%d drops at a time, limit %d", m.most, limit)
	}
	if schedule == engine.Sequential {
		if m.most != 1 {
			t.Errorf("%d drops at a time in a sequential teardown", m.most)
		}
		if want := m.line(); !slices.Equal(m.order, want) {
			t.Errorf("sequential order\n got %v\nwant %v", m.order, want)
		}
	}
}

// line is the sequential order by its definition: always the newest whose
// dependents have all been dropped.
func (m *model) line() []int {
	var line []int
	done := make(map[int]bool)
	for len(line) < len(m.deps) {
		for i := len(m.deps) - 1; i >= 0; i-- {
			blocked := done[i]
			for j := range m.deps {
				blocked = blocked || m.deps[j][i] && !done[j]
			}
			if !blocked {
				line, done[i] = append(line, i), true
				break
			}
		}
	}
	return line
}

// In Waves a wave starts when the one before has ended; an eager teardown takes
// the longest path, weighed with the time of each drop.
func TestDurationOfRandomGraphs(t *testing.T) {
	for seed := range uint64(40) {
		for _, schedule := range schedules {
			synctest.Test(t, func(t *testing.T) {
				m := newModel(t, seed, 40)
				took := make([]time.Duration, len(m.nodes))
				var g engine.Graph
				nodes := make([]*engine.Node, len(m.nodes))
				for i := range nodes {
					took[i] = time.Duration(1+m.random.IntN(20)) * time.Millisecond
					nodes[i] = add(t, &g, m.nodes[i].Name(), sleeps(took[i]))
				}
				for i := range m.deps {
					for d := range m.deps[i] {
						if err := g.Depend(nodes[i], nodes[d]); err != nil {
							t.Fatal(err)
						}
					}
				}
				var want time.Duration
				switch waves := m.waves(); schedule {
				case engine.Waves:
					longest := make(map[int]time.Duration)
					for i, w := range waves {
						longest[w] = max(longest[w], took[i])
					}
					for _, d := range longest {
						want += d
					}
				case engine.Eager:
					ends := make([]time.Duration, len(took))
					for range took {
						for i := range took {
							ends[i] = took[i]
							for j := range took {
								if m.deps[j][i] {
									ends[i] = max(ends[i], ends[j]+took[i])
								}
							}
						}
					}
					want = slices.Max(ends)
				case engine.Sequential:
					for _, d := range took {
						want += d
					}
				}
				start := time.Now()
				g.Teardown(context.Background(), with(withOrder(schedule)))
				if got := time.Since(start); got != want {
					t.Errorf("%v teardown took %v, want %v", schedule, got, want)
				}
			})
		}
	}
}
