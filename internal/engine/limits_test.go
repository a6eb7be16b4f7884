package engine_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ebb-go/ebb/internal/engine"
)

// TestAbandonedBeforeItBegins: a drop that is given up at the last moment before
// it is called has ended, and is not running.
func TestAbandonedBeforeItBegins(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		force, release := make(chan struct{}), make(chan struct{})
		var g engine.Graph
		_ = add(t, &g, "db", func(context.Context) error { <-release; return nil })
		out := g.Teardown(t.Context(), with(withTimeout(time.Hour), withForce(force), withCause(func(*engine.Node, time.Duration) error {
			close(force)
			synctest.Wait() // until the run has obeyed
			return errors.New("time is up")
		})))
		synctest.Wait()
		if len(out) != 1 || out[0].Outcome.String() != "abandoned" {
			t.Errorf("%+v", out)
		}
		if running := g.Running(); len(running) > 0 {
			t.Errorf("%d are running", len(running))
		}
		close(release)
	})
}

// TestLargestLimits: a limit near the largest duration is as good as none, in
// whatever option it stands and whatever it is added to, and a limit that is longer
// than what the deadline leaves is none.
func TestLargestLimits(t *testing.T) {
	const largest = time.Duration(math.MaxInt64)
	for _, schedule := range schedules {
		for name, opts := range map[string]engine.Options{
			"timeout":  {Timeout: largest},
			"deadline": {Deadline: time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC), Reserve: largest},
			"both":     {Timeout: largest, Deadline: time.Now().Add(largest), Reserve: largest / 4},
			"slow":     {Slow: largest, Notice: engine.NoticeFunc(func(engine.Event) { t.Error("slow") })},
			"passed":   {Timeout: largest, Deadline: time.Date(1, 1, 2, 0, 0, 0, 0, time.UTC), Reserve: largest},
		} {
			synctest.Test(t, func(t *testing.T) {
				var g engine.Graph
				var dependent *engine.Node
				for k := range 3 {
					n := insert(t, &g, engine.Spec{Name: fmt.Sprint(k), Timeout: largest * time.Duration(k%2), Dropper: dropper(sleeps(time.Hour))})
					if dependent != nil {
						if err := g.Depend(dependent, n); err != nil {
							t.Fatal(err)
						}
					}
					dependent = n
				}
				opts.Schedule = schedule
				for _, o := range g.Teardown(t.Context(), opts) {
					if o.Outcome.String() != "ok" || o.Ended.Sub(o.Started) != time.Hour {
						t.Errorf("%s, %s: %s: %s after %v", name, schedule, o.Node.Name(), o.Outcome, o.Ended.Sub(o.Started))
					}
				}
			})
		}
	}
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		defer close(release)
		var g engine.Graph
		insert(t, &g, engine.Spec{Name: "db", Timeout: largest, Dropper: dropper(hangs(release))})
		start := time.Now()
		g.Teardown(t.Context(), with(withDeadline(start.Add(time.Minute), 0)))
		if took := time.Since(start); took != time.Minute {
			t.Errorf("the deadline counts: %v", took)
		}
	})
}

// TestQueueInTime: drops that queue share the time that there is, however many they
// are and however little that is: no least time of a drop adds up.
func TestQueueInTime(t *testing.T) {
	const n, grace = 2000, 100 * time.Millisecond
	for name, opts := range map[string]engine.Options{
		"sequential": {Schedule: engine.Sequential},
		"limit":      {Limit: 3},
		"chain":      {},
	} {
		synctest.Test(t, func(t *testing.T) {
			release := make(chan struct{})
			defer close(release)
			var g engine.Graph
			var newest *engine.Node
			calls := make([]bool, n)
			for k := range n {
				deps := []*engine.Node{}
				if name == "chain" && newest != nil {
					deps = append(deps, newest)
				}
				newest = add(t, &g, fmt.Sprint(k), func(context.Context) error { calls[k] = true; <-release; return nil }, deps...)
			}
			start := time.Now()
			opts.Deadline, opts.Reserve = start.Add(grace), grace/4
			out := g.Teardown(t.Context(), opts)
			if took := time.Since(start); took > grace {
				t.Errorf("%s: %v of %v", name, took, grace)
			}
			for _, o := range out {
				if o.Outcome.String() != "abandoned" {
					t.Errorf("%s: %s: %s", name, o.Node.Name(), o.Outcome)
				}
			}
			synctest.Wait()
			if slices.Contains(calls, false) {
				t.Errorf("%s: not every drop was attempted", name)
			}
		})
	}
}
