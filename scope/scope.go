package scope

import (
	"context"
	"github.com/ebb-go/ebb/internal/engine"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/ebb-go/ebb/internal/record"
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
	undivided
	body    frame       // its context is the scope's
	context lazyContext // of the body; daemons and drops get its base, without its cancellation

	// Immutable once the scope is open.
	name         string
	parent       *Scope           // whose life bounds this one's; nil for a root
	opener       *frame           // where Run or Child was called, maybe an opening; nil for a root
	within       *frame           // whose lexical child it is; nil for a root and for a child
	borrowed     *borrowing       // what Run was called in; nil for most
	self         *node            // the node in the parent, for a child
	inherited    *inherited       // nil: all defaults
	config       *config          // nil: none
	rec          *record.Recorder // nil: nothing is recorded
	grace        time.Duration
	dropTimeout  time.Duration
	schedule     Schedule
	supervisor   bool
	watched      bool // spans, metrics, a report or the live page have what happens in it
	foreign      bool // the context that it, or a scope around it, was opened in is not known
	ownInherited bool // inherited is this scope's own copy
	timed        bool // something above can abandon what runs in it, but nothing here

	uncounted     atomic.Int32 // how many more nodes are live than the meter has counted
	teardownAlone bool         // see node.begin; set before the first drop of the teardown starts

	timing atomic.Pointer[clock] // see clock; nil: nothing can abandon what runs here

	graph   engine.Graph // of nodes: guards, daemons, children
	decided *decision    // written before the first drop of the teardown starts; nil: the exit has succeeded

	mu         sync.Mutex // protects the following, and the fields of frames, nodes and tasks that say so
	state      state
	echoed     bool       // an error was left out because it only repeated the cause
	limits     bool       // a node has a limit of its own; only read once nothing more is registered
	started    int32      // tasks so far
	nested     *Scope     // the newest lexical child
	prev, next *Scope     // in the parent's list of lexical children; guarded by the parent's mu
	tasks      *task      // the newest running task
	openings   *opening   // the newest open that is in progress
	epoch      time.Time  // when the first of what has an age began; zero before
	exitState  *exitState // nil: none
	names      *nameSet   // of the nodes; nil before the first
}

// Name returns the name given by [WithName] or [Scope.Child], "scope" without
// one; for a child it is the unique one. Once the body of a Run with [WithFinalName] has
// ended, it is what that gave.
func (s *Scope) Name() string {
	if c := s.config; c != nil {
		if renamed := c.renamed.Load(); renamed != nil {
			return *renamed
		}
	}
	return s.name
}

// Path returns the names from the root to the scope, joined by slashes.
func (s *Scope) Path() string {
	if s.parent == nil {
		return s.Name()
	}
	var names []string
	for ; s != nil; s = s.parent {
		if !s.isInside() {
			names = append(names, s.Name())
		}
	}
	slices.Reverse(names)
	return strings.Join(names, "/")
}

// Context returns the scope's context. It is canceled, with a cause, when the
// scope is, and when it has closed with one that is ErrClosed and [context.Canceled].
func (s *Scope) Context() context.Context { return &s.body }

// From returns the scope in whose body, task, daemon, open or drop function ctx
// was handed out. In the open function of a [Slot] or of [Slots] that is a scope of the
// value: what is acquired or started on it is dropped with the value.
func From(ctx context.Context) (*Scope, bool) {
	f := frameOf(ctx)
	if f == nil {
		return nil, false
	}
	if f.kind == openingFrame {
		if v, ok := f.node.resource.(interface{ made() *Scope }); ok {
			return v.made(), true
		}
	}
	return f.s, true
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

// advanceLocked takes the scope to its next state.
func (s *Scope) advanceLocked(to state) {
	if s.watched && s.inspector() != nil && s.state != to {
		s.config.since = time.Now() // only the live page shows how long it has been there
	}
	s.state = to
}

// An age is since when something has been there, counted from the epoch of its
// scope. It takes a third of the room of a [time.Time].
type age time.Duration

// ageLocked is the age of what begins now.
func (s *Scope) ageLocked() age {
	if s.epoch.IsZero() {
		s.epoch = time.Now()
		return 0
	}
	return age(time.Since(s.epoch))
}

// sinceLocked returns for how long what has that age has been there.
func (s *Scope) sinceLocked(a age) time.Duration { return time.Since(s.epoch) - time.Duration(a) }
