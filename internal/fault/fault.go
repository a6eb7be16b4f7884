// Package fault holds what every package of ebb has to say about code that
// does not return: it panicked, or it called [runtime.Goexit]. The types are
// declared here once and aliased by guard, group and scope.
package fault

// A sentinel is an error that has a name in the attribute error.type.
type sentinel struct{ text, kind string }

// Sentinel returns an error with that text and that name. It is the same as itself alone.
func Sentinel(text, kind string) error { return &sentinel{text, kind} }

func (e *sentinel) Error() string     { return e.text }
func (e *sentinel) ErrorType() string { return e.kind }

// ErrGoexit stands for a function that ended its goroutine with [runtime.Goexit], as a
// test's FailNow does.
var ErrGoexit = Sentinel("runtime.Goexit was called", "goexit")
