package engine_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/ebb-go/ebb/internal/engine"
)

// say returns a drop that prints what it drops.
func say(name string) func(context.Context) error {
	return func(context.Context) error {
		fmt.Println("drop", name)
		return nil
	}
}

// must is for examples whose registrations cannot fail.
func must(n *engine.Node, err error) *engine.Node {
	if err != nil {
		panic(err)
	}
	return n
}

func Example() {
	var g engine.Graph
	db := must(g.Add("db", say("db")))
	cache := must(g.Add("cache", say("cache"), db)) // cache depends on db
	must(g.Add("api", say("api"), cache, db))

	for _, o := range g.Teardown(context.Background()) {
		fmt.Println("wave", o.Wave, o.Node.Name(), o.Outcome)
	}
	// Output:
	// drop api
	// drop cache
	// drop db
	// wave 0 api ok
	// wave 1 cache ok
	// wave 2 db ok
}

func ExampleGraph() {
	var g engine.Graph
	db := must(g.Add("db", say("db")))
	api := must(g.Add("api", say("api"), db))
	for _, n := range g.Nodes() {
		fmt.Println(n.Name(), len(g.Dependents(n)), len(g.Dependencies(n)))
	}
	if err := g.Remove(api); err != nil {
		fmt.Println(err)
	}
	fmt.Println(g.Len())
	// Output:
	// db 1 0
	// api 0 1
	// 1
}

// A value can embed its node and be its own Dropper: one allocation in all.
type conn struct {
	engine.Node
	addr string
}

func (c *conn) Drop(context.Context) error {
	fmt.Println("close", c.addr)
	return nil
}

func ExampleGraph_Insert() {
	var g engine.Graph
	c := &conn{addr: "10.0.0.1"}
	if err := g.Insert(&c.Node, engine.Spec{Name: "conn", Dropper: c}); err != nil {
		fmt.Println(err)
	}
	g.Teardown(context.Background())
	// Output: close 10.0.0.1
}

func ExampleDropper() {
	var d engine.Dropper = &conn{addr: "10.0.0.2"}
	fmt.Println(d.Drop(context.Background()))
	// Output:
	// close 10.0.0.2
	// <nil>
}

func ExampleSpec() {
	var g engine.Graph
	must(g.Add("db", say("db")))
	must(g.Add("cache", say("cache")))
	// A child uses all the guards that there are when it starts.
	child := &conn{addr: "child"}
	if err := g.Insert(&child.Node, engine.Spec{Name: "child", Dropper: child, User: true, All: true}); err != nil {
		fmt.Println(err)
	}
	for _, n := range g.Dependencies(&child.Node) {
		fmt.Println("child depends on", n.Name())
	}
	// Output:
	// child depends on db
	// child depends on cache
}

func ExampleNode() {
	var g engine.Graph
	db := must(g.Add("db", say("db")))
	must(g.Add("api", say("api"), db))
	g.Teardown(context.Background())
	fmt.Println(db.Name(), "was in wave", db.Wave())
	// Output:
	// drop api
	// drop db
	// db was in wave 1
}

func ExampleNode_Hold() {
	var g engine.Graph
	release := make(chan struct{})
	db := must(g.Add("db", say("db")))
	api := must(g.Add("api", func(context.Context) error { <-release; return nil }, db))
	api.Hold() // while api may still use db, db must not be dropped
	for _, o := range g.Teardown(context.Background(), engine.Timeout(time.Millisecond)) {
		fmt.Println(o.Node.Name(), o.Outcome, o.Err)
	}
	close(release)
	// Output:
	// api abandoned drop was abandoned
	// db skipped held back by abandoned "api"
}

func ExampleGraph_Waves() {
	var g engine.Graph
	db := must(g.Add("db", say("db")))
	log := must(g.Add("log", say("log")))
	must(g.Add("api", say("api"), db, log))
	must(g.Add("worker", say("worker"), db))
	for w, nodes := range g.Waves() {
		fmt.Println("wave", w)
		for _, n := range nodes {
			fmt.Println(" ", n.Name())
		}
	}
	// Output:
	// wave 0
	//   api
	//   worker
	// wave 1
	//   db
	//   log
}

func ExampleGraph_Drop() {
	var g engine.Graph
	db := must(g.Add("db", say("db")))
	api := must(g.Add("api", say("api"), db))
	ctx := context.Background()
	if _, err := g.Drop(ctx, db); err != nil {
		fmt.Println(err)
	}
	out, err := g.Drop(ctx, api)
	fmt.Println(out[0].Outcome, err)
	// Output:
	// "db" is in use by "api"
	// drop api
	// ok <nil>
}

func ExampleGraph_DropTree() {
	var g engine.Graph
	db := must(g.Add("db", say("db")))
	must(g.Add("api", say("api"), db))
	must(g.Add("log", say("log")))
	if _, err := g.DropTree(context.Background(), db); err != nil {
		fmt.Println(err)
	}
	fmt.Println("left:", g.Nodes()[0].Name())
	// Output:
	// drop api
	// drop db
	// left: log
}

func ExampleGraph_Claim() {
	var g engine.Graph
	db := must(g.Add("db", say("db")))
	if err := g.Claim(db); err != nil {
		fmt.Println(err)
	}
	_, err := g.Add("api", say("api"), db)
	fmt.Println(err)
	fmt.Println(g.Remove(db))
	// Output:
	// node is claimed or gone
	// <nil>
}

func ExampleCycleError() {
	var g engine.Graph
	db := must(g.Add("db", say("db")))
	api := must(g.Add("api", say("api"), db))
	err := g.Depend(db, api)
	var cycle *engine.CycleError
	fmt.Println(errors.As(err, &cycle), err)
	// Output: true dependency cycle: db -> api -> db
}

func ExampleInUseError() {
	var g engine.Graph
	db := must(g.Add("db", say("db")))
	must(g.Add("api", say("api"), db))
	err := g.Remove(db)
	var inUse *engine.InUseError
	fmt.Println(errors.As(err, &inUse), err)
	// Output: true "db" is in use by "api"
}

func ExampleTimeoutError() {
	err := error(&engine.TimeoutError{Name: "db", Limit: time.Second})
	fmt.Println(err, errors.Is(err, context.DeadlineExceeded))
	// Output: drop "db" timed out after 1s true
}
