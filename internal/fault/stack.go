package fault

import (
	"bytes"
	"runtime"
	"strconv"
)

// maxStacks bounds the dump in which StackOf searches: some ten thousand
// goroutines of ordinary depth.
const maxStacks = 16 << 20

const header = "goroutine "

// GoroutineID returns the runtime's number for the calling goroutine, read
// from the header of its stack trace. It takes about a microsecond, so only
// what may have to be found again by [StackOf] asks for it.
func GoroutineID() uint64 {
	var buf [64]byte
	return parseID(buf[:runtime.Stack(buf[:], false)])
}

// StackOf returns the stack trace of the goroutine with that number, or "" if
// it has ended. It is [Stacks] for one.
func StackOf(id uint64) string {
	stacks := map[uint64]string{id: ""}
	Stacks(stacks)
	return stacks[id]
}

// Stacks fills in the stack traces of the goroutines whose numbers are the keys
// of stacks; those that have ended, and number 0, stay as they are. It stops
// the world once, for as long as writing down all stacks takes: call it when
// something has gone wrong, not before.
func Stacks(stacks map[uint64]string) {
	delete(stacks, 0)
	if len(stacks) == 0 {
		return
	}
	buf := make([]byte, min(64<<10+runtime.NumGoroutine()<<10, maxStacks)) // rarely too small, which costs another stop
	n := runtime.Stack(buf, true)
	for n == len(buf) && len(buf) < maxStacks {
		buf = make([]byte, 2*len(buf))
		n = runtime.Stack(buf, true)
	}
	for stack := range bytes.SplitSeq(buf[:n], []byte("\n\n")) {
		if id := parseID(stack); id != 0 {
			if _, wanted := stacks[id]; wanted {
				stacks[id] = string(bytes.TrimSpace(stack))
			}
		}
	}
}

// parseID reads the number in "goroutine 42 [running]:"; 0 is no goroutine.
func parseID(stack []byte) uint64 {
	rest, ok := bytes.CutPrefix(stack, []byte(header))
	if !ok {
		return 0
	}
	digits, _, _ := bytes.Cut(rest, []byte(" "))
	id, err := strconv.ParseUint(string(digits), 10, 64)
	if err != nil {
		return 0
	}
	return id
}
