package fault

import (
	"errors"
	"reflect"
)

// Is is [errors.Is] for an err whose methods may panic, call [runtime.Goexit] or
// unwrap in circles. Where they do, the rest of err is still looked at. A method of err
// that blocks blocks Is too. The methods of target are not called, but by those of err.
func Is(err, target error) bool {
	if err == nil || target == nil {
		return err == target
	}
	// As errors.Is, but by Same: a type can be comparable and a value of it not.
	comparable := reflect.TypeOf(target).Comparable()
	return find(err, func(e error) bool { return comparable && Same(e, target) || isOf(e, target) })
}

// As is [errors.As] with the containment of [Is]. What an As method of err has set without
// returning true is not returned.
func As[T any](err error) (found T, ok bool) {
	var zero T
	if !find(err, func(e error) bool {
		found, ok = asOf[T](e)
		return ok
	}) {
		return zero, false
	}
	return found, true
}

// Same is == for errors, and [reflect.DeepEqual] where == would panic: an error that
// holds a slice is still the same as its copy. Whether == panics is a matter of the
// values, not only of the type, as a field of type any is comparable until it holds
// a slice. No method of a or b is called.
func Same(a, b error) (same bool) {
	defer func() {
		if recover() != nil {
			same = reflect.DeepEqual(a, b)
		}
	}()
	return a == b
}

// isOf calls the Is method of err, if it has one; a panic of that is false.
func isOf(err, target error) (is bool) {
	if e, ok := err.(interface{ Is(error) bool }); ok {
		defer func() { _ = recover() }()
		return e.Is(target)
	}
	return false
}

// asOf returns err as a T, or what its As method makes of it; a panic of that is false.
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

// find visits the tree of err until match returns true, and reports whether it
// has. What match does with an error may call foreign methods that block or call
// Goexit; their panics match contains itself.
//
// The search is on one goroutine of its own, and on one more for each method that calls
// Goexit: the walk goes on behind the error with that method. So it ends, as each
// goroutine takes at least one error off the walk.
func find(err error, match func(error) bool) (found bool) {
	if plainChain(err) {
		for ; err != nil; err = errors.Unwrap(err) {
			if match(err) {
				return true
			}
		}
		return false
	}
	w := newWalk(err)
	w.contained = true
	search := func() {
		for e := w.next(); e != nil; e = w.next() {
			if match(e) {
				found = true
				return
			}
		}
	}
	for !found && w.more() {
		Contain(search)
	}
	return found
}

// plainChain reports whether err is a chain of plain errors, so that a walk over it
// needs no goroutine of its own: no method that is called on the way is foreign. It is for
// short ones, as most errors are; a longer one is walked like any other, and so ends if it
// is a circle.
func plainChain(err error) bool {
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
