package scope

import (
	"fmt"
	"net/http"

	"go.uber.org/multierr"

	"github.com/ebb-go/ebb/internal/fault"
)

// failure is an error of the exit. What it is was decided where it was caught, on
// the goroutine of the function that has failed: an error that a function returned
// is an error, whatever it wraps, and only a function that panicked has panicked.
type failure struct {
	index    int // bodyIndex, or that of the task; early drops come last
	err      error
	panicked *PanicError // in err, if a task, a daemon or a child has panicked; else nil
}

const (
	bodyIndex  = -1
	earlyIndex = int(^uint(0) >> 1) // an early drop whose caller has gone
)

// faults are the failures of an exit in their order.
type faults struct {
	list  []failure
	crash int // of the panic that goes on, its place in the list; -1: none does
}

// noFaults is that of an exit that went well. It never changes.
var noFaults = &faults{crash: -1}

// newFaults returns failures as what Run is going to return or, if one of them
// crashes, to panic with.
func (s *Scope) newFaults(list []failure) *faults {
	if len(list) == 0 {
		return noFaults
	}
	f := &faults{list: list, crash: -1}
	for k, failure := range list {
		if s.crashes(failure.panicked) {
			f.crash = k
			break
		}
	}
	return f
}

// crashes reports whether Run goes on with p as a panic. A handler's way to abort
// its connection always does.
func (s *Scope) crashes(p *PanicError) bool {
	return p != nil && (!s.panicAsError() || aborts(p))
}

func aborts(p *PanicError) bool { return p.Value == any(http.ErrAbortHandler) }

// errs returns all errors, but for the one that crashes.
func (f *faults) errs() []error {
	var errs []error
	for k, failure := range f.list {
		if k != f.crash {
			errs = append(errs, failure.err)
		}
	}
	return errs
}

// err returns all errors in one flat list. It is not for faults that crash.
func (f *faults) err() error { return multierr.Combine(f.errs()...) }

// panicked returns the panic that goes on, with the place where it was caught and
// what else failed, or nil.
func (f *faults) panicked() *PanicError {
	if f.crash < 0 {
		return nil
	}
	failure := f.list[f.crash]
	p := failure.panicked
	switch e := failure.err.(type) {
	case *TaskError:
		p = fault.At(p, e.place())
	case *DropError: // that of a child has its place already
		p = fault.At(p, fmt.Sprintf("scope %q: daemon %q", e.Scope, e.Guard))
	}
	return fault.Again(p, f.errs())
}

// result is what Run returns, unless a task, a daemon or a child has panicked: then
// it panics.
func (f *faults) result() error {
	if f == noFaults {
		return nil
	}
	if p := f.panicked(); p != nil {
		panicAgain(p)
	}
	return f.err()
}

// panicAgain goes on with a panic that was caught on another goroutine. One that
// aborts an HTTP handler is passed on untouched.
func panicAgain(p *PanicError) {
	if aborts(p) {
		panic(http.ErrAbortHandler)
	}
	panic(p)
}

// text is the text of all that went wrong, the panic that goes on among it.
func (f *faults) text() string {
	var errs []error
	for _, failure := range f.list {
		errs = append(errs, failure.err)
	}
	return fault.TextOf(errs)
}

func (s *Scope) failuresLocked() []failure {
	if s.exitState == nil {
		return nil
	}
	return s.exitState.failures
}

func (s *Scope) failLocked(f failure) {
	x := s.exitStateLocked()
	x.failures = append(x.failures, f)
}
