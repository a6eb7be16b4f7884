package scopetest

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ebb-go/ebb/group"
	"github.com/ebb-go/ebb/scope"
	"github.com/ebb-go/ebb/trace"
)

// Tester holds a scope of its own open for a test, and steps through its exit.
// [New] makes one. Its methods are for the test's goroutine.
type Tester struct {
	t      testing.TB
	run    group.Tasks // the one call of scope.Run
	cancel context.CancelCauseFunc
	closed chan struct{} // closed when Run has returned; then report may be read
	report *trace.Report
	body   *StandIn
	cast   []*StandIn // all stand-ins, the body first
	seen   bool       // the test has asked what came of the exit

	// Written by the body before New returns.
	scope *scope.Scope
	ctx   context.Context // the body's, which the test's goroutine acts for

	mu    sync.Mutex // protects the following
	began time.Time  // when the scope was canceled, or its body had ended
	ended time.Time  // when Run returned
}

// New opens a scope with the given options and returns when its body runs. The
// body ends on [Tester.Exit], or when the scope is canceled or asked to stop. Log
// lines go to the test's output unless [scope.WithLogger] is given. Invalid options
// end the test.
//
// When the test has ended, New's cleanup lets the body and all stand-ins go and
// waits for the scope.
func New(t testing.TB, opts ...scope.Option) *Tester {
	t.Helper()
	settle(t)
	st := &Tester{t: t, closed: make(chan struct{})}
	var ctx context.Context
	ctx, st.cancel = context.WithCancelCause(context.WithoutCancel(t.Context()))
	st.body = newStandIn(t, "body", "body")
	st.body.tell = st.tell
	st.body.FinishWhenAsked()
	st.cast = append(st.cast, st.body)
	all := []scope.Option{scope.WithLogger(slog.New(slog.NewTextHandler(t.Output(), nil)))}
	all = append(all, opts...)
	all = append(all, scope.WithReport(func(r *trace.Report) { st.report = r }))
	st.run.Go(func(context.Context) error {
		defer close(st.closed)
		defer st.note(&st.ended)
		return scope.Run(ctx, st.hold, all...)
	})
	settle(t)
	if st.scope == nil {
		t.Fatalf("scopetest: %v", st.run.Wait())
	}
	st.body.scope = st.scope
	t.Cleanup(st.close)
	return st
}

// hold is the body of the scope.
func (st *Tester) hold(ctx context.Context, s *scope.Scope) error {
	//scopevet:ignore scopeescape a test uses them only while this function runs
	st.scope, st.ctx = s, ctx
	stop := context.AfterFunc(ctx, func() { st.note(&st.began) })
	defer stop()
	defer st.note(&st.began)
	return st.body.Run(ctx)
}

// note keeps the first moment at which something happened.
func (st *Tester) note(what *time.Time) {
	st.mu.Lock()
	defer st.mu.Unlock()
	if what.IsZero() {
		*what = time.Now()
	}
}

// Scope returns the scope under test.
func (st *Tester) Scope() *scope.Scope { return st.scope }

// Context returns the context of the scope's body, for what the test acquires in
// its place.
func (st *Tester) Context() context.Context { return st.ctx }

// Body returns the stand-in for the body of the scope. Unlike others it ends when
// it is asked to, as bodies do, until it is told otherwise.
func (st *Tester) Body() *StandIn { return st.body }

// Exit makes the body return nil, unless it has ended: the scope drains, and then
// it drops what it owns. It does not wait.
func (st *Tester) Exit() {
	st.body.obey(order{kind: endAt, end: func() error { return nil }})
}

// Interrupt cancels the context with which the scope was opened, as the owner of
// a program does on a signal; nil is [context.Canceled]. [scope.Scope.Cancel] and
// [scope.Scope.Stop] are other ways to end it early. It does not wait.
func (st *Tester) Interrupt(cause error) { st.cancel(cause) }

// close is the test's cleanup. Cleanups run last in, first out, so every stand-in
// but the body has been let go.
func (st *Tester) close() {
	st.t.Helper()
	st.body.letGo()
	if !st.awaited() {
		st.t.Errorf("scopetest: %s", st.stuck())
		return
	}
	if err := st.run.Wait(); err != nil && !st.seen {
		st.t.Errorf("scopetest: the scope ended with an error that the test did not ask for: %v", err)
	}
	st.cancel(nil)
}

// awaited waits until the scope has closed, for as long as there is hope.
func (st *Tester) awaited() bool {
	timer := time.NewTimer(patience)
	defer timer.Stop()
	select {
	case <-st.closed:
		return true
	case <-timer.C:
		return false
	}
}

// stuck says what the scope still waits for.
func (st *Tester) stuck() string {
	var b strings.Builder
	fmt.Fprintf(&b, "the scope has not closed within %v of virtual time\nall: %s\n", patience, st.tell())
	if err := st.scope.Snapshot().WriteText(&b); err != nil {
		fmt.Fprintf(&b, "snapshot: %v\n", err)
	}
	return b.String()
}

// tell returns the states of all stand-ins.
func (st *Tester) tell() string {
	all := make([]string, 0, len(st.cast))
	for _, f := range st.cast {
		all = append(all, f.String())
	}
	return strings.Join(all, ", ")
}
