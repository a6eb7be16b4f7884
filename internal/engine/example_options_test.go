package engine_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/ebb-go/ebb/internal/engine"
)

func ExampleOptions_timeout() {
	var g engine.Graph
	release := make(chan struct{})
	must(g.Add("db", func(context.Context) error { <-release; return nil })) // minds no context
	o := g.Teardown(context.Background(), with(withTimeout(20*time.Millisecond)))[0]
	fmt.Println(o.Outcome, "after", o.Overrun.Limit)
	close(release)
	// Output: abandoned after 20ms
}

func ExampleOptions_deadline() {
	var g engine.Graph
	release := make(chan struct{})
	must(g.Add("db", func(context.Context) error { <-release; return nil }))
	must(g.Add("log", say("log")))
	end := time.Now().Add(300 * time.Millisecond)
	// Two guards, one at a time: log keeps half of the reserve, 100 ms.
	for _, o := range g.Teardown(context.Background(), with(withLimit(1), withDeadline(end, 200*time.Millisecond))) {
		fmt.Println(o.Node.Name(), o.Outcome)
	}
	close(release)
	// Output:
	// drop log
	// db abandoned
	// log ok
}

func ExampleOptions_cause() {
	var g engine.Graph
	release := make(chan struct{})
	must(g.Add("db", func(context.Context) error { <-release; return nil }))
	o := g.Teardown(context.Background(), with(withTimeout(20*time.Millisecond), withCause(func(n *engine.Node, limit time.Duration) error {
		return fmt.Errorf("orders: %s had %v", n.Name(), limit)
	})))[0]
	fmt.Println(o.Overrun.Cause)
	close(release)
	// Output: orders: db had 20ms
}

func ExampleOptions_force() {
	var g engine.Graph
	force, release := make(chan struct{}), make(chan struct{})
	db := must(g.Add("db", say("db")))
	must(g.Add("api", func(context.Context) error {
		close(force) // a second signal, say
		<-release    // and api minds no context
		return nil
	}, db))
	for _, o := range g.Teardown(context.Background(), with(withForce(force))) {
		fmt.Println(o.Node.Name(), o.Outcome, o.Err)
	}
	close(release)
	// Output:
	// api abandoned drop was abandoned
	// db skipped teardown was forced to end
}

func ExampleOptions_observe() {
	var g engine.Graph
	db := must(g.Add("db", func(context.Context) error { return nil }))
	must(g.Add("api", func(context.Context) error { return errors.New("broken pipe") }, db))
	g.Teardown(context.Background(), with(withObserve(func(e engine.Event) {
		switch e.Kind {
		case engine.WaveStart, engine.WaveEnd:
			fmt.Println(e.Kind, e.Wave)
		case engine.DropEnd:
			fmt.Println(e.Kind, e.Node.Name(), e.Outcome)
		}
	})))
	// Output:
	// wave start 0
	// drop end api error
	// wave end 0
	// wave start 1
	// drop end db ok
	// wave end 1
}

func ExampleEvent() {
	var g engine.Graph
	db := must(g.Add("db", say("db")))
	must(g.Add("api", say("api"), db))
	g.Teardown(context.Background(), with(withObserve(func(e engine.Event) {
		if e.Kind == engine.DropStart && e.ReleasedBy != nil {
			fmt.Println(e.Node.Name(), "was released by", e.ReleasedBy.Name())
		}
	})))
	// Output:
	// drop api
	// db was released by api
	// drop db
}

func ExampleEventKind() {
	fmt.Println(engine.DropStart, "and", engine.DropEnd)
	// Output: drop start and drop end
}

func ExampleOptions_slow() {
	var g engine.Graph
	told := make(chan struct{})
	db := must(g.Add("db", say("db")))
	must(g.Add("api", func(context.Context) error { <-told; return nil }, db))
	g.Teardown(context.Background(), with(withSlow(time.Millisecond), withObserve(func(e engine.Event) {
		if e.Kind == engine.DropSlow && e.Node != db {
			fmt.Println(e.Node.Name(), "is slow and blocks", e.Blocks)
			close(told)
		}
	})))
	// Output:
	// api is slow and blocks [db]
	// drop db
}

func ExampleOverrun() {
	var g engine.Graph
	release := make(chan struct{})
	db := must(g.Add("db", say("db")))
	api := new(engine.Node)
	err := g.Insert(api, engine.Spec{
		Name:    "api",
		Dropper: dropper(func(context.Context) error { <-release; return nil }),
		Deps:    []*engine.Node{db},
		Timeout: 10 * time.Millisecond,
	})
	if err != nil {
		fmt.Println(err)
	}
	o := g.Teardown(context.Background(), engine.Options{})[0]
	fmt.Println(o.Overrun.Limit, o.Overrun.Cause, o.Overrun.Blocks)
	close(release)
	// Output:
	// drop db
	// 10ms drop "api" timed out after 10ms [db]
}
