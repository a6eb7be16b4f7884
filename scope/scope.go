package scope

import (
	"context"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/ebb-go/ebb/group"
	"github.com/ebb-go/ebb/trace"
)

// state is what a scope accepts. It only moves down the list.
type state uint8

const (
	open     state = iota // accepts everything; left when the body has returned
	draining              // tasks end; accepts what open does; left when the last task and lexical child have ended
	dropping              // waves run; registration is refused; left when the last has ended
	closed                // terminal
)

// String returns the state in lower case, as snapshots have it.
func (s state) String() string {
	return [...]string{"open", "draining", "dropping", "closed"}[s]
}

// A Scope owns tasks, daemons, child scopes and guarded resources, and gives
// them up in order when it exits. [Run] and [Scope.Child] make one. All methods
// may be called from any goroutine, also after the scope has closed.
type Scope struct {
	body    frame       // its context is the scope's
	context lazyContext // of the body; daemons and drops get its base, without its cancellation

	// Immutable once the scope is open.
	name         string
	parent       *Scope          // whose life bounds this one's; nil for a root
	opener       *frame          // where Run or Child was called, maybe an opening; nil for a root
	within       *frame          // whose lexical child it is; nil for a root and for a child
	borrowed     *borrowing      // what Run was called in; nil for most
	self         *node           // the node in the parent, for a child
	inherited    *inherited      // nil: all defaults
	config       *config         // nil: none
	rec          *trace.Recorder // nil: nobody records
	grace        time.Duration
	dropTimeout  time.Duration
	schedule     Schedule
	supervisor   bool
	foreign      bool // the context that it, or a scope around it, was opened in is not known
	ownInherited bool // inherited is this scope's own copy

	uncounted     atomic.Int32 // how many more nodes are live than the meter has been told
	teardownAlone bool         // see node.begin; set before the first drop of the teardown starts

	timing atomic.Pointer[clock] // see clock; nil: nothing can abandon what runs here

	graph group.Graph // of nodes: guards, daemons, children
	end   *closing    // written before the first drop of the teardown starts; nil: the exit has succeeded

	mu         sync.Mutex // protects the following, and the fields of frames, nodes and tasks that say so
	state      state
	echoed     bool       // an error was left out because it only repeated the cause
	limits     bool       // a node has a limit of its own; only read once nothing is registered any more
	started    int32      // tasks so far
	nested     *Scope     // the newest lexical child
	prev, next *Scope     // in the parent's list of lexical children; guarded by the parent's mu
	tasks      *task      // the newest running task
	openings   *opening   // the newest open that is in progress
	epoch      time.Time  // when the first of what has an age began; zero before
	exitState  *exitState // nil: none
	names      *nameSet   // of the nodes; nil before the first
}

// clock returns what is known of time, or nil. It is set before the scope opens, or
// by a Close with a deadline.
func (s *Scope) clock() *clock { return s.timing.Load() }

// clock is what a scope must know of time if something can abandon what runs in
// it: a grace or a limit of its own, or of a scope around it. Other scopes, and
// those of most requests are such, do without.
type clock struct {
	opened time.Time // immutable

	// Guarded by the scope's mu.
	left       time.Time     // when the body returned; zero before
	graceFrom  time.Time     // when the grace began; zero before
	canceledAt time.Time     // when the cancellation was noticed; zero before
	cut        error         // with what it was canceled when its time was up; nil before
	filled     chan struct{} // closed, and nil again, when a drain that has found nothing to drop gets something
	stopTimer  *time.Timer   // cancels what was only asked to stop
	unwatch    func() bool   // of the watch on the context, with a grace
}

// age returns for how long the scope has been open; 0 for no clock.
func (c *clock) age(now time.Time) time.Duration {
	if c == nil {
		return 0
	}
	return now.Sub(c.opened)
}

// exitState is what most scopes never see. All is guarded by the scope's mu.
type exitState struct {
	failures  []failure // of the body, tasks and early drops
	daemon    failure   // of the first daemon that failed before it was asked
	stopCause error     // set by Stop, here or above; never nil then
	refused   refusals
	turned    bool            // a child: its turn has come
	turn      error           // a child was canceled with that because its turn had come
	early     *earlyDrop      // the newest early drop that has not ended
	drained   *drained        // nil: nothing looks, or nothing has happened yet
	collected bool            // what fails from here on is logged, for it comes too late for Run
	contained map[string]bool // sorts of foreign code of which it was logged that they failed
}

func (s *Scope) exitStateLocked() *exitState {
	if s.exitState == nil {
		s.exitState = new(exitState)
	}
	return s.exitState
}

func (s *Scope) failuresLocked() []failure {
	if s.exitState == nil {
		return nil
	}
	return s.exitState.failures
}

func (s *Scope) failLocked(f failure) {
	in := s.exitStateLocked()
	in.failures = append(in.failures, f)
}

// closing is what becomes of a scope, if there is anything to tell of it.
type closing struct {
	exit     Exit
	by       failure         // what has decided it
	cause    error           // with which it was canceled or asked to stop; nil: it was not
	teardown *trace.Teardown // nil: nobody records

	faults *faults // of a child that has closed; guarded by its mu
}

// Name returns the name given by [WithName] or [Scope.Child], "scope" without
// one; for a child it is the unique one.
func (s *Scope) Name() string { return s.name }

// Path returns the names from the root to the scope, joined by slashes.
func (s *Scope) Path() string {
	if s.parent == nil {
		return s.name
	}
	var names []string
	for ; s != nil; s = s.parent {
		names = append(names, s.name)
	}
	slices.Reverse(names)
	return strings.Join(names, "/")
}

// Context returns the scope's context. It is canceled, with a cause, when the
// scope is, and when it has closed with one that is ErrClosed and [context.Canceled].
func (s *Scope) Context() context.Context { return &s.body }

// From returns the scope in whose body, task, daemon, open or drop function ctx
// was handed out.
func From(ctx context.Context) (*Scope, bool) {
	if f := frameOf(ctx); f != nil {
		return f.s, true
	}
	return nil, false
}

// uniqueLocked returns name, or name with a number that makes it unique.
func (s *Scope) uniqueLocked(name string) string {
	if s.names == nil {
		s.names = new(nameSet)
	}
	return s.names.take(name)
}

// cause returns why the scope's context has ended, and nil before. The context
// that the scope was opened in may be anybody's code, so no lock is held.
func (s *Scope) cause() error {
	if s.body.Err() == nil {
		return nil
	}
	return context.Cause(s.body.Context)
}

func (s *Scope) logger() *slog.Logger {
	if s.inherited != nil && s.inherited.logger != nil {
		return s.inherited.logger
	}
	return slog.Default()
}

func (s *Scope) slow() time.Duration {
	if s.inherited != nil && s.inherited.slow > 0 {
		return s.inherited.slow
	}
	return defaultSlow
}

func (s *Scope) inspector() *trace.Inspector {
	if s.inherited == nil {
		return nil
	}
	return s.inherited.inspector
}

// advanceLocked takes the scope to its next state.
func (s *Scope) advanceLocked(to state) {
	if s.inspector() != nil && s.state != to {
		s.config.since = time.Now() // nobody else looks at how long it has been there
	}
	s.state = to
}
