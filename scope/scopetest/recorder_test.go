package scopetest_test

import (
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"
)

var errBoom = errors.New("boom")

// recorder is a testing.TB whose failures are what the test is about.
type recorder struct {
	testing.TB
	failures []string
	logged   []string
	cleanups []func()
}

func (r *recorder) Helper()                   {}
func (r *recorder) Cleanup(f func())          { r.cleanups = append(r.cleanups, f) }
func (r *recorder) Errorf(f string, a ...any) { r.failures = append(r.failures, fmt.Sprintf(f, a...)) }

func (r *recorder) Logf(f string, a ...any) { r.logged = append(r.logged, fmt.Sprintf(f, a...)) }
func (r *recorder) Failed() bool            { return len(r.failures) > 0 }

func (r *recorder) Fatalf(f string, a ...any) {
	r.Errorf("fatal: "+f, a...)
	runtime.Goexit()
}

// failuresOf runs f as a test, with its cleanups, and returns how it failed. It
// runs on a goroutine of its own, which a Fatalf can end.
func failuresOf(t *testing.T, f func(t testing.TB)) []string {
	t.Helper()
	r := &recorder{TB: t}
	step := func(f func()) {
		done := make(chan struct{})
		go func() {
			defer close(done)
			f()
		}()
		<-done
	}
	step(func() { f(r) })
	for k := len(r.cleanups) - 1; k >= 0; k-- {
		step(r.cleanups[k])
	}
	return r.failures
}

// wantFailure runs f as a test and fails t unless that fails exactly once, with a
// text that has all the parts.
func wantFailure(t *testing.T, f func(t testing.TB), parts ...string) {
	t.Helper()
	got := failuresOf(t, f)
	if len(got) != 1 {
		t.Fatalf("got %d failures, want one: %q", len(got), got)
	}
	for _, part := range parts {
		if !strings.Contains(got[0], part) {
			t.Errorf("failure lacks %q:\n%s", part, got[0])
		}
	}
}
