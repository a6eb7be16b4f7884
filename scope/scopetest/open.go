package scopetest

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"github.com/ebb-go/ebb/scope"
	"github.com/ebb-go/ebb/trace"
)

// openGrace is how long the exit of a scope made by Open may take: well below the
// timeout of a test binary, which would end it without a name for what hangs.
const openGrace = 30 * time.Second

// Open opens a scope that lives as long as the test t and its subtests, parallel ones
// too, in real time: the place for what they have in common, such as a database, a
// server or a container. Unlike [New] it needs no bubble.
//
// The context of the scope ends with that of t, just before the cleanups. The scope is
// closed in a cleanup of t, so after what the test has registered since: the tasks are
// awaited, and all that it owns is dropped in waves, which see the exit Canceled. An
// error of the exit fails the test, that of a task that has failed or panicked while
// the test ran too. If the test has failed, for whatever reason, the report of the
// teardown is in its log. A test that has closed the scope itself has had the error,
// and is not failed by it.
//
// Log lines go to the output of the test. The options come after the defaults: t's
// name, a grace of 30 s, and [scope.WithPanicAsError]. Options that are not valid end
// the test. Open may be called more than once, by tests and by benchmarks.
func Open(t testing.TB, opts ...scope.Option) *scope.Scope {
	t.Helper()
	var report *trace.Report
	all := []scope.Option{
		scope.WithName(t.Name()), scope.WithGrace(openGrace), scope.WithPanicAsError(),
		scope.WithLogger(slog.New(slog.NewTextHandler(t.Output(), nil))),
	}
	all = append(all, opts...)
	all = append(all, scope.WithReport(func(r *trace.Report) { report = r }))
	s, err := scope.Open(t.Context(), all...)
	if err != nil {
		t.Fatalf("scopetest: %v", err)
	}
	t.Cleanup(func() {
		t.Helper()
		closedBefore := s.Snapshot().State == "closed"
		s.Cancel(nil) // the context of t has ended, unless t is not testing's own
		err := s.Close(context.WithoutCancel(t.Context()))
		if err != nil && err != context.Canceled && !closedBefore { // the bare cause: nothing has failed
			t.Errorf("scopetest: the scope that lives as long as the test has ended with: %+v", err)
		}
		if t.Failed() && report != nil {
			t.Logf("scopetest: the exit of the scope:\n%s", text(report))
		}
	})
	return s
}
