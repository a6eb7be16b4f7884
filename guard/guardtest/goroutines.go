package guardtest

import (
	"bytes"
	"fmt"
	"runtime"
	"strings"
	"time"
)

// goroutines returns the stacks of all goroutines, by the "goroutine 42" that
// each begins with. The numbers are never used again, so that what is new
// can be found by what was there before. In a bubble of testing/synctest the stacks outside of it are among
// them, before and after.
func goroutines() map[string]string {
	buf := make([]byte, 64<<10)
	n := runtime.Stack(buf, true)
	for n == len(buf) {
		buf = make([]byte, 2*len(buf))
		n = runtime.Stack(buf, true)
	}
	stacks := make(map[string]string)
	for stack := range bytes.SplitSeq(buf[:n], []byte("\n\n")) {
		if id, _, ok := strings.Cut(string(stack), " ["); ok {
			stacks[id] = string(stack)
		}
	}
	return stacks
}

// left returns an error with the stacks of the goroutines that were not there
// before and do not end within patience.
//
// It asks again and again, which ebb does nowhere else: a goroutine that was asked
// to end needs a moment, and the runtime does not notify anything when it has. The pauses
// double, from a millisecond: a drop in order costs one look, and a leak as many as fit into
// patience.
func left(before map[string]string, patience time.Duration) error {
	for wait := time.Millisecond; ; wait *= 2 {
		now := goroutines()
		for id := range before {
			delete(now, id)
		}
		if len(now) == 0 {
			return nil
		}
		if patience <= 0 {
			var stacks []string
			for _, stack := range now {
				stacks = append(stacks, stack)
			}
			return fmt.Errorf("%d goroutines are left:\n%s", len(now), strings.Join(stacks, "\n\n"))
		}
		time.Sleep(wait)
		patience -= wait
	}
}
