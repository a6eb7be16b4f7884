package fault_test

import (
	"strings"
	"testing"
	"testing/synctest"

	"github.com/ebb-go/ebb/internal/fault"
)

// waiter is the receiver of a call that blocks.
type waiter struct {
	release chan struct{}
	ended   bool
}

//go:noinline
func (w *waiter) wait(int) {
	<-w.release
	w.ended = true
}

func (w *waiter) frame() fault.Frame { return fault.FrameOf("(*waiter).wait", w) }

// StackOf finds one goroutine among many that are in the same method, and nothing once
// it has ended.
func TestStackOf(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		others := make(chan struct{})
		for range 2000 { // more than the first buffer holds
			go (&waiter{release: others}).wait(2)
		}
		w := &waiter{release: make(chan struct{})}
		go w.wait(1)
		synctest.Wait()
		stack := fault.StackOf(w.frame())
		if !strings.HasPrefix(stack, "goroutine ") || strings.Count(stack, "goroutine ") > 2 {
			t.Errorf("not one stack:\n%s", stack)
		}
		if !strings.Contains(stack, string(w.frame())) {
			t.Errorf("not the stack of %s:\n%s", w.frame(), stack)
		}
		close(w.release)
		synctest.Wait()
		if stack := fault.StackOf(w.frame()); stack != "" {
			t.Errorf("the goroutine has ended, and its stack is:\n%s", stack)
		}
		close(others)
	})
}

// Stacks finds each of several, and leaves what it does not find as it is.
func TestStacks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		waiters := make([]*waiter, 10)
		stacks := map[fault.Frame]string{"(*waiter).wait(0x1": "as it was"}
		for i := range waiters {
			waiters[i] = &waiter{release: release}
			stacks[waiters[i].frame()] = ""
			go waiters[i].wait(i)
		}
		synctest.Wait()
		fault.Stacks(stacks)
		for _, w := range waiters {
			if !strings.Contains(stacks[w.frame()], string(w.frame())) {
				t.Errorf("the stack of %s is:\n%s", w.frame(), stacks[w.frame()])
			}
		}
		if got := stacks["(*waiter).wait(0x1"]; got != "as it was" {
			t.Errorf("what is nowhere has become %q", got)
		}
		close(release)
	})
}

func TestStacksOfNone(t *testing.T) {
	fault.Stacks(nil)
	if stack := fault.StackOf(""); stack != "" {
		t.Errorf("no frame has a stack:\n%s", stack)
	}
}
