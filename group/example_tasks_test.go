package group_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/ebb-go/ebb/group"
)

func ExampleTasks() {
	var tasks group.Tasks
	tasks.Go(func(context.Context) error { panic("nil pointer") })
	tasks.Go(func(context.Context) error { return nil })
	fmt.Println(tasks.Wait())
	// Output: panic: nil pointer
}

func ExampleWithContext() {
	tasks, ctx := group.WithContext(context.Background())
	tasks.Go(func(context.Context) error { return errors.New("no route to host") })
	tasks.Go(func(ctx context.Context) error { <-ctx.Done(); return nil })
	fmt.Println(tasks.Wait())
	fmt.Println(context.Cause(ctx))
	// Output:
	// no route to host
	// no route to host
}

func ExamplePanicError() {
	var tasks group.Tasks
	tasks.Go(func(context.Context) error { panic("nil pointer") })
	var p *group.PanicError
	if errors.As(tasks.Wait(), &p) {
		fmt.Println(p.Value, len(p.Stack) > 0)
	}
	// Output: nil pointer true
}
