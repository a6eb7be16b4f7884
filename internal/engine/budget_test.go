package engine_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ebb-go/ebb/internal/engine"
)

// hangs is a drop that minds nothing until release is closed.
func hangs(release <-chan struct{}) func(context.Context) error {
	return func(context.Context) error {
		<-release
		return nil
	}
}

// A drop's context is canceled after its limit and the drop is abandoned a
// tenth later, but at most a second.
func TestTimeout(t *testing.T) {
	const s, ms = time.Second, time.Millisecond
	for _, c := range []struct {
		rule            string
		node, option    time.Duration
		cancel, abandon time.Duration
	}{
		{"a tenth is added", 0, 2 * s, 2 * s, 2200 * ms},
		{"the node's own limit counts", 1 * s, 5 * s, 1 * s, 1100 * ms},
		{"also where the option has none", 1 * s, 0, 1 * s, 1100 * ms},
		{"also when it is longer", 20 * s, 1 * s, 20 * s, 21 * s},
		{"a second at most is added", 0, time.Minute, time.Minute, 61 * s},
	} {
		t.Run(c.rule, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				release := make(chan struct{})
				var cancelled time.Duration
				var deadline time.Time
				var cause error
				start := time.Now()
				var g engine.Graph
				insert(t, &g, engine.Spec{Name: "db", Timeout: c.node, Dropper: dropper(func(ctx context.Context) error {
					deadline, _ = ctx.Deadline()
					<-ctx.Done()
					cancelled, cause = time.Since(start), context.Cause(ctx)
					<-release
					return nil
				})})
				out := g.Teardown(t.Context(), with(withTimeout(c.option)))
				synctest.Wait() // nothing else orders what an abandoned drop does
				if got := time.Since(start); got != c.abandon {
					t.Errorf("%s: abandoned after %v, want %v", c.rule, got, c.abandon)
				}
				if cancelled != c.cancel {
					t.Errorf("%s: cancelled after %v, want %v", c.rule, cancelled, c.cancel)
				}
				if got := deadline.Sub(start); got != c.cancel {
					t.Errorf("%s: the context's deadline is %v, want %v", c.rule, got, c.cancel)
				}
				var timeout *engine.TimeoutError
				if !errors.As(cause, &timeout) || timeout.Name != "db" || timeout.Limit != c.cancel {
					t.Errorf("%s: cause %v", c.rule, cause)
				}
				o := out[0]
				if o.Outcome.String() != "abandoned" || o.Err != engine.ErrAbandoned {
					t.Errorf("%s: outcome %s, %v", c.rule, o.Outcome, o.Err)
				}
				if got := o.Ended.Sub(o.Started); got != c.abandon {
					t.Errorf("%s: age %v, want %v", c.rule, got, c.abandon)
				}
				if o.Overrun.Limit != c.cancel || o.Overrun.Cause != cause {
					t.Errorf("%s: overrun %+v", c.rule, o.Overrun)
				}
				if !strings.Contains(o.Overrun.Stack, "TestTimeout") {
					t.Errorf("%s: the stack is not that of the drop:\n%s", c.rule, o.Overrun.Stack)
				}
				close(release)
			})
		})
	}
}

// What a drop returns after its limit and before it is abandoned.
func TestOverrun(t *testing.T) {
	for _, c := range []struct {
		rule    string
		drop    func(context.Context) error
		outcome string
	}{
		{"an error in time is an error", func(context.Context) error { return errDrop }, "error"},
		{"nil after the limit is ok", func(ctx context.Context) error { <-ctx.Done(); return nil }, "ok"},
		{"an error after the limit is a timeout", func(ctx context.Context) error { <-ctx.Done(); return errDrop }, "timeout"},
		{"a panic after the limit is a panic", func(ctx context.Context) error { <-ctx.Done(); panic("late") }, "panic"},
	} {
		t.Run(c.rule, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var g engine.Graph
				db := add(t, &g, "db", nothing)
				add(t, &g, "api", c.drop, db)
				errLimit := errors.New("limit")
				o := g.Teardown(t.Context(), with(withTimeout(time.Second), withCause(func(n *engine.Node, limit time.Duration) error {
					if n.Name() == "api" && limit != time.Second {
						t.Errorf("%s: limit %v", c.rule, limit)
					}
					return errLimit
				})))[0]
				if o.Outcome.String() != c.outcome {
					t.Fatalf("%s: got %s (%v)", c.rule, o.Outcome, o.Err)
				}
				if (o.Overrun != nil) != (c.outcome == "timeout") {
					t.Fatalf("%s: overrun %+v", c.rule, o.Overrun)
				}
				if o.Overrun != nil {
					if o.Err != errDrop || o.Overrun.Cause != errLimit || fmt.Sprint(o.Overrun.Blocks) != "[db]" {
						t.Errorf("%s: %v, overrun %+v", c.rule, o.Err, o.Overrun)
					}
				}
			})
		})
	}
}

// A chain of n guards that all hang, under a deadline after 11 s of which 4.4 s
// are reserve. Drop number k has to be over at 6.6s + 4.4s*(k+1)/n.
//
//	0 -> 1 -> ... -> n-1
func TestDeadline(t *testing.T) {
	const grace, reserve = 11 * time.Second, 4400 * time.Millisecond
	for _, c := range []struct {
		rule string
		n    int
		opts []option
	}{
		{"one wave has all", 1, nil},
		{"four waves", 4, nil},
		{"four waves, eager", 4, []option{withOrder(engine.Eager)}},
		{"four guards, sequential", 4, []option{withOrder(engine.Sequential)}},
		{"four guards, with a limit", 4, []option{withLimit(3)}},
	} {
		t.Run(c.rule, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				release := make(chan struct{})
				defer close(release)
				var g engine.Graph
				var dependent *engine.Node
				for k := range c.n {
					n := add(t, &g, fmt.Sprint(k), hangs(release))
					if dependent != nil {
						if err := g.Depend(dependent, n); err != nil {
							t.Fatal(err)
						}
					}
					dependent = n
				}
				start := time.Now()
				out := g.Teardown(t.Context(), with(append(c.opts, withDeadline(start.Add(grace), reserve))...))
				for k, o := range out {
					over := grace - reserve*time.Duration(c.n-1-k)/time.Duration(c.n)
					if got := o.Ended.Sub(start); got != over || o.Outcome.String() != "abandoned" {
						t.Errorf("%s: drop %d %s after %v, want %v", c.rule, k, o.Outcome, got, over)
					}
					left := over - o.Started.Sub(start)
					if limit := o.Overrun.Limit; limit+min(limit/10, time.Second) != left {
						t.Errorf("%s: drop %d: cancelled after %v of %v", c.rule, k, limit, left)
					}
				}
			})
		})
	}
}

// Sequential and limited teardowns keep a share for every guard that has not
// started, also where all are in one wave.
func TestDeadlineOfQueue(t *testing.T) {
	for _, c := range []struct {
		queues option
		over   []int // seconds, by registration
	}{
		{withLimit(2), []int{40, 60, 80, 100}},
		{withOrder(engine.Sequential), []int{100, 80, 60, 40}},
	} {
		synctest.Test(t, func(t *testing.T) {
			release := make(chan struct{})
			defer close(release)
			var g engine.Graph
			for k := range c.over {
				add(t, &g, fmt.Sprint(k), hangs(release))
			}
			start := time.Now()
			out := g.Teardown(t.Context(), with(c.queues, withDeadline(start.Add(100*time.Second), 80*time.Second)))
			for k, want := range c.over {
				if got := out[k].Ended.Sub(start); got != time.Duration(want)*time.Second {
					t.Errorf("guard %d was over after %v, want %ds", k, got, want)
				}
			}
		})
	}
}

// A drop for which no time is left at all is attempted for a millisecond.
func TestDeadlineWithoutTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		defer close(release)
		var g engine.Graph
		add(t, &g, "db", hangs(release))
		start := time.Now()
		out := g.Teardown(t.Context(), with(withDeadline(start, 0)))
		if got := time.Since(start); out[0].Outcome.String() != "abandoned" || got != time.Millisecond {
			t.Errorf("%s after %v", out[0].Outcome, got)
		}
	})
}

// The shorter of a drop's own limit and what the deadline leaves counts.
func TestDeadlineAndTimeout(t *testing.T) {
	for _, c := range []struct {
		own, over time.Duration
	}{
		{time.Second, 1100 * time.Millisecond},
		{time.Minute, 11 * time.Second},
	} {
		synctest.Test(t, func(t *testing.T) {
			release := make(chan struct{})
			defer close(release)
			var g engine.Graph
			add(t, &g, "db", hangs(release))
			start := time.Now()
			g.Teardown(t.Context(), with(withTimeout(c.own), withDeadline(start.Add(11*time.Second), 0)))
			if got := time.Since(start); got != c.over {
				t.Errorf("own limit %v: over after %v, want %v", c.own, got, c.over)
			}
		})
	}
}

// When the deadline has passed before, the reserve counts from now, and every
// drop is attempted.
func TestDeadlinePassed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		defer close(release)
		var g engine.Graph
		db := add(t, &g, "db", nothing)
		add(t, &g, "api", hangs(release), db)
		start := time.Now()
		out := g.Teardown(t.Context(), with(withDeadline(start.Add(-time.Hour), 10*time.Second)))
		if got := out[0].Ended.Sub(start); got != 5*time.Second {
			t.Errorf("wave 0 of 2 was over after %v of 10s", got)
		}
		if out[1].Outcome.String() != "ok" {
			t.Errorf("the last wave: %s", out[1].Outcome)
		}
	})
}

// The drops get Teardown's context as it is, and run when it is over.
func TestContextOfDrops(t *testing.T) {
	type key struct{}
	ctx, cancel := context.WithCancel(context.WithValue(context.Background(), key{}, "value"))
	cancel()
	var g engine.Graph
	add(t, &g, "db", func(ctx context.Context) error {
		if ctx.Value(key{}) != "value" || ctx.Err() == nil {
			t.Errorf("the drop's context is another")
		}
		return nil
	})
	if out := g.Teardown(ctx, engine.Options{}); out[0].Outcome.String() != "ok" {
		t.Errorf("outcome %s", out[0].Outcome)
	}
}

// Blocks names ten of what waits for an abandoned drop, then counts.
func TestBlocks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		defer close(release)
		var g engine.Graph
		for k := range 12 {
			add(t, &g, fmt.Sprint("guard ", k), nothing)
		}
		insert(t, &g, engine.Spec{Name: "child", Dropper: dropper(hangs(release)), User: true, All: true})
		blocks := g.Teardown(t.Context(), with(withTimeout(time.Second)))[0].Overrun.Blocks
		if len(blocks) != 11 || blocks[10] != "and 2 more" {
			t.Errorf("blocks %q", blocks)
		}
	})
}
