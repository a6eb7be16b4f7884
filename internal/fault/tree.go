package fault

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"reflect"
)

// maxTree bounds the errors that are visited in one tree. The tree is whatever
// Unwrap methods return, so it can be a circle, or grow as it is walked.
const maxTree = 4096

// Text returns the text of err, and a text that says so when its Error method
// does not return one: a nil pointer in an interface is the usual case. It is
// empty for nil. What it returns may be of any length and need not be UTF-8.
func Text(err error) (text string) {
	switch {
	case err == nil:
		return ""
	case plain(err):
		return err.Error()
	}
	var got string
	if failed := Foreign(nil, func() { got = err.Error() }); failed != nil {
		return "error without a text: its Error method " + how(failed)
	}
	return got
}

// plainTypes are the errors of the standard library whose methods only return
// what they hold, so they need no containment: those of errors.New, of
// fmt.Errorf, and of package context.
var plainTypes = map[reflect.Type]bool{
	reflect.TypeOf(errors.New("")):                          true,
	reflect.TypeOf(fmt.Errorf("%w", context.Canceled)):      true,
	reflect.TypeOf(fmt.Errorf("%w%w", ErrGoexit, ErrStuck)): true,
	reflect.TypeOf(context.DeadlineExceeded):                true,
	reflect.TypeOf(ErrGoexit):                               true,
	reflect.TypeOf(ErrStuck):                                true,
	reflect.TypeOf(fmt.Errorf("%d", 1)):                     true,
}

// plain reports whether the methods of err itself can be called as they are. A
// nil pointer of such a type would panic as any other does.
func plain(err error) bool {
	v := reflect.ValueOf(err)
	return plainTypes[v.Type()] && (v.Kind() != reflect.Pointer || !v.IsNil())
}

// Tree visits err and the errors that it wraps in the order of [errors.Is],
// depth first. It calls Unwrap methods on the goroutine of the caller and
// contains their panics: an error whose Unwrap panics wraps nothing. It ends
// after some thousands of errors, since they may wrap each other in a circle.
func Tree(err error) iter.Seq[error] {
	return func(yield func(error) bool) {
		left := maxTree
		stack := []error{err}
		for len(stack) > 0 && left > 0 {
			e := stack[len(stack)-1]
			stack = stack[:len(stack)-1]
			if e == nil {
				continue
			}
			left--
			if !yield(e) {
				return
			}
			inner := unwrap(e)
			for i := min(len(inner), left) - 1; i >= 0; i-- {
				stack = append(stack, inner[i])
			}
		}
	}
}

func unwrap(err error) (inner []error) {
	defer func() {
		if recover() != nil {
			inner = nil
		}
	}()
	switch e := err.(type) {
	case interface{ Unwrap() error }:
		return []error{e.Unwrap()}
	case interface{ Unwrap() []error }:
		return e.Unwrap()
	}
	return nil
}

// plainTree reports whether all of err is plain, so that a walk over it needs no
// goroutine of its own. It is for short chains, which most errors are.
func plainTree(err error) bool {
	for range 8 {
		if err == nil {
			return true
		}
		if !plain(err) {
			return false
		}
		if _, many := err.(interface{ Unwrap() []error }); many {
			return false
		}
		err = errors.Unwrap(err)
	}
	return false
}

// walk calls f where the methods of the errors in err may be called.
func walk(err error, f func()) bool {
	if plainTree(err) {
		f()
		return true
	}
	return Contain(f)
}

// Is is [errors.Is] for an err whose methods may panic, call runtime.Goexit or
// unwrap in circles. Where they do, the rest of err is still looked at, but for
// a Goexit, after which the answer is false.
func Is(err, target error) (found bool) {
	if err == nil || target == nil {
		return err == target
	}
	comparable := reflect.TypeOf(target).Comparable()
	var got bool
	if !walk(err, func() {
		for e := range Tree(err) {
			if comparable && equal(e, target) || isOf(e, target) {
				got = true
				return
			}
		}
	}) {
		return false
	}
	return got
}

// equal is == for errors that may hold what cannot be compared.
func equal(a, b error) (same bool) {
	defer func() { _ = recover() }()
	return a == b
}

func isOf(err, target error) (is bool) {
	if e, ok := err.(interface{ Is(error) bool }); ok {
		defer func() { _ = recover() }()
		return e.Is(target)
	}
	return false
}

// As is [errors.As] with the containment of [Is].
func As[T any](err error) (found T, ok bool) {
	if err == nil {
		return found, false
	}
	var got T
	var has bool
	if !walk(err, func() {
		for e := range Tree(err) {
			if got, has = asOf[T](e); has {
				return
			}
		}
	}) {
		return found, false
	}
	return got, has
}

func asOf[T any](err error) (found T, ok bool) {
	if found, ok = err.(T); ok {
		return found, true
	}
	if e, is := err.(interface{ As(any) bool }); is {
		defer func() { _ = recover() }()
		ok = e.As(&found)
	}
	return found, ok
}

// Type returns the low-cardinality name of err for the attribute error.type:
// what the first error in err's tree with an ErrorType method says, else
// "canceled" and "timeout" for the two errors of package context, else "error".
// It is empty for nil only.
func Type(err error) string {
	if err == nil {
		return ""
	}
	name := ""
	if !walk(err, func() { name = typeOf(err) }) || name == "" {
		return "error"
	}
	return name
}

func typeOf(err error) string {
	canceled, late := false, false
	for e := range Tree(err) {
		if t, ok := asOf[interface{ ErrorType() string }](e); ok {
			return namedBy(t)
		}
		canceled = canceled || e == context.Canceled || isOf(e, context.Canceled)
		late = late || e == context.DeadlineExceeded || isOf(e, context.DeadlineExceeded)
	}
	switch {
	case canceled:
		return "canceled"
	case late:
		return "timeout"
	}
	return "error"
}

func namedBy(t interface{ ErrorType() string }) (name string) {
	defer func() { _ = recover() }()
	return t.ErrorType()
}
