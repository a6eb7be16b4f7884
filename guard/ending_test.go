package guard_test

import (
	"context"
	"errors"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/ebb-go/ebb/guard"
	"go.uber.org/multierr"
)

// An ending is one way in which a function of the user's can end.
type ending struct {
	name string
	do   func() error
	want error // is the outcome; nil for a panic with boom
}

var endings = []ending{
	{"nil", func() error { return nil }, nil},
	{"error", func() error { return errDrop }, errDrop},
	{"panic", func() error { panic(boom) }, boom},
	{"Goexit", func() error { runtime.Goexit(); return nil }, guard.ErrGoexit},
}

var boom = errors.New("boom")

// outcome checks that err is what became of the function, and holds n errors.
func (e ending) outcome(t *testing.T, what string, err error, more ...error) {
	t.Helper()
	n := len(more)
	if e.want != nil {
		n++
		more = append(more, e.want)
	}
	var p *guard.PanicError
	if panicked := errors.As(err, &p); panicked != slices.Contains(more, boom) {
		t.Errorf("%s: %v, want %v", what, err, more)
	}
	for _, want := range more {
		wantErr(t, what, err, want)
	}
	if p == nil && len(multierr.Errors(err)) != n {
		t.Errorf("%s: %v, want %d errors", what, err, n)
	}
}

// apart calls fn on a goroutine of its own, which a panic or Goexit may end, and
// reports how it ended.
func apart(fn func()) (value any, exited bool) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer func() { value = recover(); exited = exited && value == nil }()
		exited = true
		fn()
		exited = false
	}()
	<-done
	return value, exited
}

// slow is a drop function that ends so after a second.
func slow(e ending) func(context.Context, int) error {
	return func(context.Context, int) error {
		time.Sleep(time.Second)
		return e.do()
	}
}

func errorsOf(e ending) []error {
	if e.want == nil {
		return nil
	}
	return []error{e.want}
}

// goesOn checks that what ended the function goes on in its caller.
func goesOn(t *testing.T, e ending, value any, exited bool) {
	t.Helper()
	var want any
	if e.want == boom {
		want = boom
	}
	if value != want || exited != (e.want == guard.ErrGoexit) {
		t.Errorf("recovered %v, exited %t", value, exited)
	}
}

// dropTogether drops d by several overlapping calls, and checks what each returns,
// what comes later, and what end reports.
func dropTogether(t *testing.T, e ending, d guard.Dropper, end interface {
	Done() <-chan struct{}
	Err() error
}, more ...error) {
	t.Helper()
	ctx := t.Context()
	outcomes := make(chan error, 3)
	exits := make(chan bool, 3)
	for range 3 {
		go func() {
			_, exited := apart(func() { outcomes <- d.Drop(ctx) })
			exits <- exited
		}()
	}
	n := 0
	for range 3 {
		if <-exits {
			n++
		}
	}
	if e.want == guard.ErrGoexit != (n == 1) || n > 1 {
		t.Errorf("%d calls exited", n)
	}
	for range 3 - n {
		e.outcome(t, "Drop", <-outcomes, more...)
	}
	wantErr(t, "Drop afterwards", d.Drop(ctx), nil)
	if end != nil {
		wantClosed(t, "Done", end.Done(), true)
		e.outcome(t, "Err", end.Err())
	}
}
