package fault

import (
	"fmt"
	"reflect"
	"runtime/debug"
)

// A PanicError is a panic that was caught on one goroutine and is reported on another,
// as an error or as the value of a second panic. It is immutable.
//
// It keeps the stack of the goroutine that panicked, which is gone when the error is read,
// and the place where the panic was caught, such as a scope and the name of a task. Both
// belong to the first catch: a panic that is caught, goes on on another goroutine and is
// caught again stays one panic with one stack.
//
// As an error it has a text of one line. What a function panics with for another
// goroutine, as scope's Run does for a task, has the stack in its text too: the
// runtime prints that text and then the stack of the wrong goroutine.
type PanicError struct {
	Value any    // what was given to panic
	Stack []byte // of the goroutine that panicked, taken while it did

	place  string  // what panicked, such as `scope "x": task "t"`; empty if that is not known
	others []error // what else failed
	second bool    // it is the value of a second panic
}

// Panic makes a PanicError of a recovered value, with the stack of the calling
// goroutine; so it is called in the deferred function that recovered. A value
// that is a *PanicError already has its stack and its place, and keeps them. Of a second
// panic the first is returned, with what else failed there: it is an error again, whose
// text is one line.
func Panic(value any) *PanicError {
	p, ok := value.(*PanicError)
	switch {
	case !ok || p == nil:
		return &PanicError{Value: value, Stack: debug.Stack()}
	case p.second:
		first := *p
		first.second = false
		return &first
	}
	return p
}

// Ended returns how a function ended that has not returned, from what recover returned in
// the deferred function: a *PanicError, or ErrGoexit if there was no panic.
func Ended(recovered any) error {
	if recovered != nil {
		return Panic(recovered)
	}
	return ErrGoexit
}

// At returns p with the place where it was caught. The first place stays: it is
// the innermost. p itself is not changed, as others may be reading it.
func At(p *PanicError, place string) *PanicError {
	if p.place != "" {
		return p
	}
	placed := *p // immutable, so a copy
	placed.place = place
	return &placed
}

// Again returns the value of a second panic, which goes on with p on the goroutine
// of the caller. Others are what else failed: they are added to those that p has. The
// slice of p is not appended to in place, as two callers may go on with the same p.
func Again(p *PanicError, others []error) *PanicError {
	if p.second && len(others) == 0 {
		return p
	}
	again := *p
	again.second = true
	again.others = append(p.others[:len(p.others):len(p.others)], others...)
	return &again
}

// Error returns what panicked and with which value, and what else failed, in one line.
// The text of a second panic has the stack of the first after it.
func (p *PanicError) Error() string {
	if p.second {
		return p.line() + "\n\n" + string(p.Stack)
	}
	return p.line()
}

// line is the text without a stack. The value and the others are foreign: their methods
// are contained.
func (p *PanicError) line() string {
	text := "panic: " + Print(p.Value)
	if p.place != "" {
		text = p.place + ": " + text
	}
	if n := len(p.others); n > 0 {
		text += fmt.Sprintf(" (and %d more: %s)", n, TextOf(p.others))
	}
	return text
}

// Format writes the text and the stack for %+v, and the text otherwise. The stack is
// written once, though the text of a second panic has it too.
func (p *PanicError) Format(s fmt.State, verb rune) {
	if verb == 'v' && s.Flag('+') {
		fmt.Fprintf(s, "%s\n\n%s", p.line(), p.Stack)
		return
	}
	fmt.Fprintf(s, fmt.FormatString(s, verb), p.Error())
}

// Format is the Format method of an error that wraps inner and has that text. For %+v
// the stacks of the panics in inner follow the text. The search for them is contained as a
// whole. It has ended either way when Contain returns, so that the stacks found before a
// method failed are written too.
func Format(s fmt.State, verb rune, text string, inner error) {
	if verb != 'v' || !s.Flag('+') {
		fmt.Fprintf(s, fmt.FormatString(s, verb), text)
		return
	}
	fmt.Fprint(s, text)
	var stacks [][]byte
	Contain(func() {
		for e := range Tree(inner) {
			if p, ok := e.(*PanicError); ok && p != nil {
				stacks = append(stacks, p.Stack)
			}
		}
	})
	for _, stack := range stacks {
		fmt.Fprintf(s, "\n\n%s", stack)
	}
}

// Unwrap returns the value, if that is an error. A PanicError is no list, so that
// code which flattens lists loses nothing of it: the stack, the place and the others stay
// together. The others are found by Is and As instead.
func (p *PanicError) Unwrap() error {
	err, _ := p.Value.(error)
	return err
}

// Others returns what else failed where p is the value of a second panic: the caller's
// own copy, in the order in which the function that panicked reports its errors.
func (p *PanicError) Others() []error { return append([]error(nil), p.others...) }

// Is reports whether one of the others is target. The value is not asked for here: package
// errors comes to it by Unwrap.
func (p *PanicError) Is(target error) bool {
	for _, err := range p.others {
		if Is(err, target) {
			return true
		}
	}
	return false
}

// As sets target to the first of the others that fits. Package errors calls it, with a
// target that it has checked.
func (p *PanicError) As(target any) bool {
	for _, err := range p.others {
		if asAny(err, target) {
			return true
		}
	}
	return false
}

// asAny is [As] for a target whose type is known at run time only. It asks each error on a
// goroutine of its own, as an As method that calls Goexit must not end the caller's.
func asAny(err error, target any) bool {
	into := reflect.ValueOf(target).Elem()
	for e := range Tree(err) {
		if reflect.TypeOf(e).AssignableTo(into.Type()) {
			into.Set(reflect.ValueOf(e))
			return true
		}
		if is, ok := e.(interface{ As(any) bool }); ok && asks(is, target) {
			return true
		}
	}
	return false
}

// asks reports whether the As method sets target and returns true. One that has not returned
// may have set target all the same; a caller of errors.As reads it after true alone.
func asks(is interface{ As(any) bool }, target any) (found bool) {
	return Contain(func() { found = is.As(target) }) && found
}

// ErrorType is the error.type of a panic in spans and metrics, whatever the value was: a
// panic with a timeout is a panic.
func (p *PanicError) ErrorType() string { return "panic" }
