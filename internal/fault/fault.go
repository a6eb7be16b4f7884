// Package fault is the door between ebb and code that ebb did not write: methods of
// users' errors, values and contexts, log handlers, tracers, meters, callbacks, hooks.
// Such code can panic, call [runtime.Goexit], block, or call ebb again.
//
//   - [Foreign] calls it, and returns how the call ended. Every call of foreign code goes
//     through Foreign or through one of its shorter forms: [Contain] without an end to
//     the wait, [Within] with a limit, [Inline] on the caller's own goroutine.
//   - [Text], [Print] and [Type] ask an error or value for its words.
//   - [Is], [As], [Same], [Tree], [Ends], [Chain] and [List] look into an error, as
//     package errors does, with its methods contained.
//   - A [*PanicError] is a panic that was caught on one goroutine and is reported on
//     another. [ErrGoexit] and [ErrStuck] stand for the other two ways not to return.
//   - [Stacks] finds the stacks of goroutines that do not return.
//
// The package keeps no state, imports nothing of ebb, and all of it may be called
// concurrently. The errors and the type that users meet are declared here once, and
// the public packages give them their names.
package fault

// ErrGoexit stands for a function that ended its goroutine with [runtime.Goexit], as a
// test's FailNow does.
var ErrGoexit = Sentinel("runtime.Goexit was called", "goexit")

// ErrStuck stands for foreign code that did not return while it was waited for.
var ErrStuck = Sentinel("did not return in time", "stuck")

// Sentinel returns an error with that text, and with kind as its name in the attribute
// error.type. Each call makes an error of its own: it equals no other.
func Sentinel(text, kind string) error { return &sentinel{text, kind} }

// A sentinel is a pointer, so that comparing two compares no text.
type sentinel struct{ text, kind string }

func (e *sentinel) Error() string     { return e.text }
func (e *sentinel) ErrorType() string { return e.kind }
