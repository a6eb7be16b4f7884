package guardtest

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"github.com/ebb-go/ebb/internal/fault"
)

// drops drops a value in order. It is the least that the other rules build on: a drop that
// fails here fails most of them.
func drops[T any](ctx context.Context, c *checked[T]) error {
	v, err := c.Open(ctx)
	if err != nil {
		return fmt.Errorf("open: %w", err)
	}
	if err := c.drop(ctx, v); err != nil {
		return err
	}
	return c.held(v)
}

// leavesNoGoroutine counts from before Open, so that the goroutines of the value are among
// those that have to end.
func leavesNoGoroutine[T any](ctx context.Context, c *checked[T]) error {
	before := goroutines()
	if err := drops(ctx, c); err != nil {
		return err
	}
	return left(before, c.patience())
}

// dropsLate drops with a context that is over, as the guards do whose turn comes when the
// grace has run out. An error is acceptable: the drop may have had to cut something short.
func dropsLate[T any](ctx context.Context, c *checked[T]) error {
	v, err := c.Open(ctx)
	if err != nil {
		return fmt.Errorf("open: %w", err)
	}
	over, cancel := context.WithCancel(ctx)
	cancel()
	if err := unacceptable(c.drop(over, v)); err != nil {
		return err
	}
	return c.held(v)
}

// dropsTwice drops the same value a second time, by a second guard.
func dropsTwice[T any](ctx context.Context, c *checked[T]) error {
	v, err := c.Open(ctx)
	if err != nil {
		return fmt.Errorf("open: %w", err)
	}
	if err := c.drop(ctx, v); err != nil {
		return err
	}
	if err := c.drop(ctx, v); err != nil {
		return fmt.Errorf("the second drop: %w", err)
	}
	return nil
}

// dropsPartial drops what a failed constructor has left, which code does that defers the
// drop before the construction.
func dropsPartial[T any](ctx context.Context, c *checked[T]) error {
	v, err := c.Partial(ctx)
	if err != nil {
		return fmt.Errorf("partial: %w", err)
	}
	if err := c.drop(ctx, v); err != nil {
		return err
	}
	return c.held(v)
}

// returnsError looks for the promised error in what the drop returns, by the door for
// foreign errors: an error of a test is the user's, and its methods may do anything.
func returnsError[T any](ctx context.Context, c *checked[T]) error {
	v, want, err := c.Failing(ctx)
	if err != nil {
		return fmt.Errorf("failing: %w", err)
	}
	got := c.drop(ctx, v)
	if err := unacceptable(got); err != nil {
		return err
	}
	if !fault.Is(got, want) && !fault.Same(got, want) {
		return fmt.Errorf("the drop returned %s, want %s", cmp.Or(fault.Text(got), "<nil>"), fault.Text(want))
	}
	return nil
}

// honoursDeadline gives the drop a deadline that it cannot keep in order. It has to return
// with an error then: one that returns nil has given up a value that is still in use, or has
// not looked.
func honoursDeadline[T any](ctx context.Context, c *checked[T]) error {
	v, free, err := c.Stuck(ctx)
	if err != nil {
		return fmt.Errorf("stuck: %w", err)
	}
	if free != nil {
		defer free()
	}
	// Long enough to see a drop that does not wait at all, and short for a test.
	ctx, cancel := context.WithTimeout(ctx, 20*time.Millisecond)
	defer cancel()
	got := c.drop(ctx, v)
	if err := unacceptable(got); err != nil {
		return err
	}
	if got == nil {
		return fmt.Errorf("the drop returned nil though it was stuck until its deadline")
	}
	return nil
}
