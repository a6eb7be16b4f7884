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
	if chained(err) {
		for e := err; e != nil; e = errors.Unwrap(e) {
			if comparable && Same(e, target) || isOf(e, target) {
				return true
			}
		}
		return false
	}
	return find(err, func(e error) bool { return comparable && Same(e, target) || isOf(e, target) })
}

// As is [errors.As] with the containment of [Is]. What an As method of err has set without
// returning true is not returned.
func As[T any](err error) (found T, ok bool) {
	if chained(err) {
		for e := err; e != nil; e = errors.Unwrap(e) {
			if found, ok = asOf[T](e); ok {
				return found, true
			}
		}
		var zero T
		return zero, false
	}
	return asIn[T](err)
}

// asIn is As for a tree. It is apart from As, which does not allocate.
func asIn[T any](err error) (found T, ok bool) {
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

// isOf calls the Is method of err, if it has one; a panic of that is false. It does not walk:
// what err wraps is visited by the caller's own walk.
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
		return asked[T](e)
	}
	return found, false
}

// asked is apart from asOf, which does not allocate: found escapes to the foreign method, and
// nearly no error has one.
func asked[T any](e interface{ As(any) bool }) (found T, ok bool) {
	defer func() { _ = recover() }()
	ok = e.As(&found)
	return found, ok
}

// find visits the tree of err until match returns true, and reports whether it
// has. What match does with an error may call foreign methods that block or call
// Goexit; their panics match contains itself.
//
// The search in a tree of which every error is known is on the caller's goroutine. Any
// other is on one goroutine of its own, and on one more for each method that calls
// Goexit: the walk goes on behind the error with that method. So it ends, as each
// goroutine takes at least one error off the walk.
func find(err error, match func(error) bool) (found bool) {
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
	if left := mostKnown; known(err, &left) {
		search()
		return found
	}
	for !found && w.more() {
		Contain(search)
	}
	return found
}
