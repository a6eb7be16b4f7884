package scope

import (
	"context"
	"github.com/ebb-go/ebb/internal/engine"
	"strings"
	"sync/atomic"
	"time"

	"github.com/ebb-go/ebb/internal/record"
)

// Node is something that a scope drops and that others can depend on: a
// [*Handle], a [*LazyHandle], a [*Slot], a [*Slots], a [*Daemon], or a [*Scope] made by
// [Scope.Child]. The set is sealed.
type Node interface {
	// Name returns the name of the node, unique in its scope.
	Name() string
	asNode() *node // nil: a scope that is no child
}

// resource is what a node is the shell of.
type resource interface {
	// beginDrop, callDrop and endDrop give the thing up, on a goroutine of the
	// engine, in three steps: so that nothing of the first lies on the stack while the
	// second is running. beginDrop blocks until the thing is not in use, and returns
	// the context for callDrop. It returns begun false, with what the drop has come
	// to, if that was another's; then the others are not called. callDrop may panic or
	// call Goexit. endDrop hears its outcome whatever becomes of it.
	beginDrop(ctx context.Context) (inside context.Context, begun bool, err error)
	callDrop(ctx context.Context) error
	endDrop(err error, panicked bool)

	kind() string // guard, daemon or child
	typ() string  // of the value, for spans and reports; may be empty
}

// undivided is embedded by a resource whose drop has one step.
type undivided struct{}

func (undivided) beginDrop(ctx context.Context) (context.Context, bool, error) { return ctx, true, nil }
func (undivided) endDrop(error, bool)                                          {}

// nodeState is how far the drop of a node is.
type nodeState uint32

const (
	pending  nodeState = iota // being opened or started; not in the graph
	live                      // left when its drop begins, or it is released or moved
	ending                    // its drop has begun; left when that has ended
	released                  // terminal: its value was handed out, or moved to another scope; or it is a daemon that has ended by itself
	gone                      // terminal: its drop has ended, or was given up
)

// node is the part that all nodes have in common: its place in the graph of its
// scope, and the one run of its drop, early or in the teardown.
type node struct {
	vertex   engine.Node
	s        *Scope // that owns it; never changed, since MoveTo makes another node
	resource resource
	drop     frame // the context of the drop

	// Written with s.mu held, but by a drop that begins and ends alone.
	state atomic.Uint32

	// Guarded by s.mu.
	numbered bool                   // its name has a number that it was not given
	born     age                    // set when it is registered
	rarely   atomic.Pointer[rarely] // nil: none; a drop that ends alone asks for that without the lock
}

// rarely is what few nodes have. (Apart, it makes the guard of a request a
// quarter smaller.) It is guarded by the scope's mu.
type rarely struct {
	uses    []use                   // while pending: what it uses in its own scope
	above   []use                   // what it depends on in the scopes above
	exit    *Exit                   // that its drop sees, if an open function that failed gives it up
	made    []*node                 // while it is opened: what its open function has acquired or started
	early   *earlyDrop              // the record of its drop, until it is gone; nil: no call has asked
	dropErr error                   // of the drop, as those that wait for it get it; from state gone on
	site    string                  // where an early drop or a release was asked for
	record  dropRecord              // of its drop, once it begins, if anybody looks
	stop    context.CancelCauseFunc // cancels an early drop that runs
	began   time.Time               // an early drop did
	cut     bool                    // an early drop was canceled, since the teardown has no more time for it
	values  []*kept                 // of slots, that it keeps until it is gone
	named   bool                    // its name was taken before it is registered
}

func (n *node) is() nodeState   { return nodeState(n.state.Load()) }
func (n *node) set(s nodeState) { n.state.Store(uint32(s)) }

// rarelyLocked returns what few nodes have, to be read while the lock is held: all
// zero for most.
func (n *node) rarelyLocked() *rarely {
	if x := n.rarely.Load(); x != nil {
		return x
	}
	return new(rarely)
}

// makeRarelyLocked returns what few nodes have, to be set.
func (n *node) makeRarelyLocked() *rarely {
	x := n.rarelyLocked()
	n.rarely.Store(x)
	return x
}

func nodeOf(n *engine.Node) *node { return n.Dropper().(*node) }

func (n *node) name() string { return n.vertex.Name() }

// written is the name as it is written in the code, for the names of spans.
func (n *node) written() string { return n.trim(n.name()) }

// trim takes the number off the unique name of n that it was not given.
func (n *node) trim(name string) string {
	if v, ok := n.resource.(interface{ slotNode() *node }); ok && v.slotNode() != nil {
		return v.slotNode().written() // which is followed by a number or key
	}
	if n.numbered {
		name = name[:strings.LastIndexByte(name, '#')]
	}
	return name
}

// A use is something that a node depends on and that its own graph does not know:
// what it uses while it is not registered, and what it depends on in the scopes above.
type use struct {
	to  *node
	pin *engine.Pin // nil: an edge in the graph of to keeps it, or the user may give it away

	below bool // only what lies in the user uses it, and has pinned it
}

// An earlyDrop is the record of the drop of a node, which all calls join that ask for it
// while it is not gone: the run that was begun for it while the scope lived or, without
// one, a run to which it belongs anyhow, of a tree or the teardown. The node leads to it.
type earlyDrop struct {
	node    *node
	tree    bool          // its dependents too
	bound   time.Time     // of the Close of a child: the deadline of its context; zero is none
	done    chan struct{} // closed when it has ended
	err     error         // read after done
	over    chan struct{} // closed when run has ended; nil without
	run     *engine.Early // guarded by the scope's mu: nil without, and once the teardown has taken the node over
	waiters int           // guarded by the scope's mu: callers that will hear err
	unheard error         // guarded by the scope's mu: of the run, which has ended: Run's if the last waiter gives up

	// concluded, guarded by the scope's mu, is set if the exit was over before the run:
	// to the nodes whose ends have been reported by then.
	concluded map[*node]bool

	prev, next *earlyDrop // in the list of those that have not ended; guarded by the scope's mu
}

// dropRecord is what spans and reports show of a drop. It is shared
// by the goroutine that runs the drop and the one that abandons it, so its
// fields are guarded by the scope's mu.
type dropRecord struct {
	wave    int
	queued  time.Time
	by      *engine.Node // which released it
	started time.Time
	uses    []string         // what it depends on; not to be changed
	span    *record.DropSpan // nil before it is started
}

// below reports whether a is an ancestor of s.
func (s *Scope) below(a *Scope) bool {
	for p := s.parent; p != nil; p = p.parent {
		if p == a {
			return true
		}
	}
	return false
}
