package scope_test

import (
	"context"
	"fmt"

	"github.com/ebb-go/ebb/guard"
	"github.com/ebb-go/ebb/scope"
)

// component is what a framework starts and stops.
type component struct{ scope *scope.Scope }

func (c *component) Start(ctx context.Context) (err error) {
	// The framework's ctx ends with the start.
	c.scope, err = scope.Open(context.WithoutCancel(ctx), scope.WithName("component"))
	if err != nil {
		return err
	}
	_, err = scope.Acquire(ctx, c.scope, "db", func(context.Context) (resource, error) { return "db", nil }, guard.Close)
	return err
}

func (c *component) Stop(ctx context.Context) error { return c.scope.Close(ctx) }

func ExampleOpen() {
	var c component
	fmt.Println("start:", c.Start(context.Background()))
	fmt.Println("stop:", c.Stop(context.Background()))
	// Output:
	// start: <nil>
	// close db
	// stop: <nil>
}
