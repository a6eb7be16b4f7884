package engine_test

import (
	"context"
	"errors"
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

// TestNotice: Notice is told of slow drops and late results and of nothing else,
// and beside Observe of nothing at all.
func TestNotice(t *testing.T) {
	for _, observed := range []bool{false, true} {
		t.Run(fmt.Sprintf("observed=%v", observed), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var mu sync.Mutex
				var noticed, seen []string
				tell := func(to *[]string) func(engine.Event) {
					return func(e engine.Event) {
						mu.Lock()
						defer mu.Unlock()
						*to = append(*to, e.Kind.String()+" "+nameOf(e.Node))
					}
				}
				stuck := make(chan struct{})
				var g engine.Graph
				for name, drop := range map[string]func(context.Context) error{
					"quick": func(context.Context) error { return nil },
					"stuck": func(context.Context) error { <-stuck; return nil },
				} {
					if _, err := g.Add(name, drop); err != nil {
						t.Fatal(err)
					}
				}
				opts := engine.Options{Timeout: 10 * time.Second, Slow: time.Second, Notice: engine.NoticeFunc(tell(&noticed))}
				if observed {
					opts.Observe = tell(&seen)
				}
				out := g.Teardown(t.Context(), opts)
				if len(out) != 2 {
					t.Fatalf("%d outcomes", len(out))
				}
				close(stuck)
				synctest.Wait()
				want := []string{"drop slow stuck", "drop late stuck"}
				if observed {
					noticed, seen = seen[len(seen)-1:], noticed
					want = want[1:]
				}
				if !slices.Equal(noticed, want) || len(seen) > 0 {
					t.Errorf("told %q and %q, want %q alone", noticed, seen, want)
				}
			})
		})
	}
}

func nameOf(n *engine.Node) string {
	if n == nil {
		return ""
	}
	return n.Name()
}

func ExampleOptions() {
	var g engine.Graph
	for _, name := range []string{"db", "cache"} {
		must(g.Add(name, say(name)))
	}
	g.Teardown(context.Background(), engine.Options{Schedule: engine.Sequential})
	// Output:
	// drop cache
	// drop db
}

func ExampleOptions_notice() {
	var g engine.Graph
	must(g.Add("db", say("db")))
	g.Teardown(context.Background(), with(withSlow(time.Minute), withNotice(func(e engine.Event) {
		fmt.Println(e.Kind, e.Node.Name(), e.Blocks)
	})))
	// Output: drop db
}

func ExampleNoticeFunc() {
	var g engine.Graph
	must(g.Add("db", say("db")))
	g.Teardown(context.Background(), engine.Options{
		Slow:   time.Minute,
		Notice: engine.NoticeFunc(func(e engine.Event) { fmt.Println(e.Kind, e.Node.Name(), e.Blocks) }),
	})
	// Output: drop db
}

// A counter counts what a run gives notice of.
type counter struct{ slow, late int }

func (c *counter) Notice(e engine.Event) {
	switch e.Kind {
	case engine.DropSlow:
		c.slow++
	case engine.DropLate:
		c.late++
	}
}

func ExampleNoticer() {
	var g engine.Graph
	must(g.Add("db", say("db")))
	var c counter
	g.Teardown(context.Background(), engine.Options{Slow: time.Minute, Notice: &c})
	fmt.Println(c.slow, "slow,", c.late, "late")
	// Output:
	// drop db
	// 0 slow, 0 late
}

// With Failures, what went well costs no memory.
func ExampleGraph_Teardown() {
	var g engine.Graph
	must(g.Add("db", func(context.Context) error { return errors.New("disk full") }))
	must(g.Add("cache", say("cache")))
	for _, o := range g.Teardown(context.Background(), engine.Options{Failures: true}) {
		fmt.Println(o.Node.Name(), o.Outcome, o.Err)
	}
	// Output:
	// drop cache
	// db error disk full
}

// TestNoticeEnds: whoever is given notice may panic or end the goroutine; the run
// is completed all the same, and panics then.
func TestNoticeEnds(t *testing.T) {
	for name, end := range map[string]func(){"panic": func() { panic("observer") }, "goexit": runtime.Goexit} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var g engine.Graph
				dropped := false
				db := add(t, &g, "db", func(context.Context) error { dropped = true; return nil })
				_ = add(t, &g, "api", sleeps(time.Minute), db)
				defer func() {
					var p *fault.PanicError
					if err, _ := recover().(error); !errors.As(err, &p) {
						t.Errorf("the run ended with %v", err)
					}
					if !dropped {
						t.Error("db was not dropped")
					}
				}()
				g.Teardown(t.Context(), engine.Options{
					Slow: time.Second, Notice: engine.NoticeFunc(func(engine.Event) { end() }),
				})
				t.Error("nobody heard of it")
			})
		})
	}
}
