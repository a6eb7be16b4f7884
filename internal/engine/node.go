package engine

import (
	"context"
	"time"

	"github.com/ebb-go/ebb/internal/fault"
)

// A Dropper is what a node of a [Graph] drops. A graph calls Drop once, on a
// goroutine of its own; only for a node that was claimed with [Graph.Claim] may
// that call come beside one by the claimant.
//
// What Drop returns is an error of the drop, whatever it wraps; only a [*Caught] is
// not. A panic of Drop, and a call of runtime.Goexit, are contained.
type Dropper interface {
	Drop(ctx context.Context) error
}

// Caught is what a [Dropper] returns that knows more of its outcome than that there
// was an error: the drop function did not return, which the Dropper has caught
// itself, or it returned Err because its time was up.
type Caught struct {
	Err error
	// The outcome is goexit, or timeout, or else panic.
	Goexit, Timeout bool
}

// Error is that of Err.
func (c *Caught) Error() string { return fault.Text(c.Err) }

// Unwrap returns Err.
func (c *Caught) Unwrap() error { return c.Err }

// A Canceler is a Dropper whose running drop can be canceled from outside.
// CancelDrop is called when a second run waits for a drop that an earlier one has
// begun, and the time that the second has for it is up. It must not block.
type Canceler interface {
	Dropper
	CancelDrop(cause error)
}

// A Turner is a Dropper whose Turn is called when its turn in a second run has come
// while an earlier one is dropping it. It must not block.
type Turner interface {
	Dropper
	Turn()
}

// An Abandoner is a Dropper that hears at once when a run has given it up: its drop was
// abandoned, or was skipped and will not be called. What waits for it need not wait for
// the end of the run. Abandoned must not block.
type Abandoner interface {
	Dropper
	Abandoned(o Outcome)
}

// dropFunc makes a Dropper of a function. A func value is one pointer, so the
// conversion allocates nothing.
type dropFunc func(ctx context.Context) error

func (f dropFunc) Drop(ctx context.Context) error { return f(ctx) }

// Spec says what a node is, for [Graph.Insert]. Deps is copied; a node that is
// in it twice counts once.
type Spec struct {
	Name    string
	Dropper Dropper
	Deps    []*Node
	Users   []*Node       // that are to depend on it; those that are claimed or gone are left out
	User    bool          // a daemon or a child: not among what All means
	All     bool          // depends on every node in the graph now that is no User; O(1) however many
	Hold    bool          // see [Node.Hold]
	Timeout time.Duration // of this drop; 0: the option Timeout's
}

// A Node is one guard in a [Graph]. Its zero value is ready for
// [Graph.Insert], which must be called once and before anything else; after
// that it must not be copied. All methods are safe for concurrent use.
type Node struct {
	// Set by Insert, then immutable.
	name    string
	dropper Dropper
	graph   *Graph
	timeout time.Duration
	seq     uint64 // place in the order of registration
	user    bool

	// Protected by graph.mu.
	state      state
	hold       bool
	all        bool    // taken away by Leave only, which no node in a run is subject to
	early      bool    // its drop was begun by an early run; set before that, then immutable
	leaving    bool    // it has ended by itself, and is gone as soon as nothing depends on it
	dependents int32   // nodes in the graph with an edge to this one, implied ones not counted
	slot       int32   // scratch of whoever holds graph.mu
	wave       int32   // in the newest run
	pins       *Pin    // the newest
	deps       []*Node // distinct; grows by Depend while live, nil once gone
}

// state says who may act on a node. It moves down this list, but for Unclaim. When
// the teardown of a graph has been planned it means nothing: all nodes are the
// teardown's, but for those whose early drop runs already.
type state uint8

const (
	live     state = iota // left by Claim, Remove, Drop, DropTree
	claimed               // left by the claimant's Remove and Unclaim, or into a run
	planned               // in an early run, which has not come to it; left when it does, or by a teardown that takes it over
	dropping              // in a run; left when the drop has ended or was abandoned
	gone                  // terminal: not in the graph any more
)

// Name returns the name that the node was registered with.
func (n *Node) Name() string { return n.name }

// Dropper returns what the node drops.
func (n *Node) Dropper() Dropper { return n.dropper }

// Spec returns what [Graph.Insert] was told, but for Deps, which change; see
// [Graph.Dependencies].
func (n *Node) Spec() Spec {
	return Spec{Name: n.name, Dropper: n.dropper, User: n.user, All: n.all, Hold: n.holds(), Timeout: n.timeout}
}

// Label names a node before it is inserted, for those who have to speak of it
// already. Insert gives it the name that it then has.
func (n *Node) Label(name string) {
	if n.name != name { // else a daemon that is being started may be reading it
		n.name = name
	}
}

// Hold says: if this node is abandoned, do not drop what it depends on, directly
// or not; those end as skipped. It counts for teardowns that begin later.
func (n *Node) Hold() {
	n.graph.mu.Lock()
	defer n.graph.mu.Unlock()
	n.hold, n.graph.special = true, true
}

func (n *Node) holds() bool {
	n.graph.mu.Lock()
	defer n.graph.mu.Unlock()
	return n.hold
}

// Early reports whether the drop of the node was begun by an early run: by Drop or
// DropTree, and not by Teardown.
func (n *Node) Early() bool {
	n.graph.mu.Lock()
	defer n.graph.mu.Unlock()
	return n.early
}

// Wave returns the wave that the running or last teardown put the node in; 0
// before any.
func (n *Node) Wave() int {
	n.graph.mu.Lock()
	defer n.graph.mu.Unlock()
	return int(n.wave)
}

// inRun reports whether n is in a run that has not ended it.
func (n *Node) inRun() bool { return n.state == planned || n.state == dropping }

// in reports whether n is one of g's, which a nil or zero node is not.
func (n *Node) in(g *Graph) bool { return n != nil && n.graph == g }

// implies reports whether n depends on m by way of its All.
func (n *Node) implies(m *Node) bool { return n.all && !m.user && m.seq < n.seq }
