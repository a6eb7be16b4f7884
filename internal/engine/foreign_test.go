package engine_test

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ebb-go/ebb/internal/engine"
	"github.com/ebb-go/ebb/internal/fault"
)

// within blocks for d, or for ever if that is 0, but not beyond release.
func within(d time.Duration, release <-chan struct{}) {
	if d == 0 {
		<-release
		return
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-release:
	case <-timer.C:
	}
}

// TestNoticeHoldsNothingUp: the one who is given notice may block for as long as it
// likes; the run ends when its drops have ended, or at its deadline.
func TestNoticeHoldsNothingUp(t *testing.T) {
	const slow = 5 * time.Second
	for name, c := range map[string]struct {
		takes time.Duration // of each notice; 0: for ever
		drop  time.Duration
		opts  engine.Options
		want  time.Duration
	}{
		"blocked for ever":           {0, time.Minute, engine.Options{}, time.Minute},
		"blocked beyond a deadline":  {0, time.Hour, engine.Options{Deadline: time.Unix(0, 0).Add(time.Hour)}, 20 * time.Second},
		"slower than the drop":       {time.Hour, time.Minute, engine.Options{}, time.Minute},
		"blocked at the last moment": {0, slow + 1, engine.Options{}, slow + slow/10},
		"quick at the last moment":   {time.Nanosecond, slow + 1, engine.Options{}, slow + 3},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				release := make(chan struct{})
				defer close(release)
				var g engine.Graph
				for k := range 3 {
					_ = add(t, &g, fmt.Sprint(k), func(context.Context) error { within(c.drop, release); return nil })
				}
				c.opts.Slow = slow
				if !c.opts.Deadline.IsZero() {
					c.opts.Deadline = time.Now().Add(c.want)
				}
				c.opts.Notice = engine.NoticeFunc(func(engine.Event) {
					within(c.takes, release)
				})
				start := time.Now()
				if out := g.Teardown(t.Context(), c.opts); len(out) != 3 {
					t.Errorf("%d outcomes", len(out))
				}
				if took := time.Since(start); took != c.want {
					t.Errorf("took %v, want %v", took, c.want)
				}
			})
		})
	}
}

// container is a engine.Container of functions.
type container struct {
	notice  func(engine.Event)
	contain func()
}

func (c container) Notice(e engine.Event)     { c.notice(e) }
func (c container) Contain(*fault.PanicError) { c.contain() }

// TestNoticeOfAll: though the one who is told ends every goroutine it is told on, it
// is told of every drop once, in order, and what it did is handed to Contain.
func TestNoticeOfAll(t *testing.T) {
	for name, end := range map[string]func(){
		"panic": func() { panic("observer") }, "goexit": runtime.Goexit, "return": func() {},
	} {
		for _, observed := range []bool{false, true} {
			synctest.Test(t, func(t *testing.T) {
				const n = 5
				var g engine.Graph
				for k := range n {
					_ = add(t, &g, fmt.Sprint(k), sleeps(time.Minute))
				}
				var mu sync.Mutex
				var told []string
				contained := 0
				f := func(e engine.Event) {
					mu.Lock()
					if e.Kind == engine.DropSlow {
						told = append(told, e.Node.Name())
					}
					mu.Unlock()
					end()
				}
				o := engine.Options{Slow: time.Second, Notice: container{f, func() {
					mu.Lock()
					defer mu.Unlock()
					contained++
				}}}
				if observed {
					o.Observe = f
				}
				out := g.Teardown(t.Context(), o)
				for _, o := range out {
					if o.Outcome.String() != "ok" {
						t.Errorf("%s: %s: %s", name, o.Node.Name(), o.Outcome)
					}
				}
				mu.Lock()
				defer mu.Unlock()
				if want := []string{"0", "1", "2", "3", "4"}; !slices.Equal(told, want) {
					t.Errorf("%s: told of %v", name, told)
				}
				calls := n
				if observed {
					calls += 2*n + 2 // start and end of each, and of the wave
				}
				if name == "return" {
					calls = 0
				}
				if contained != calls {
					t.Errorf("%s: %d calls contained, want %d", name, contained, calls)
				}
			})
		}
	}
}

// TestNothingPolls: while nothing can become slow there is no timer, so a drop that
// takes as long as a clock can show costs a handful of steps; and a drop that begins
// then is told of all the same, when it is due.
func TestNothingPolls(t *testing.T) {
	for _, schedule := range schedules {
		synctest.Test(t, func(t *testing.T) {
			const century = 100 * 365 * 24 * time.Hour
			var g engine.Graph
			start := time.Now()
			var told []time.Duration
			db := add(t, &g, "db", sleeps(century/2))
			_ = add(t, &g, "api", sleeps(century/2), db)
			g.Teardown(t.Context(), engine.Options{
				Schedule: schedule, Slow: time.Millisecond,
				Notice: engine.NoticeFunc(func(engine.Event) { told = append(told, time.Since(start)) }),
			})
			if want := []time.Duration{time.Millisecond, century/2 + time.Millisecond}; !slices.Equal(told, want) {
				t.Errorf("%s: told at %v, want %v", schedule, told, want)
			}
		})
	}
}

// TestSlowAtAnyTime: drops that begin at any time, while the watcher sleeps or not,
// are told of when they are due.
func TestSlowAtAnyTime(t *testing.T) {
	const slow = 10 * time.Second
	synctest.Test(t, func(t *testing.T) {
		var g engine.Graph
		begun := map[string]time.Time{}
		var mu sync.Mutex
		var chain *engine.Node
		for k := range 40 {
			name := fmt.Sprint(k)
			deps := []*engine.Node{}
			if chain != nil && k%3 > 0 {
				deps = append(deps, chain)
			}
			chain = add(t, &g, name, func(context.Context) error {
				mu.Lock()
				begun[name] = time.Now()
				mu.Unlock()
				time.Sleep(time.Duration(k*7%23) * time.Second)
				return nil
			}, deps...)
		}
		told := map[string]time.Time{}
		out := g.Teardown(t.Context(), engine.Options{Schedule: engine.Eager, Slow: slow, Notice: engine.NoticeFunc(func(e engine.Event) {
			mu.Lock()
			defer mu.Unlock()
			told[e.Node.Name()] = time.Now()
		})})
		for _, o := range out {
			name := o.Node.Name()
			at, ok := told[name]
			if took := o.Ended.Sub(o.Started); ok != (took > slow) && took != slow {
				t.Errorf("%s took %v: told %v", name, took, ok)
			}
			if ok && !at.Equal(begun[name].Add(slow)) {
				t.Errorf("%s began at %v, and was told of at %v", name, begun[name], at)
			}
		}
	})
}

// Stops of the world are shared: a wave of drops that hang has its stacks, up to a
// bound.
func TestStacksOfAWave(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		defer close(release)
		var g engine.Graph
		for k := range 100 {
			_ = add(t, &g, fmt.Sprint(k), hangs(release))
		}
		stacks := 0
		for _, o := range g.Teardown(t.Context(), with(withTimeout(time.Second))) {
			if o.Overrun.Stack != "" {
				stacks++
			}
		}
		if stacks != 32 {
			t.Errorf("%d stacks", stacks)
		}
	})
}
