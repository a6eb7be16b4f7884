package scopetest

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/ebb-go/ebb/internal/fault"
	"github.com/ebb-go/ebb/scope"
)

// phase is how far the one run of a stand-in is.
type phase uint8

const (
	waiting phase = iota // not called so far; left when Run or Drop is called
	running              // left when that returns, panics or calls Goexit
	ended                // terminal
)

// node is embedded, so that a stand-in is a [scope.Node] itself.
type node = scope.Node

// StandIn is a function that ends when and how the test tells it, in the place
// of a guard, a daemon, a task, a child or a body. A [Tester] makes one in its
// scope, [NewStandIn] one for any other. It runs once; a second call fails the
// test.
//
// A stand-in that was told nothing goes on. When the time for its drop is up, so
// that its context is canceled with a [scope.DropTimeoutError], it ends with that
// error, as good code does; to be canceled or asked to stop before that is no
// reason to end, so that the test can look. [StandIn.FinishWhenAsked] and
// [StandIn.Hang] change this. What it was told last counts.
//
// It is a [scope.Node], for DependsOn, where it stands for a guard, a daemon or a
// child; to depend on another is refused with [scope.ErrForeign].
type StandIn struct {
	node

	t     testing.TB
	kind  string
	name  string
	scope *scope.Scope // it stands in, or for a child that it stands for
	tell  func() string

	mu      sync.Mutex // protects the following
	phase   phase
	since   time.Time       // when the phase began
	drop    bool            // it runs as a drop function
	asked   <-chan struct{} // closed when the run is asked to end
	order   order           // what it was told last
	changed chan struct{}   // closed, and replaced, when it is told something new
}

// NewStandIn returns a stand-in that the test places itself: [StandIn.Run] as a
// task, daemon, open function or body, or [StandIn.Drop] as a drop function. The
// end of the test lets it go.
func NewStandIn(t testing.TB, name string) *StandIn {
	t.Helper()
	settle(t)
	return newStandIn(t, "function", name)
}

func newStandIn(t testing.TB, kind, name string) *StandIn {
	f := &StandIn{
		// A scope that is nobody's child has no place in a graph.
		node: new(scope.Scope),
		t:    t, kind: kind, name: name, since: time.Now(), changed: make(chan struct{}),
	}
	t.Cleanup(f.letGo)
	return f
}

// Name returns the name it was given; in a scope, the one that is unique there.
func (f *StandIn) Name() string {
	if s, ok := f.node.(*scope.Scope); ok && s != f.scope {
		return f.name
	}
	return f.node.Name()
}

// Scope returns the scope that a child stand-in is, and else the one in which the
// stand-in was made; nil for one of [NewStandIn].
func (f *StandIn) Scope() *scope.Scope { return f.scope }

// String returns what it stands for, its name and its state.
func (f *StandIn) String() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return fmt.Sprintf("%s %q %v", f.kind, f.Name(), f.stateLocked())
}

// Run blocks until the stand-in is told to end, and returns, panics or calls
// Goexit as it was told. Pass the method as a task, daemon, open function or body.
func (f *StandIn) Run(ctx context.Context) error { return f.play(ctx, false) }

// Drop is [StandIn.Run] for a drop function: that it is called means that it is
// asked to end.
func (f *StandIn) Drop(ctx context.Context) error { return f.play(ctx, true) }

func (f *StandIn) play(ctx context.Context, drop bool) error {
	asked := ctx.Done()
	if !drop {
		asked = scope.Stopping(ctx)
	}
	if !f.begin(asked, drop) {
		f.t.Errorf("scopetest: %s %q was called a second time", f.kind, f.Name())
		return fmt.Errorf("%s %q was called a second time", f.kind, f.Name())
	}
	defer f.move(ended)
	return f.follow(ctx, drop)
}

// begin starts the one run there is.
func (f *StandIn) begin(asked <-chan struct{}, drop bool) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.phase != waiting {
		return false
	}
	f.phase, f.since = running, time.Now()
	f.asked, f.drop = asked, drop
	return true
}

func (f *StandIn) move(to phase) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.phase, f.since = to, time.Now()
}

// follow does what the stand-in is told until that is to end.
func (f *StandIn) follow(ctx context.Context, drop bool) error {
	over := ctx.Done()
	for {
		f.mu.Lock()
		o, changed, began := f.order, f.changed, f.since
		f.mu.Unlock()
		var due <-chan time.Time
		var asked <-chan struct{}
		watch := over
		switch o.kind {
		case endAt:
			left := time.Until(o.from(began))
			if left <= 0 {
				return o.end()
			}
			due = time.After(left)
		case endWhenAsked:
			if drop {
				return o.end()
			}
			asked, watch = f.asked, nil
		case hang:
			watch = nil
		}
		select {
		case <-changed:
		case <-due:
			return o.end()
		case <-asked:
			return context.Cause(ctx)
		case <-watch:
			if cause := context.Cause(ctx); drop || outOfTime(cause) {
				return cause
			}
			over = nil // canceled, but its time is not up: the test has the word
		}
	}
}

// outOfTime reports whether a context was canceled at the deadline of a drop.
func outOfTime(cause error) bool {
	_, late := fault.As[*scope.DropTimeoutError](cause)
	return late
}
