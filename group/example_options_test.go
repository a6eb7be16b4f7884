package group_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/ebb-go/ebb/group"
)

func ExampleOption() {
	// Options are chosen once and used for many teardowns.
	opts := []group.Option{group.Order(group.Eager), group.Limit(8)}
	for _, name := range []string{"a", "b"} {
		var g group.Graph
		must(g.Add(name, say(name)))
		g.Teardown(context.Background(), opts...)
	}
	// Output:
	// drop a
	// drop b
}

func ExampleSchedule() {
	fmt.Println(group.Waves, group.Eager, group.Sequential)
	// Output: waves eager sequential
}

func ExampleOrder() {
	var g group.Graph
	for _, name := range []string{"first", "second", "third"} {
		must(g.Add(name, say(name)))
	}
	g.Teardown(context.Background(), group.Order(group.Sequential))
	// Output:
	// drop third
	// drop second
	// drop first
}

func ExampleLimit() {
	var g group.Graph
	for _, name := range []string{"first", "second", "third"} {
		must(g.Add(name, say(name)))
	}
	g.Teardown(context.Background(), group.Limit(1)) // in waves still, one at a time
	// Output:
	// drop first
	// drop second
	// drop third
}

func ExampleOutcome() {
	var g group.Graph
	must(g.Add("db", func(context.Context) error { panic("nil pointer") }))
	o := g.Teardown(context.Background())[0]
	fmt.Println(o.Node.Name(), o.Outcome, o.Err)
	// Output: db panic panic: nil pointer
}

func ExampleTimeout() {
	var g group.Graph
	release := make(chan struct{})
	must(g.Add("db", func(context.Context) error { <-release; return nil })) // ignores its context
	o := g.Teardown(context.Background(), group.Timeout(20*time.Millisecond))[0]
	fmt.Println(o.Outcome, errors.Is(o.Err, group.ErrAbandoned))
	close(release)
	// Output: abandoned true
}

func ExampleObserve() {
	var g group.Graph
	db := must(g.Add("db", say("db")))
	must(g.Add("api", func(context.Context) error { return errors.New("broken pipe") }, db))
	g.Teardown(context.Background(), group.Observe(func(e group.Event) {
		fmt.Printf("%s: %s\n", e.Kind, e.Node.Name())
	}))
	// Output:
	// drop start: api
	// drop end: api
	// drop start: db
	// drop db
	// drop end: db
}

func ExampleEvent() {
	var g group.Graph
	must(g.Add("db", func(context.Context) error { return errors.New("broken pipe") }))
	g.Teardown(context.Background(), group.Observe(func(e group.Event) {
		if e.Kind == group.DropEnd && e.Err != nil {
			fmt.Println(e.Node.Name(), "in wave", e.Wave, "failed:", e.Err)
		}
	}))
	// Output: db in wave 0 failed: broken pipe
}

func ExampleEventKind() {
	fmt.Println(group.DropStart, "and", group.DropEnd)
	// Output: drop start and drop end
}
