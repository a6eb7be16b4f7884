package fault

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/url"
	"os"
	"reflect"
	"strconv"
	"strings"
	"syscall"

	"go.uber.org/multierr"
)

// A call through [Foreign] costs two microseconds and five allocations, more than
// all else that is done with the error of a drop. Nearly every error is made by the
// standard library or by ebb, whose methods return. So an error is looked at before
// it is called: what is known from its type alone is called in place.

// trust says which methods of an error may be called in place.
type trust uint8

const (
	// foreign: none.
	foreign trust = iota
	// outer: all but Error, which calls the Error methods of what the error wraps.
	outer
	// whole: all. Error returns what the error holds, or contains what it calls.
	whole
)

// trusted are types of the standard library, and that of multierr's lists. A type belongs here
// if its methods neither block nor call what a user wrote, whatever its fields hold: but for
// Error of those that are outer, and for what trustOf looks at by itself.
var trusted = map[reflect.Type]trust{
	reflect.TypeOf(errors.New("")):                               whole,
	reflect.TypeOf(fmt.Errorf("%d", 1)):                          whole,
	reflect.TypeOf(fmt.Errorf("%w", context.Canceled)):           whole, // the text is made by Errorf
	reflect.TypeOf(fmt.Errorf("%w%w", ErrGoexit, ErrGoexit)):     whole,
	reflect.TypeOf(context.DeadlineExceeded):                     whole,
	reflect.TypeOf(os.ErrDeadlineExceeded):                       whole,
	reflect.TypeOf(net.ErrClosed):                                whole,
	reflect.TypeFor[syscall.Errno]():                             whole,
	reflect.TypeFor[*net.DNSError]():                             whole,
	reflect.TypeFor[*net.OpError]():                              outer, // see addressed
	reflect.TypeFor[*fs.PathError]():                             outer,
	reflect.TypeFor[*os.LinkError]():                             outer,
	reflect.TypeFor[*os.SyscallError]():                          outer,
	reflect.TypeFor[*url.Error]():                                outer,
	reflect.TypeFor[*strconv.NumError]():                         outer,
	reflect.TypeOf(errors.Join(ErrGoexit)):                       outer,
	reflect.TypeOf(multierr.Append(ErrGoexit, context.Canceled)): outer,
}

// trustOf returns which methods of err itself, which is not nil, may be called in
// place. A nil pointer is foreign: its methods panic.
func trustOf(err error) trust {
	t := reflect.TypeOf(err)
	if t.Kind() == reflect.Pointer && reflect.ValueOf(err).IsNil() {
		return foreign
	}
	if level, ok := trusted[t]; ok {
		if op, ok := err.(*net.OpError); ok && !(addressed(op.Source) && addressed(op.Addr)) {
			return foreign
		}
		return level
	}
	if own(t) {
		return whole
	}
	return foreign
}

// addressed reports whether the String method of an address, which is part of the
// text of a [net.OpError], is that of package net.
func addressed(a net.Addr) bool {
	if a == nil {
		return true
	}
	t := reflect.TypeOf(a)
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return t.PkgPath() == "net"
}

// module is the path of ebb.
const module = "github.com/ebb-go/ebb/"

// own reports whether t is a type of ebb's own. The methods of ebb's errors call
// those of the errors that they hold through this package only; a test in package
// layers looks for one that does not.
func own(t reflect.Type) bool {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	path, in := strings.CutPrefix(t.PkgPath(), module)
	return in && !strings.HasSuffix(path, "_test") && !strings.HasPrefix(path, "examples") && !strings.HasPrefix(path, "benchmarks")
}

// mostKnown bounds how deep, and in a tree how far, an error is looked at before it
// is called. It is more than the errors of a program have. An error that goes deeper is called
// through the door like a foreign one, which is slower and never wrong; so a circle of trusted
// errors ends here too.
const mostKnown = 64

// saysIt reports whether the Error method of err runs no foreign code. That of an outer error
// calls those of what it wraps, so that they are looked at, as far as depth.
func saysIt(err error, depth int) bool {
	if err == nil || depth == 0 {
		return false
	}
	switch trustOf(err) {
	case whole:
		return true
	case foreign:
		return false
	}
	list, ok := err.(interface{ Unwrap() []error })
	if !ok {
		return saysIt(errors.Unwrap(err), depth-1)
	}
	for _, e := range list.Unwrap() {
		if !saysIt(e, depth-1) {
			return false
		}
	}
	return true
}

// chained reports whether err wraps one error at most, and so on, and all methods but
// Error of these may be called in place. A walk over them needs no stack, and no goroutine
// of its own: that is how nearly all errors are searched.
func chained(err error) bool {
	for range mostKnown {
		if err == nil {
			return true
		}
		if trustOf(err) == foreign {
			return false
		}
		if _, many := err.(interface{ Unwrap() []error }); many {
			return false
		}
		err = errors.Unwrap(err)
	}
	return false
}

// known reports whether all methods but Error of all errors in the tree of err may
// be called in place. It visits left errors at most.
func known(err error, left *int) bool {
	if *left--; *left < 0 || trustOf(err) == foreign {
		return false
	}
	list, ok := err.(interface{ Unwrap() []error })
	if !ok {
		inner := errors.Unwrap(err)
		return inner == nil || known(inner, left)
	}
	for _, e := range list.Unwrap() {
		if e != nil && !known(e, left) {
			return false
		}
	}
	return true
}
