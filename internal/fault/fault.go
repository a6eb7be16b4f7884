// Package fault holds what every package of ebb has to say about code that
// does not return: it panicked, or it called [runtime.Goexit]. The types are
// declared here once and aliased by guard, group and scope.
package fault

// ErrGoexit stands for a function that ended its goroutine with
// [runtime.Goexit], as a test's FailNow does.
var ErrGoexit error = goexitError{}

type goexitError struct{}

func (goexitError) Error() string     { return "runtime.Goexit was called" }
func (goexitError) ErrorType() string { return "goexit" }
