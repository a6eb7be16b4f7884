package scopetest_test

import (
	"context"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/ebb-go/ebb/scope"
	"github.com/ebb-go/ebb/scope/scopetest"
)

// TestOpen: the scope lives while parallel subtests run, and is closed when the last
// has ended, after later cleanups; what ends with the test is no failure.
func TestOpen(t *testing.T) {
	var open atomic.Bool
	var order []string
	t.Run("group", func(t *testing.T) {
		s := scopetest.Open(t)
		open.Store(true)
		if _, err := scope.Defer(s, "db", func(ctx context.Context) error {
			if e := scope.ExitOf(ctx); e.Kind != scope.Canceled || ctx.Err() != nil {
				t.Errorf("exit %v, %v", e.Kind, ctx.Err())
			}
			open.Store(false)
			order = append(order, "db")
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		s.Go("poll", func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() })
		t.Cleanup(func() { order = append(order, "cleanup") })
		for _, name := range []string{"a", "b"} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				if !open.Load() || s.Context().Err() != nil {
					t.Error("closed before its parallel subtests have ended")
				}
			})
		}
	})
	if got := strings.Join(order, " "); got != "cleanup db" {
		t.Errorf("order %q, want cleanup db", got)
	}
}

// TestOpenFails: an error of the exit fails the test, the panic of a task with its
// stack; an error that the test has had itself does not.
func TestOpenFails(t *testing.T) {
	breaks := func(t testing.TB, opts ...scope.Option) *scope.Scope {
		s := scopetest.Open(t, opts...)
		if _, err := scope.Defer(s, "db", func(context.Context) error { return errBoom }); err != nil {
			t.Error(err)
		}
		return s
	}
	wantFailure(t, func(t testing.TB) { breaks(t) }, `scope "TestOpenFails": drop "db" (wave 0): boom`)
	wantFailure(t, func(t testing.TB) { breaks(t, scope.WithName("mine")) }, `scope "mine": drop "db"`)
	wantFailure(t, func(t testing.TB) {
		s := scopetest.Open(t)
		s.Go("t", func(context.Context) error { panic("kaboom") })
		<-s.Context().Done()
	}, "kaboom", "open_test.go:", `task "t"`)
	wantFailure(t, func(t testing.TB) { scopetest.Open(t, scope.WithGrace(-1)) }, "fatal: scopetest: ", "WithGrace")
	if got := failuresOf(t, func(t testing.TB) {
		if err := breaks(t).Close(t.Context()); err == nil {
			t.Errorf("no error")
		}
	}); len(got) > 0 {
		t.Errorf("failed: %q", got)
	}
}

// TestOpenReports: the log has the report if the test has failed, and only then.
func TestOpenReports(t *testing.T) {
	for _, fails := range []bool{false, true} {
		var r *recorder
		failuresOf(t, func(t testing.TB) {
			r = t.(*recorder)
			s := scopetest.Open(t)
			if _, err := scope.Defer(s, "db", func(context.Context) error { return nil }); err != nil {
				t.Error(err)
			}
			if fails {
				t.Errorf("for a reason of its own")
			}
		})
		logged := strings.Join(r.logged, "\n")
		if strings.Contains(logged, "db") != fails {
			t.Errorf("failed %v, logged %q", fails, logged)
		}
	}
}
