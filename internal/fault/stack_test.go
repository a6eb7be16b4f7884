package fault_test

import (
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/ebb-go/ebb/internal/fault"
)

// blocked tells its number and waits; its name is looked for in stacks.
func blocked(id chan<- uint64, release <-chan struct{}) {
	id <- fault.GoroutineID()
	<-release
}

// StackOf finds one goroutine among many, and nothing once it has ended.
func TestStackOf(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		id, release, others := make(chan uint64), make(chan struct{}), make(chan struct{})
		for range 2000 { // more than the first buffer holds
			go func() { <-others }()
		}
		go blocked(id, release)
		n := <-id
		synctest.Wait()
		stack := fault.StackOf(n)
		if !strings.HasPrefix(stack, "goroutine ") || strings.Count(stack, "goroutine ") > 2 {
			t.Errorf("not one stack:\n%s", stack)
		}
		if !strings.Contains(stack, "fault_test.blocked") {
			t.Errorf("not the stack of %d:\n%s", n, stack)
		}
		close(release)
		synctest.Wait()
		if stack := fault.StackOf(n); stack != "" {
			t.Errorf("the goroutine has ended, and its stack is:\n%s", stack)
		}
		close(others)
	})
}

// Every goroutine has a number of its own, which it keeps.
func TestGoroutineID(t *testing.T) {
	var mu sync.Mutex
	seen := make(map[uint64]bool)
	start := make(chan struct{})
	var wg sync.WaitGroup
	for range 100 {
		wg.Go(func() {
			<-start // all live at once, so no number is used twice
			id := fault.GoroutineID()
			runtime.Gosched()
			mu.Lock()
			defer mu.Unlock()
			if id == 0 || id != fault.GoroutineID() || seen[id] {
				t.Errorf("number %d is zero, has changed, or is another's", id)
			}
			seen[id] = true
		})
	}
	close(start)
	wg.Wait()
}

func TestStackOfNone(t *testing.T) {
	if stack := fault.StackOf(0); stack != "" {
		t.Errorf("goroutine 0 has a stack:\n%s", stack)
	}
}
