package fault

import (
	"bytes"
	"fmt"
	"runtime"
)

// maxStacks bounds the dump in which StackOf searches: some ten thousand
// goroutines of ordinary depth.
const maxStacks = 16 << 20

// A Frame identifies a goroutine by a call that it is in: the method and the
// address of its receiver, as a stack trace prints them. So a goroutine can be
// found when it has to be, and costs nothing before: to ask for its number in
// advance means to walk its whole stack.
//
// Three things must hold. The method has a pointer receiver and is marked
// noinline, for a trace shows no arguments of a call that was inlined. The
// receiver is used after the call in which the goroutine can hang, so that the
// compiler keeps its argument. The receiver lives on the heap and is kept by the
// caller that searches, so that nothing else comes to have its address.
type Frame string

// FrameOf returns the call of method, such as "(*task).Run", on receiver.
func FrameOf[T any](method string, receiver *T) Frame {
	return Frame(fmt.Sprintf("%s(%p", method, receiver))
}

// StackOf returns the stack trace of the goroutine that is in the call f, or "" if
// none is. It is [Stacks] for one.
func StackOf(f Frame) string {
	stacks := map[Frame]string{f: ""}
	Stacks(stacks)
	return stacks[f]
}

// Stacks fills in the stack traces of the goroutines that are in the calls that
// are the keys of stacks; the others stay as they are. It stops the world once, for
// as long as writing down all stacks takes: call it when something has gone wrong,
// not before.
func Stacks(stacks map[Frame]string) {
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
		for line := range bytes.SplitSeq(stack, []byte("\n")) {
			if f := frameIn(line); f != nil {
				if _, wanted := stacks[Frame(f)]; wanted { // which does not allocate
					stacks[Frame(f)] = string(bytes.TrimSpace(stack))
				}
			}
		}
	}
}

// frameIn returns the frame of a line such as
//
//	github.com/ebb-go/ebb/scope.(*task).Run(0xc000123450)
//
// of a stack trace, without its package and what follows the receiver; nil if the
// line is no call of a method with a pointer receiver.
// The runtime prints an argument that it is not sure of with a question mark: the address is
// the receiver's all the same as long as that is used after the call.
func frameIn(line []byte) []byte {
	arg := bytes.Index(line, []byte("(0x"))
	if arg < 0 {
		return nil
	}
	start := bytes.Index(line[:arg], []byte(".(*"))
	if start < 0 {
		return nil
	}
	end := bytes.IndexAny(line[arg:], ",?)")
	if end < 0 {
		return nil
	}
	return line[start+1 : arg+end]
}
