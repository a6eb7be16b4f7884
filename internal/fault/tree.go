package fault

import (
	"iter"
	"slices"

	"go.uber.org/multierr"
)

// Tree visits err and the errors that it wraps in the order of [errors.Is],
// depth first, on the caller's goroutine. An error whose Unwrap method panics or
// calls [runtime.Goexit] wraps nothing. The visit ends after some thousands of
// errors that wrap one another in a circle.
//
// The body of the loop is the caller's own code, so it is not contained. The methods that
// it calls on the errors are foreign, and it contains those.
func Tree(err error) iter.Seq[error] {
	return func(yield func(error) bool) {
		w := newWalk(err)
		for e := w.next(); e != nil && yield(e); e = w.next() {
		}
	}
}

// Ends visits the errors in the tree of err that wrap nothing, in the order of
// [Tree] and contained as that is. They are what err comes from, so a question that every
// cause has to answer in the same way, such as whether it is no more than a cancellation,
// is asked of them.
func Ends(err error) iter.Seq[error] {
	return func(yield func(error) bool) {
		w := newWalk(err)
		for e := w.next(); e != nil; e = w.next() {
			unvisited := len(w.todo)
			w.expand(w.open)
			w.open.err = nil // it is unwrapped; next must not do it again
			end := !slices.ContainsFunc(w.todo[unvisited:], func(s step) bool { return s.err != nil })
			if end && !yield(e) {
				return
			}
		}
	}
}

// Chain visits err and then, step by step, the one error that each wraps, as
// [errors.Unwrap] does: it ends in front of a list, since an error that joins two says
// more than either. It is contained as [Tree] is.
func Chain(err error) iter.Seq[error] {
	return func(yield func(error) bool) {
		w := newWalk(err)
		for range maxDeep { // a chain can be a circle
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
// and so does not take apart what is the user's own: a list of errors that the user's
// package has joined is one error here, with the order and the text that it was given.
func List(err error) []error {
	if err == nil {
		return nil
	}
	all := multierr.Errors(multierr.Append(err, ErrGoexit)) // a list of multierr's for certain
	return all[:len(all)-1]
}
