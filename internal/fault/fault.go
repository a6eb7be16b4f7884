// Package fault holds what every package of ebb has to say about code that
// does not return: it panicked, or it called [runtime.Goexit]. The types are
// declared here once and aliased by guard, group and scope.
package fault

import (
	"errors"
	"fmt"
	"runtime/debug"
)

// ErrGoexit stands for a function that ended its goroutine with
// [runtime.Goexit], as a test's FailNow does.
var ErrGoexit error = goexitError{}

type goexitError struct{}

func (goexitError) Error() string     { return "runtime.Goexit was called" }
func (goexitError) ErrorType() string { return "goexit" }

// PanicError is a panic that was caught on one goroutine and is told on
// another, as an error or as the value of a second panic. It is immutable.
type PanicError struct {
	Value any    // what was given to panic
	Stack []byte // of the goroutine that panicked, taken while it did

	others []error
}

// Panic makes a PanicError of a recovered value, with the stack of the calling
// goroutine; so it is called in the deferred function that recovered. A value
// that is a *PanicError already has its stack and is returned as it is.
func Panic(value any) *PanicError {
	if p, ok := value.(*PanicError); ok {
		return p
	}
	return &PanicError{Value: value, Stack: debug.Stack()}
}

// With returns a PanicError of the same value and stack that also unwraps to
// errs: what else failed beside the panic.
func (p *PanicError) With(errs []error) *PanicError {
	if len(errs) == 0 {
		return p
	}
	return &PanicError{Value: p.Value, Stack: p.Stack, others: append(p.others[:len(p.others):len(p.others)], errs...)}
}

// Error is one line: the value, the other errors, but no stack.
func (p *PanicError) Error() string {
	if len(p.others) == 0 {
		return fmt.Sprintf("panic: %v", p.Value)
	}
	return fmt.Sprintf("panic: %v (and %d more: %v)", p.Value, len(p.others), errors.Join(p.others...))
}

// Format writes the stack after the text for %+v, and Error otherwise.
func (p *PanicError) Format(s fmt.State, verb rune) {
	switch {
	case verb == 'q':
		fmt.Fprintf(s, "%q", p.Error())
	case verb == 'v' && s.Flag('+'):
		fmt.Fprintf(s, "%s\n\n%s", p.Error(), p.Stack)
	default:
		fmt.Fprint(s, p.Error())
	}
}

// Unwrap returns the value, if that is an error, and what [PanicError.With]
// added.
func (p *PanicError) Unwrap() []error {
	if err, ok := p.Value.(error); ok {
		return append([]error{err}, p.others...)
	}
	return p.others
}

// ErrorType is the error.type of a panic in spans and metrics.
func (p *PanicError) ErrorType() string { return "panic" }
