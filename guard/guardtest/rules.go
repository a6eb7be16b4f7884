package guardtest

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"github.com/ebb-go/ebb/internal/fault"
)

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

func leavesNoGoroutine[T any](ctx context.Context, c *checked[T]) error {
	before := goroutines()
	if err := drops(ctx, c); err != nil {
		return err
	}
	return left(before, c.patience())
}

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
