package fault_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/url"
	"os"
	"runtime"
	"strconv"
	"syscall"
	"testing"

	"go.uber.org/multierr"

	"github.com/ebb-go/ebb/internal/fault"
)

// ordinary are errors as programs have them.
func ordinary() map[string]error {
	_, parse := strconv.Atoi("x")
	_, open := os.Open("/nowhere/at/all")
	return map[string]error{
		"errors.New":    errors.New("boom"),
		"fmt.Errorf":    fmt.Errorf("read: %w", io.ErrUnexpectedEOF),
		"with two":      fmt.Errorf("%w and %w", io.EOF, context.Canceled),
		"no %w":         fmt.Errorf("code %d", 7),
		"canceled":      context.Canceled,
		"deadline":      context.DeadlineExceeded,
		"os.Open":       open,
		"os deadline":   &fs.PathError{Op: "read", Path: "pipe", Err: os.ErrDeadlineExceeded},
		"dial":          &net.OpError{Op: "dial", Net: "tcp", Addr: &net.TCPAddr{Port: 80}, Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)},
		"use of closed": &net.OpError{Op: "accept", Net: "tcp", Err: net.ErrClosed},
		"lookup":        &url.Error{Op: "Get", URL: "http://x", Err: &net.DNSError{Err: "no such host", Name: "x"}},
		"strconv":       parse,
		"goexit":        fault.ErrGoexit,
		"panic":         catch("boom"),
		"panic in":      fmt.Errorf("x: %w", catch(io.EOF)),
		"joined":        errors.Join(io.EOF, fmt.Errorf("x: %w", io.ErrNoProgress)),
		"multierr":      multierr.Combine(io.EOF, open, catch("boom")),
	}
}

// An ordinary error costs no goroutine, and its text is what Error returns. The
// allocations of a walk over a list, and of texts that are made when they are asked
// for, are less than those of one call through the door.
func TestOrdinaryErrorsAreCheap(t *testing.T) {
	sink := ""
	for name, err := range ordinary() {
		if got := fault.Text(err); got != err.Error() {
			t.Errorf("%s: text %q, want %q", name, got, err.Error())
		}
		own := fewestAllocs(func() { sink = err.Error() })
		lists := 0.0
		if _, many := err.(interface{ Unwrap() []error }); many {
			lists = 9 // of the walk, and copies of the list
		}
		if got := fewestAllocs(func() { sink = fault.Text(err) }); got > own+lists {
			t.Errorf("%s: %v allocations for the text, and %v of its own", name, got, own)
		}
		if got := fewestAllocs(func() { sink = fault.Type(err) }); got > lists {
			t.Errorf("%s: %v allocations for the type %s", name, got, sink)
		}
		if got := fewestAllocs(func() { fault.Is(err, fs.ErrExist) }); got > lists {
			t.Errorf("%s: %v allocations for Is", name, got)
		}
	}
}

// fewestAllocs returns how many allocations f needs: the fewest of many calls, since the
// pools that package fmt uses forget what they hold, under the race detector at random.
func fewestAllocs(f func()) float64 {
	fewest := testing.AllocsPerRun(1, f)
	for range 50 {
		fewest = min(fewest, testing.AllocsPerRun(1, f))
	}
	return fewest
}

// An address in the error of a connection can be anyone's, and so can what a
// trusted error wraps.
func TestTrustEndsAtForeignParts(t *testing.T) {
	bad := &hostile{func() { panic("boom") }}
	for name, err := range map[string]error{
		"address":    &net.OpError{Op: "dial", Net: "tcp", Addr: (*address)(nil), Err: io.EOF},
		"wrapped":    &fs.PathError{Op: "open", Path: "x", Err: bad},
		"no wrapped": &fs.PathError{Op: "open", Path: "x"},
		"deep":       &net.OpError{Op: "dial", Net: "tcp", Err: &os.SyscallError{Syscall: "x", Err: bad}},
		"joined":     errors.Join(io.EOF, bad),
		"multierr":   multierr.Append(io.EOF, bad),
		"nil":        (*fs.PathError)(nil),
	} {
		if got := fault.Text(err); got != "error without a text: its Error method panicked" {
			t.Errorf("%s: text %q", name, got)
		}
		fault.Is(err, fs.ErrExist)
		fault.As[*os.LinkError](err)
		fault.Type(err)
	}
}

// Say is Text and Type, for whatever error.
func TestSay(t *testing.T) {
	errs := ordinary()
	errs["nil"] = nil
	errs["typed"] = typed{}
	errs["nil pointer"] = (*hostile)(nil)
	errs["panics"] = &hostile{func() { panic("boom") }}
	errs["exits"] = &hostile{runtime.Goexit}
	errs["circle"] = circle{}
	errs["joined hostile"] = errors.Join(&hostile{runtime.Goexit}, typed{})
	for name, err := range errs {
		text, kind := fault.Say(err)
		if wantText, wantKind := fault.Text(err), fault.Type(err); text != wantText || kind != wantKind {
			t.Errorf("%s: %q of type %q, want %q of type %q", name, text, kind, wantText, wantKind)
		}
	}
	say := func(err error) float64 { return testing.AllocsPerRun(100, func() { fault.Say(err) }) }
	if one, two := say(typed{}), testing.AllocsPerRun(100, func() { fault.Text(typed{}); fault.Type(typed{}) }); one > two-4 {
		t.Errorf("%v allocations, and %v for text and type apart", one, two)
	}
}

type address struct{ name string }

func (a *address) Network() string { return a.name }
func (a *address) String() string  { return a.name }

func BenchmarkSay(b *testing.B) {
	for _, bb := range []struct {
		name string
		err  error
	}{
		{"errors.New", errors.New("boom")}, {"path", &fs.PathError{Op: "open", Path: "x", Err: syscall.ENOENT}},
		{"panic", catch("boom")}, {"foreign", typed{}},
	} {
		b.Run(bb.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				fault.Say(bb.err)
			}
		})
	}
}
