package scopetest

import (
	"time"

	"github.com/ebb-go/ebb/internal/fault"
	"github.com/ebb-go/ebb/trace"
)

// Err waits until the scope has closed and returns what [scope.Run] did: a
// [*scope.PanicError] if it panicked, and [scope.ErrGoexit] if the body called
// Goexit. The clock moves on meanwhile. A scope that does not close within an hour
// of virtual time ends the test, with the tree of what it waits for.
func (st *Tester) Err() error {
	st.t.Helper()
	st.join()
	return st.run.Wait()
}

// Report waits like [Tester.Err] and returns the report of the teardown.
func (st *Tester) Report() *trace.Report {
	st.t.Helper()
	st.join()
	return st.report
}

// join waits for the end, of which the test then knows.
func (st *Tester) join() {
	st.t.Helper()
	settle(st.t)
	if !st.awaited() {
		st.t.Fatalf("scopetest: %s", st.stuck())
	}
	st.seen = true
}

// WantOpen fails the test if the scope has closed, so that [scope.Run] has
// returned.
func (st *Tester) WantOpen() {
	st.t.Helper()
	settle(st.t)
	select {
	case <-st.closed:
		st.t.Errorf("scopetest: the scope has closed, want it open; all: %s", st.tell())
	default:
	}
}

// WantClosed fails the test unless the scope has closed by now. Other than
// [Tester.Err] it lets no time pass.
func (st *Tester) WantClosed() {
	st.t.Helper()
	settle(st.t)
	select {
	case <-st.closed:
	default:
		st.t.Errorf("scopetest: the scope has not closed; all: %s", st.tell())
	}
}

// WantErr waits like [Tester.Err] and fails the test unless the error is each of
// wants, in the sense of [errors.Is]; without any, unless there is none.
func (st *Tester) WantErr(wants ...error) {
	st.t.Helper()
	err := st.Err()
	if len(wants) == 0 && err != nil {
		st.t.Errorf("scopetest: the scope ended with %v, want no error", err)
	}
	for _, want := range wants {
		if !fault.Is(err, want) {
			st.t.Errorf("scopetest: the scope ended with %v, want %v among it", err, want)
		}
	}
}

// WantWithin waits like [Tester.Err] and fails the test if the exit took longer
// than budget: draining and teardown, from the moment the scope was canceled or
// its body had ended, as [scope.WithGrace] counts it. The clock is virtual, so the
// budget is exact. For the teardown alone see the function [WantWithin].
func (st *Tester) WantWithin(budget time.Duration) {
	st.t.Helper()
	st.join()
	st.mu.Lock()
	took := st.ended.Sub(st.began)
	st.mu.Unlock()
	if took > budget {
		st.t.Errorf("scopetest: the exit took %v, want at most %v\n%s", took, budget, text(st.report))
	}
}

// WantOrder is [WantOrder] on the scope's report, for which it waits.
func (st *Tester) WantOrder(names ...string) {
	st.t.Helper()
	WantOrder(st.t, st.Report(), names...)
}

// WantWaves is [WantWaves] on the scope's report, for which it waits.
func (st *Tester) WantWaves(waves [][]string) {
	st.t.Helper()
	WantWaves(st.t, st.Report(), waves)
}

// WantOutcome is [WantOutcome] on the scope's report, for which it waits.
func (st *Tester) WantOutcome(name, outcome string) {
	st.t.Helper()
	WantOutcome(st.t, st.Report(), name, outcome)
}
