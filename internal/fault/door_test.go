package fault_test

import (
	"errors"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ebb-go/ebb/internal/fault"
)

func TestForeign(t *testing.T) {
	if err := fault.Foreign(nil, func() {}); err != nil {
		t.Errorf("a call that returns: %v", err)
	}
	if err := fault.Foreign(nil, runtime.Goexit); err != fault.ErrGoexit {
		t.Errorf("a Goexit: %v", err)
	}
	var p *fault.PanicError
	if err := fault.Foreign(nil, func() { explode() }); !errors.As(err, &p) || p.Value != "boom" || !strings.Contains(string(p.Stack), "explode") {
		t.Errorf("a panic: %v", err)
	}
	if err := fault.Foreign(nil, func() { panic(nil) }); !errors.As(err, new(*fault.PanicError)) {
		t.Errorf("a panic with nil: %v", err)
	}
}

func explode() { panic("boom") }

// A call that blocks is left when the caller's time is up, and its goroutine
// ends when it returns after all.
func TestForeignThatBlocks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		done, release := make(chan struct{}), make(chan struct{})
		time.AfterFunc(time.Second, func() { close(done) })
		began := time.Now()
		if err := fault.Foreign(done, func() { <-release }); err != fault.ErrStuck || time.Since(began) != time.Second {
			t.Errorf("got %v after %v", err, time.Since(began))
		}
		if err := fault.Foreign(done, func() { <-release }); err != fault.ErrStuck {
			t.Errorf("after the end: %v", err)
		}
		close(release)
	})
}

// A Door gives each call its own result: one that is stuck, and returns while
// another runs, is not taken for that one, and calls that overlap do not meet.
func TestDoor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var d fault.Door
		release := make(chan struct{})
		if err := d.Within(time.Second, func() { <-release; panic("late") }); err != fault.ErrStuck {
			t.Errorf("a call that blocks: %v", err)
		}
		var wg sync.WaitGroup
		for i := range 20 {
			wg.Go(func() {
				for range 20 {
					want, f := error(nil), func() {}
					if i%2 == 0 {
						want, f = fault.ErrGoexit, runtime.Goexit
					}
					if err := d.Within(time.Second, f); err != want {
						t.Errorf("got %v, want %v", err, want)
					}
				}
			})
		}
		close(release)
		wg.Wait()
	})
	var d fault.Door
	if n := testing.AllocsPerRun(100, func() { _ = d.Within(time.Second, func() {}) }); n > 2 {
		t.Errorf("%v allocations for a call of many", n)
	}
}
