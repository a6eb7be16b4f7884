package scope_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/ebb-go/ebb/scope"
)

// TestContextIsAsIfMadeAtOnce: whatever happens in whatever order, a scope's
// context, made when it is asked for, says what one says that package context has
// made in the beginning; before and after the scope has closed.
func TestContextIsAsIfMadeAtOnce(t *testing.T) {
	ops := []string{"cancel parent", "cancel scope", "ask", "derive", "derive a scope", "close"}
	var all [][]string
	var permute func(done []string)
	permute = func(done []string) {
		if len(done) > 0 {
			all = append(all, slices.Clone(done))
		}
		for _, op := range ops {
			if !slices.Contains(done, op) {
				permute(append(done, op))
			}
		}
	}
	permute(nil)
	for _, seq := range all {
		for _, look := range []bool{false, true} {
			checkContext(t, seq, look)
		}
	}
}

// checkContext does what seq says, and compares at the end, or after every step.
func checkContext(t *testing.T, seq []string, each bool) {
	t.Helper()
	byParent, byScope := errors.New("by the parent"), errors.New("by the scope")
	parent, cancelParent := context.WithCancelCause(t.Context())
	model, cancelModel := context.WithCancelCause(parent)
	defer cancelModel(nil)
	var got, want []context.Context // the context and what was derived from it
	compare := func(step int) {
		t.Helper()
		for i := range got {
			a := fmt.Sprint(got[i].Err(), ", ", context.Cause(got[i]), ", ", closed(got[i].Done()))
			b := fmt.Sprint(want[i].Err(), ", ", context.Cause(want[i]), ", ", closed(want[i].Done()))
			if a != b {
				t.Errorf("%q, step %d, context %d: %s; it should be %s", seq, step, i, a, b)
			}
		}
	}
	closes := slices.Index(seq, "close")
	if closes < 0 {
		closes = len(seq)
	}
	step := func(i int, s *scope.Scope) {
		switch seq[i] {
		case "cancel parent":
			cancelParent(byParent)
		case "cancel scope":
			s.Cancel(byScope)
			if i < closes { // a closed scope's context stays as it is
				cancelModel(byScope)
			}
		case "ask":
			_, _ = got[0].Done(), want[0].Done()
		case "derive":
			a, cancelA := context.WithCancel(got[0])
			b, cancelB := context.WithCancel(want[0])
			t.Cleanup(cancelA)
			t.Cleanup(cancelB)
			got, want = append(got, a), append(want, b)
		case "derive a scope":
			if i < closes {
				_ = scope.Run(got[0], func(ctx context.Context, _ *scope.Scope) error {
					if (ctx.Err() == nil) != (want[0].Err() == nil) || context.Cause(ctx) != context.Cause(want[0]) {
						t.Errorf("%q: nested: %v, %v", seq, ctx.Err(), context.Cause(ctx))
					}
					return nil
				})
			}
		}
		if each {
			compare(i)
		}
	}
	var s *scope.Scope
	_ = scope.Run(parent, func(ctx context.Context, opened *scope.Scope) error {
		s, got, want = opened, []context.Context{ctx}, []context.Context{model}
		for i := range closes {
			step(i, s)
		}
		return nil
	})
	cancelModel(scope.ErrClosed)
	for i := closes + 1; i < len(seq); i++ {
		step(i, s)
	}
	compare(len(seq))
	cancelParent(nil)
}

// TestContextAskedForAtTheEnd: who asks while the scope closes gets a context
// that ends, and all who ask get the same.
func TestContextAskedForAtTheEnd(t *testing.T) {
	for range 2000 {
		var asking sync.WaitGroup
		channels := make([]<-chan struct{}, 3)
		_ = scope.Run(t.Context(), func(ctx context.Context, _ *scope.Scope) error {
			for i := range channels {
				asking.Go(func() { channels[i] = ctx.Done() })
			}
			return nil
		})
		asking.Wait()
		for _, c := range channels {
			<-c
			if c != channels[0] {
				t.Fatal("two channels of one context")
			}
		}
	}
}

// prying is a context of somebody's own, whose Err looks into the scope.
type prying struct {
	context.Context
	look atomic.Pointer[func()]
}

func (c *prying) Err() error {
	if look := c.look.Swap(nil); look != nil { // not again for what that calls
		(*look)()
		c.look.Store(look)
	}
	return c.Context.Err()
}

// TestContextOfManyNested: to ask the innermost of many scopes takes as many steps
// at most as there may be scopes around it without a context of their own; and all
// of them hear of a cancellation.
func TestContextOfManyNested(t *testing.T) {
	parent, cancel := context.WithCancelCause(t.Context())
	base := &prying{Context: parent}
	steps := 0
	count := func() { steps++ }
	var nest func(ctx context.Context, depth int) error
	nest = func(ctx context.Context, depth int) error {
		return scope.Run(ctx, func(ctx context.Context, s *scope.Scope) error {
			if depth > 0 {
				return nest(ctx, depth-1)
			}
			base.look.Store(&count)
			_ = ctx.Err()
			base.look.Store(nil)
			cancel(errBoom)
			<-ctx.Done()
			if context.Cause(ctx) != errBoom {
				t.Errorf("cause %v", context.Cause(ctx))
			}
			return nil
		})
	}
	_ = nest(base, 100)
	if steps > 0 {
		t.Error("the innermost of a hundred scopes asks the context around all of them")
	}
}
