package group_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/ebb-go/ebb/group"
)

// say returns a drop that prints what it drops.
func say(name string) func(context.Context) error {
	return func(context.Context) error {
		fmt.Println("drop", name)
		return nil
	}
}

// must is for examples whose registrations cannot fail.
func must(n *group.Node, err error) *group.Node {
	if err != nil {
		panic(err)
	}
	return n
}

func Example() {
	var g group.Graph
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

func ExampleNode_Hold() {
	var g group.Graph
	release := make(chan struct{})
	db := must(g.Add("db", say("db")))
	api := must(g.Add("api", func(context.Context) error { <-release; return nil }, db))
	api.Hold() // while api may still use db, db must not be dropped
	for _, o := range g.Teardown(context.Background(), group.Timeout(time.Millisecond)) {
		fmt.Println(o.Node.Name(), o.Outcome, o.Err)
	}
	close(release)
	// Output:
	// api abandoned drop was abandoned
	// db skipped held back by abandoned "api"
}

func ExampleGraph_Waves() {
	var g group.Graph
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
	var g group.Graph
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
	var g group.Graph
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

func ExampleCycleError() {
	var g group.Graph
	db := must(g.Add("db", say("db")))
	api := must(g.Add("api", say("api"), db))
	err := g.Depend(db, api)
	var cycle *group.CycleError
	fmt.Println(errors.As(err, &cycle), err)
	// Output: true dependency cycle: db -> api -> db
}

func ExampleInUseError() {
	var g group.Graph
	db := must(g.Add("db", say("db")))
	must(g.Add("api", say("api"), db))
	err := g.Remove(db)
	var inUse *group.InUseError
	fmt.Println(errors.As(err, &inUse), err)
	// Output: true "db" is in use by "api"
}

func ExampleGraph() {
	var g group.Graph
	db := must(g.Add("db", say("db")))
	api := must(g.Add("api", say("api"), db))
	fmt.Println(g.Remove(db))
	fmt.Println(g.Remove(api), g.Remove(db))
	fmt.Println(len(g.Nodes()), "nodes are left")
	// Output:
	// "db" is in use by "api"
	// <nil> <nil>
	// 0 nodes are left
}

func ExampleNode() {
	var g group.Graph
	db := must(g.Add("db", say("db")))
	log := must(g.Add("log", say("log")))
	fmt.Println(g.Depend(db, log)) // db writes to the log until the end
	g.Teardown(context.Background())
	fmt.Println(db.Name())
	// Output:
	// <nil>
	// drop db
	// drop log
	// db
}
