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
	g.Teardown(context.Background(), engine.Options{})
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
	g.Teardown(context.Background(), engine.Options{})
	fmt.Println(db.Name(), "was in wave", db.Wave())
	// Output:
	// drop api
	// drop db
	// db was in wave 1
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

func ExampleTimeoutError() {
	err := error(&engine.TimeoutError{Name: "db", Limit: time.Second})
	fmt.Println(err, errors.Is(err, context.DeadlineExceeded))
	// Output: drop "db" timed out after 1s true
}
