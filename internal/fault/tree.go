package fault

import (
	"errors"
	"iter"
	"reflect"
	"slices"

	"go.uber.org/multierr"
)

// The limits of a walk over an error. The tree is whatever Unwrap methods return,
// so it can be a circle, or grow as it is walked. A teardown of a hundred thousand
// drops that all failed is a wide and flat tree, and none of it is left out: what
// bounds a walk is that it goes deep.
const (
	flat    = 64      // errors below this depth are the walk's to count
	maxDeep = 4096    // so many of them are visited; afterwards the walk ends as soon
	maxAll  = 1 << 20 // errors are visited in all
)

// A walk visits the errors of one tree in the order of [errors.Is], depth first,
// each before what it wraps. Its state is always such that a walk that was cut
// off by a Goexit of a foreign method goes on with the next call of next: an
// error is taken off the stack before a method of it is called.
type walk struct {
	todo []step // a stack
	open step   // visited last, and not unwrapped yet; its err is nil if there is none
	deep int    // how many more may be visited below flat
	left int    // how many more may be visited in all
	// contained says that the walk is on a goroutine that a Goexit may end.
	contained bool
}

type step struct {
	err   error
	depth int
}

func newWalk(err error) *walk {
	return &walk{todo: []step{{err, 0}}, deep: maxDeep, left: maxAll}
}

// more reports whether next has anything left to look at.
func (w *walk) more() bool { return w.left > 0 && (w.open.err != nil || len(w.todo) > 0) }

// next returns the next error, and nil at the end.
func (w *walk) next() error {
	if e := w.open; e.err != nil {
		w.open.err = nil
		w.expand(e)
	}
	for w.left > 0 && len(w.todo) > 0 {
		s := w.todo[len(w.todo)-1]
		w.todo = w.todo[:len(w.todo)-1]
		if s.err == nil {
			continue
		}
		w.left--
		if s.depth > flat {
			if w.deep--; w.deep == 0 { // such a tree is no accident: do not search it to the end
				w.left = min(w.left, maxDeep)
			}
		}
		w.open = s
		return s.err
	}
	return nil
}

func (w *walk) expand(s step) {
	if s.depth > flat && w.deep <= 0 {
		return
	}
	inner := w.unwrap(s.err)
	for i := min(len(inner), w.left) - 1; i >= 0; i-- {
		w.todo = append(w.todo, step{inner[i], s.depth + 1})
	}
}

func (w *walk) unwrap(err error) (inner []error) {
	if w.contained || plain(err) {
		return unwrap(err)
	}
	var got []error
	if !Contain(func() { got = unwrap(err) }) {
		return nil
	}
	return got
}

// unwrap returns what err wraps; nothing if its Unwrap method panics.
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

// Tree visits err and the errors that it wraps in the order of [errors.Is],
// depth first, on the caller's goroutine. An error whose Unwrap method panics or
// calls runtime.Goexit wraps nothing. The visit ends after some thousands of
// errors that wrap one another in a circle.
func Tree(err error) iter.Seq[error] {
	return func(yield func(error) bool) {
		w := newWalk(err)
		for e := w.next(); e != nil && yield(e); e = w.next() {
		}
	}
}

// Ends visits the errors in the tree of err that wrap nothing, in the order of
// [Tree] and contained as that is.
func Ends(err error) iter.Seq[error] {
	return func(yield func(error) bool) {
		w := newWalk(err)
		for e := w.next(); e != nil; e = w.next() {
			unvisited := len(w.todo)
			w.expand(w.open)
			w.open.err = nil
			end := !slices.ContainsFunc(w.todo[unvisited:], func(s step) bool { return s.err != nil })
			if end && !yield(e) {
				return
			}
		}
	}
}

// Chain visits err and then, step by step, the one error that each wraps, as
// [errors.Unwrap] does: it ends in front of a list. It is contained as [Tree] is.
func Chain(err error) iter.Seq[error] {
	return func(yield func(error) bool) {
		w := newWalk(err)
		for range maxDeep {
			if err == nil || !yield(err) {
				return
			}
			if _, one := err.(interface{ Unwrap() error }); !one {
				return
			}
			inner := w.unwrap(err)
			if len(inner) == 0 {
				return
			}
			err = inner[0]
		}
	}
}

// List returns the errors of a list that package multierr made, and any other
// error as a list of itself. Unlike [multierr.Errors] it calls no method of err,
// and so does not take apart what is the user's own.
func List(err error) []error {
	if err == nil {
		return nil
	}
	all := multierr.Errors(multierr.Append(err, ErrGoexit)) // a list of multierr's for certain
	return all[:len(all)-1]
}

// find visits the tree of err until match returns true, and reports whether it
// has. What match does with an error is contained, but for its panics.
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
	for !found && w.more() { // once, and once more for each method that calls runtime.Goexit
		Contain(search)
	}
	return found
}

// plainChain reports whether err is a chain of plain errors, so that a walk over it
// needs no goroutine of its own. It is for short ones, as most errors are.
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

// Is is [errors.Is] for an err whose methods may panic, call runtime.Goexit or
// unwrap in circles. Where they do, the rest of err is still looked at.
func Is(err, target error) bool {
	if err == nil || target == nil {
		return err == target
	}
	comparable := reflect.TypeOf(target).Comparable()
	return find(err, func(e error) bool { return comparable && Same(e, target) || isOf(e, target) })
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
	var zero T
	if !find(err, func(e error) bool {
		found, ok = asOf[T](e)
		return ok
	}) {
		return zero, false
	}
	return found, true
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
