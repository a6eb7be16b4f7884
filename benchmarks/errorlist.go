package benchmarks

import (
	"errors"

	"go.uber.org/multierr"
)

// An errorList is one flat list, whatever the libraries make of several errors.
type errorList struct{ err error }

func (l *errorList) add(err error) {
	var several interface{ Unwrap() []error }
	if errors.As(err, &several) {
		for _, e := range several.Unwrap() {
			l.add(e)
		}
		return
	}
	l.err = multierr.Append(l.err, err)
}
