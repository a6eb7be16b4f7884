package fault

import (
	"fmt"
	"reflect"
	"strings"
)

// Text returns the text of err, and a text that says so when its Error method
// does not return one: a nil pointer in an interface is the usual case. It is
// empty for nil. The text may be of any length and need not be UTF-8: what leaves the
// process is cut and cleaned where it leaves. An Error method that blocks blocks Text.
func Text(err error) string {
	if err == nil {
		return ""
	}
	text, failed := said(err)
	if failed != nil {
		return noText + how(failed)
	}
	return text
}

// noText begins the text of an error whose Error method has not returned one.
const noText = "error without a text: its Error method "

// said returns what the Error method of err, which is not nil, returns, or how it
// failed.
func said(err error) (string, error) {
	if saysIt(err, mostKnown) {
		return saidInPlace(err)
	}
	var got string
	failed := Foreign(nil, func() { got = err.Error() })
	if failed != nil {
		return "", failed
	}
	return got, nil
}

// saidInPlace contains a panic only: a trusted type has fields that a user has set, and a nil
// one among them can panic. No method of such a type calls Goexit or blocks.
func saidInPlace(err error) (text string, failed error) {
	defer func() {
		if p := recover(); p != nil {
			text, failed = "", Panic(p)
		}
	}()
	return err.Error(), nil
}

// TextOf returns the texts of a list of errors in one line. An error whose Error method
// fails does not take the texts of the others with it.
func TextOf(errs []error) string {
	texts := make([]string, len(errs))
	for i, err := range errs {
		texts[i] = Text(err)
	}
	return strings.Join(texts, "; ")
}

// Print returns v as [fmt.Sprint] does, and a text that says so when a method of
// v calls [runtime.Goexit]; the panics of such methods fmt contains itself. It is
// for what users put into an error: the value of a panic, the key of a table. A method that
// blocks blocks Print.
func Print(v any) string {
	switch v := v.(type) {
	case error:
		return Text(v)
	case string:
		return v
	}
	if _, named := v.(fmt.Stringer); !named && printable(reflect.TypeOf(v)) {
		return fmt.Sprint(v)
	}
	var got string
	if failed := Foreign(nil, func() { got = fmt.Sprint(v) }); failed != nil {
		return "value without a text: its method " + how(failed)
	}
	return got
}

// printable reports whether fmt finds no method inside a value of type t, as in
// numbers and the like. A struct or slice may hold something with a String method far inside,
// which fmt would call; it is not searched for, as printing it is rare.
func printable(t reflect.Type) bool {
	return t == nil || t.Kind() <= reflect.Complex128 && t.NumMethod() == 0
}
