package fault

import (
	"fmt"
	"reflect"
	"runtime/debug"
	"strings"
)

// PanicError is a panic that was caught on one goroutine and is told on another,
// as an error or as the value of a second panic. It is immutable.
//
// As an error it has a text of one line. What a function panics with for another
// goroutine, as scope's Run does for a task, has the stack in its text too: the
// runtime prints that text and then the stack of the wrong goroutine.
type PanicError struct {
	Value any    // what was given to panic
	Stack []byte // of the goroutine that panicked, taken while it did

	place  string  // who panicked, such as `scope "x": task "t"`; empty if that is not known
	others []error // what else failed
	second bool    // it is the value of a second panic
}

// Panic makes a PanicError of a recovered value, with the stack of the calling
// goroutine; so it is called in the deferred function that recovered. A value
// that is a *PanicError already has its stack and its place, and keeps them.
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

// At returns p with the place where it was caught. The first place stays: it is
// the innermost.
func At(p *PanicError, place string) *PanicError {
	if p.place != "" {
		return p
	}
	placed := *p
	placed.place = place
	return &placed
}

// Again returns the value of a second panic, which goes on with p on the goroutine
// of the caller. Others are what else failed.
func Again(p *PanicError, others []error) *PanicError {
	if p.second && len(others) == 0 {
		return p
	}
	again := *p
	again.second = true
	again.others = append(p.others[:len(p.others):len(p.others)], others...)
	return &again
}

// Error says who panicked and with what, and what else failed, in one line. That
// of a second panic has the stack of the first after it.
func (p *PanicError) Error() string {
	if p.second {
		return p.line() + "\n\n" + string(p.Stack)
	}
	return p.line()
}

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

// TextOf is the text of a list of errors, in one line. One whose Error method
// fails does not take the text of the others with it.
func TextOf(errs []error) string {
	texts := make([]string, len(errs))
	for i, err := range errs {
		texts[i] = Text(err)
	}
	return strings.Join(texts, "; ")
}

// Format writes the text and the stack for %+v, and the text otherwise.
func (p *PanicError) Format(s fmt.State, verb rune) {
	if verb == 'v' && s.Flag('+') {
		fmt.Fprintf(s, "%s\n\n%s", p.line(), p.Stack)
		return
	}
	fmt.Fprintf(s, fmt.FormatString(s, verb), p.Error())
}

// Format is the Format method of an error that wraps inner and has that text: for
// %+v the stacks of the panics in inner follow the text.
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
// code which flattens lists loses nothing of it.
func (p *PanicError) Unwrap() error {
	err, _ := p.Value.(error)
	return err
}

// Others returns what else failed where p is the value of a second panic.
func (p *PanicError) Others() []error { return append([]error(nil), p.others...) }

// Is reports whether one of the others is target.
func (p *PanicError) Is(target error) bool {
	for _, err := range p.others {
		if Is(err, target) {
			return true
		}
	}
	return false
}

// As sets target to the first of the others that fits.
func (p *PanicError) As(target any) bool {
	for _, err := range p.others {
		if asAny(err, target) {
			return true
		}
	}
	return false
}

// asAny is [errors.As] for an err whose methods may panic or unwrap in circles.
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

func asks(is interface{ As(any) bool }, target any) (found bool) {
	return Contain(func() { found = is.As(target) }) && found
}

// ErrorType is the error.type of a panic in spans and metrics.
func (p *PanicError) ErrorType() string { return "panic" }
