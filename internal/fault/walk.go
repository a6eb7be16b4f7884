package fault

// The limits of a walk over an error. The tree is whatever Unwrap methods return,
// so it can be a circle, or grow as it is walked. A teardown of a hundred thousand
// drops that all failed is a wide and flat tree, and none of it is left out: what
// bounds a walk is that it goes deep.
const (
	flat    = 64      // errors below this depth are counted
	maxDeep = 4096    // so many of them are visited; afterwards the walk ends as soon
	maxAll  = 1 << 20 // errors are visited in all
)

// A walk visits the errors of one tree in the order of [errors.Is], depth first,
// each before what it wraps.
//
// Invariant: an error is taken off the stack before a method of it is called. So when a
// Goexit of a foreign method has ended the goroutine that called next, the next call of
// next goes on behind the error with that method.
type walk struct {
	todo []step // a stack
	open step   // visited last, and not unwrapped yet; its err is nil if there is none
	deep int    // how many more may be visited below flat
	left int    // how many more may be visited in all

	contained bool // the walk is on a goroutine that a Goexit may end; immutable
}

// A step is an error that is to be visited.
type step struct {
	err   error
	depth int // how many errors are around it
}

// newWalk returns a walk that begins at err, which may be nil: then there is nothing to
// visit.
func newWalk(err error) *walk {
	return &walk{todo: []step{{err, 0}}, deep: maxDeep, left: maxAll}
}

// more reports whether next has anything left to look at.
func (w *walk) more() bool { return w.left > 0 && (w.open.err != nil || len(w.todo) > 0) }

// next returns the next error, and nil at the end. An error is unwrapped only when the
// one after it is asked for: a visitor that stops has called no method in vain.
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

// expand puts what s wraps on the stack, the first on top. Of a tree that has used up its
// depth nothing further is unwrapped, so that what is on the stack is still visited: the
// wide part of a tree does not pay for its deep part.
func (w *walk) expand(s step) {
	if s.depth > flat && w.deep <= 0 {
		return
	}
	inner := w.unwrap(s.err)
	for i := min(len(inner), w.left) - 1; i >= 0; i-- {
		w.todo = append(w.todo, step{inner[i], s.depth + 1})
	}
}

// unwrap returns what err wraps, and nothing if its Unwrap method does not return. A walk
// that is contained as a whole needs no goroutine for each method: a Goexit ends the
// goroutine of the walk, and find begins the next.
func (w *walk) unwrap(err error) (inner []error) {
	if w.contained || trustOf(err) != foreign {
		return unwrap(err)
	}
	var got []error
	if !Contain(func() { got = unwrap(err) }) {
		return nil
	}
	return got
}

// unwrap returns what err wraps; nothing if its Unwrap method panics. The two forms of
// Unwrap exclude each other, as one type cannot have two methods of a name.
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
