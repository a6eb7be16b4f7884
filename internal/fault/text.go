package fault

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"
)

// Text returns the text of err, and a text that says so when its Error method
// does not return one: a nil pointer in an interface is the usual case. It is
// empty for nil. The text may be of any length and need not be UTF-8: what leaves the
// process is cut and cleaned where it leaves. An Error method that blocks blocks Text.
func Text(err error) string {
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
// for what users put into an error: the value of a panic, the key of a table.
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
// numbers and the like.
func printable(t reflect.Type) bool {
	return t == nil || t.Kind() <= reflect.Complex128 && t.NumMethod() == 0
}

// plainTypes are the errors whose methods only return what the error holds, so that they
// need no containment and no goroutine: those of errors.New, of fmt.Errorf in its three
// forms, of package context, and the sentinels. Nearly all errors are of these types.
var plainTypes = map[reflect.Type]bool{
	reflect.TypeOf(errors.New("")):                          true,
	reflect.TypeOf(fmt.Errorf("%d", 1)):                     true,
	reflect.TypeOf(fmt.Errorf("%w", context.Canceled)):      true,
	reflect.TypeOf(fmt.Errorf("%w%w", ErrGoexit, ErrStuck)): true,
	reflect.TypeOf(context.DeadlineExceeded):                true,
	reflect.TypeOf(ErrGoexit):                               true,
}

// plain reports whether the methods of err itself can be called as they are. A
// nil pointer of such a type would panic as any other does. What err wraps is not looked
// at: the text of a wrapping error was made when it was wrapped.
func plain(err error) bool {
	v := reflect.ValueOf(err)
	return plainTypes[v.Type()] && (v.Kind() != reflect.Pointer || !v.IsNil())
}
