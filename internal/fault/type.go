package fault

import (
	"context"
	"errors"
)

// Type returns the name of err for the attribute error.type, which has few values: what
// the ErrorType method of the first error in err's tree with one returns, else
// "canceled" and "timeout" for the two errors of package context, else "error".
// It is empty for nil only. A method that does not return counts as an empty name.
func Type(err error) string {
	if err == nil {
		return ""
	}
	if chained(err) {
		var n namer
		for e := err; e != nil && !n.names(e); e = errors.Unwrap(e) {
		}
		return n.result()
	}
	return typeIn(err)
}

// Say returns the text and the type of err, as [Text] and [Type] do, with one call
// of foreign code where each of them makes one.
func Say(err error) (text, kind string) {
	if err == nil || chained(err) && saysIt(err, mostKnown) {
		return Text(err), Type(err)
	}
	if text, kind, ok := sayApart(err); ok {
		return text, kind
	}
	return Text(err), Type(err) // one of the methods has ended the goroutine
}

// sayApart is Say by one call of the door. It reports false if that has not returned: then what
// it has written is half of something, and each question is asked by itself.
func sayApart(err error) (text, kind string, ok bool) {
	var said, named string
	if !Contain(func() {
		got, failed := saidInPlace(err)
		if failed != nil {
			got = noText + how(failed)
		}
		var n namer
		w := newWalk(err)
		w.contained = true
		for e := w.next(); e != nil && !n.names(e); e = w.next() {
		}
		said, named = got, n.result()
	}) {
		return "", "", false
	}
	return said, named, true
}

// typeIn is Type for a tree.
func typeIn(err error) string {
	var n namer
	find(err, n.names)
	return n.result()
}

// A namer looks at the errors of a tree, one after the other. A name ends the search; that an
// error is one of the two of package context is only noted, as a later one may have a name.
type namer struct {
	name           string
	canceled, late bool
}

// names reports whether e has said the name.
func (n *namer) names(e error) bool {
	if t, ok := asOf[interface{ ErrorType() string }](e); ok {
		n.name = namedBy(t)
	}
	n.canceled = n.canceled || e == context.Canceled || isOf(e, context.Canceled)
	n.late = n.late || e == context.DeadlineExceeded || isOf(e, context.DeadlineExceeded)
	return n.name != ""
}

// result returns the name, after the search. Of an error that is both, a
// cancellation goes before a timeout.
func (n *namer) result() string {
	switch {
	case n.name != "":
		return n.name
	case n.canceled:
		return "canceled"
	case n.late:
		return "timeout"
	}
	return "error"
}

// namedBy returns the name, and "" if the method panics. A Goexit ends the goroutine of
// the search, which find goes on with behind this error.
func namedBy(t interface{ ErrorType() string }) (name string) {
	defer func() { _ = recover() }()
	return t.ErrorType()
}
