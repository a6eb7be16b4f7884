package fault

import "context"

// Type returns the name of err for the attribute error.type, which has few values: what
// the ErrorType method of the first error in err's tree with one returns, else
// "canceled" and "timeout" for the two errors of package context, else "error".
// It is empty for nil only. A method that does not return counts as an empty name.
func Type(err error) string {
	if err == nil {
		return ""
	}
	name, canceled, late := "", false, false
	find(err, func(e error) bool {
		if t, ok := asOf[interface{ ErrorType() string }](e); ok {
			name = namedBy(t)
		}
		canceled = canceled || e == context.Canceled || isOf(e, context.Canceled)
		late = late || e == context.DeadlineExceeded || isOf(e, context.DeadlineExceeded)
		return name != ""
	})
	switch {
	case name != "":
		return name
	case canceled:
		return "canceled"
	case late:
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
