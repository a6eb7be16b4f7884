package scope_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/multierr"

	"github.com/ebb-go/ebb/scope"
	"github.com/ebb-go/ebb/trace"
)

// call is what became of a function that was called on a goroutine of its own.
type call struct {
	err    error
	panic  any
	goexit bool
	took   time.Duration
}

// calls calls f on a goroutine of its own and waits for it, so that a panic and
// a Goexit can be looked at.
func calls(f func() error) (c call) {
	done := make(chan struct{})
	start := time.Now()
	go func() {
		defer close(done)
		defer func() {
			c.took = time.Since(start)
			if c.goexit {
				if c.panic = recover(); c.panic != nil {
					c.goexit = false
				}
			}
		}()
		c.goexit = true
		c.err = f()
		c.goexit = false
	}()
	<-done
	return c
}

// told lists what Run has told, by an error or by a panic: a word or two for
// each part, in order.
func (c call) told() (parts []string) {
	switch p := c.panic.(type) {
	case nil:
	case *scope.PanicError:
		parts = append(parts, fmt.Sprintf("panics PanicError %v", p.Value))
		for _, err := range p.Others() {
			parts = append(parts, part(err))
		}
	default:
		parts = append(parts, fmt.Sprintf("panics %v", p))
	}
	if c.goexit {
		parts = append(parts, "goexit")
	}
	for _, err := range multierr.Errors(c.err) {
		parts = append(parts, part(err))
	}
	return parts
}

func part(err error) string {
	switch e := err.(type) {
	case *scope.TaskError:
		return fmt.Sprintf("task %s: %v", e.Task, e.Err)
	case *scope.DropError:
		return fmt.Sprintf("drop %s: %s", e.Guard, e.Outcome)
	case *scope.AbandonedError:
		return fmt.Sprintf("abandoned %s", e.Name)
	}
	return err.Error()
}

// logs is an slog.Handler that keeps a line for each record: its message and
// its attributes but for ages and stacks, which differ.
type logs struct {
	mu    sync.Mutex
	lines []string
}

func (l *logs) Enabled(context.Context, slog.Level) bool { return true }
func (l *logs) WithAttrs([]slog.Attr) slog.Handler       { return l }
func (l *logs) WithGroup(string) slog.Handler            { return l }

func (l *logs) Handle(_ context.Context, r slog.Record) error {
	line := strings.TrimPrefix(r.Message, "ebb: ")
	r.Attrs(func(a slog.Attr) bool {
		if a.Key != "stack" {
			line += fmt.Sprintf(" %s=%v", a.Key, a.Value)
		}
		return true
	})
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lines = append(l.lines, line)
	return nil
}

func (l *logs) with() scope.Option { return scope.WithLogger(slog.New(l)) }

// starting returns the lines that start with a prefix.
func (l *logs) starting(prefix string) (found []string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, line := range l.lines {
		if strings.HasPrefix(line, prefix) {
			found = append(found, line)
		}
	}
	return found
}

func (l *logs) want(t *testing.T, want ...string) {
	t.Helper()
	if got := l.starting(""); !slices.Equal(got, want) {
		t.Errorf("logged %q, want %q", got, want)
	}
}

// bubble counts the goroutines in the synctest bubble of the caller, without
// its own and those whose names are given.
func bubble() (n int, stacks string) {
	buf := make([]byte, 1<<20)
	buf = buf[:runtime.Stack(buf, true)]
	all := strings.Split(string(buf), "\n\n")
	_, own, ok := strings.Cut(all[0], "synctest bubble ")
	if !ok {
		panic("not in a bubble")
	}
	own, _, _ = strings.Cut(own, "]")
	var rest []string
	for _, g := range all[1:] {
		if strings.Contains(strings.SplitN(g, "\n", 2)[0], "synctest bubble "+own+"]") &&
			!strings.Contains(g, "synctest.Run(") && !strings.Contains(g, "testingSynctestTest(") && !strings.Contains(g, "synctest.testInBubble") {
			rest = append(rest, g)
		}
	}
	return len(rest), strings.Join(rest, "\n\n")
}

// reported is an option that stores the report in *r.
func reported(r **trace.Report) scope.Option {
	return scope.WithReport(func(got *trace.Report) { *r = got })
}

// entry returns the entry of that name.
func entry(t *testing.T, r *trace.Report, name string) trace.Entry {
	t.Helper()
	for _, e := range r.Entries {
		if e.Name == name {
			return e
		}
	}
	t.Fatalf("no entry %q in %+v", name, r)
	panic("unreachable")
}

func wantIs(t *testing.T, err, target error) {
	t.Helper()
	if !errors.Is(err, target) {
		t.Errorf("got error %v, want %v", err, target)
	}
}

func wantText(t *testing.T, err error, want string) {
	t.Helper()
	if err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
}

func wantTold(t *testing.T, c call, want ...string) {
	t.Helper()
	if got := c.told(); !slices.Equal(got, want) {
		t.Errorf("Run told %q, want %q", got, want)
	}
}

// adds returns a drop that writes its name into the journal.
func (j *journal) adds(name string) func(context.Context) error {
	return func(context.Context) error {
		j.add(name)
		return nil
	}
}

// must passes a value on, and panics with an error that nobody expected.
func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}
