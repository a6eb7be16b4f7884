package engine

import (
	"context"
	"time"

	"github.com/ebb-go/ebb/internal/fault"
)

// A Dropper is what a node of a [Graph] drops. The graph calls Drop at most once. A
// node that was claimed with [Graph.Claim] is the exception to "at most one call":
// a teardown that comes to it calls Drop beside whatever its claimant does.
//
// An error that Drop returns is an error of the drop, whatever it wraps, unless it
// is a [*Caught]. A panic of Drop and a call of runtime.Goexit are contained.
type Dropper interface {
	Drop(ctx context.Context) error
}

// Caught is the error of a [Dropper] that knows more of its outcome than that there
// was an error: its drop function did not return, and the Dropper contained that
// itself, or the drop function returned Err because its time was up.
type Caught struct {
	Err error
	// The outcome is goexit, or timeout, or else panic.
	Goexit, Timeout bool
}

// Error returns the text of Err.
func (c *Caught) Error() string { return fault.Text(c.Err) }

// Unwrap returns Err.
func (c *Caught) Unwrap() error { return c.Err }

// A Canceler is a Dropper whose running drop can be canceled from outside. A run
// that waits for a drop of an earlier run calls CancelDrop when its own time for
// that drop is up. CancelDrop must not block.
type Canceler interface {
	Dropper
	CancelDrop(cause error)
}

// A Turner is a Dropper that is notified of its turn in a second run while an
// earlier run is dropping it. Turn must not block.
type Turner interface {
	Dropper
	Turn()
}

// An Abandoner is a Dropper that is notified as soon as a run has given it up: its drop
// was abandoned, or was skipped and will not be called. So what waits for the drop need
// not wait for the end of the run. Abandoned must not block.
type Abandoner interface {
	Dropper
	Abandoned(o Outcome)
}

// dropFunc makes a Dropper of a function. A func value is one pointer, so the
// conversion allocates nothing.
type dropFunc func(ctx context.Context) error

func (f dropFunc) Drop(ctx context.Context) error { return f(ctx) }

// Spec describes a node to [Graph.Insert]. Deps is copied, and a node that is in it
// twice counts once.
type Spec struct {
	Name    string
	Dropper Dropper
	Deps    []*Node
	Users   []*Node       // are to depend on the node; those that are claimed or gone are left out
	User    bool          // a daemon or a child, which the All of another node does not include
	All     bool          // depends on every node now in the graph that is no User; takes constant time
	Hold    bool          // see [Node.Hold]
	Timeout time.Duration // of this drop; 0: that of the options
}

// A Node is one guard in a [Graph]. Its zero value is ready for [Graph.Insert],
// which must be called once and before any other method; from then on the node must
// not be copied. All methods are safe for concurrent use.
//
// A node lives under the lock of its graph, not under one of its own: an edge
// concerns two nodes, and what may be dropped concerns all of them.
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
	all        bool    // cleared by Leave only, and so never while the node is in a run
	early      bool    // an early run began its drop; set before that drop begins, then immutable
	leaving    bool    // it has ended by itself and is gone as soon as nothing depends on it
	dependents int32   // nodes in the graph with an edge of their own to this one; implied edges do not count
	slot       int32   // scratch: valid only while graph.mu is held without interruption
	wave       int32   // in the newest run
	pins       *Pin    // the newest
	deps       []*Node // distinct, in no order once an edge has been cut; nil once gone
}

// state says what may act on a node. It moves down this list; only Unclaim moves it
// back. Once the teardown of a graph has been planned the state means nothing: every
// node is the teardown's, except those that an early run is dropping.
type state uint8

const (
	live     state = iota // left by Claim, Remove, Drop, DropTree
	claimed               // left by the claimant's Remove and Unclaim, or into a run
	planned               // in an early run that has not come to it; left when the run does, or by a teardown that takes it over
	dropping              // in a run; left when the drop has ended or was abandoned
	gone                  // terminal: no longer in the graph
)

// Name returns the name that the node was registered with.
func (n *Node) Name() string { return n.name }

// Dropper returns what the node drops. It is the way back from a node to the value
// in which the node is embedded.
func (n *Node) Dropper() Dropper { return n.dropper }

// Spec returns what [Graph.Insert] was given, without Deps and Users, which change;
// see [Graph.Dependencies].
func (n *Node) Spec() Spec {
	return Spec{Name: n.name, Dropper: n.dropper, User: n.user, All: n.all, Hold: n.holds(), Timeout: n.timeout}
}

// Label names a node before it is inserted, for code that has to name it earlier,
// such as a log line of an open function. Insert sets the name for good.
func (n *Node) Label(name string) {
	if n.name != name { // a daemon that is being started may be reading the same name
		n.name = name
	}
}

// Hold keeps what the node depends on, directly or not, from being dropped if the
// node itself is abandoned; the outcome of the held nodes is skipped. Hold affects
// runs that begin after the call.
func (n *Node) Hold() {
	n.graph.mu.Lock()
	defer n.graph.mu.Unlock()
	n.hold, n.graph.special = true, true
}

// holds reports whether [Node.Hold] was called.
func (n *Node) holds() bool {
	n.graph.mu.Lock()
	defer n.graph.mu.Unlock()
	return n.hold
}

// Early reports whether an early run began the drop of the node, as opposed to the
// teardown. The answer is final once the drop has begun.
func (n *Node) Early() bool {
	n.graph.mu.Lock()
	defer n.graph.mu.Unlock()
	return n.early
}

// Wave returns the wave of the node in its newest run, and 0 before any.
func (n *Node) Wave() int {
	n.graph.mu.Lock()
	defer n.graph.mu.Unlock()
	return int(n.wave)
}

// inRun reports whether n is in a run that has not ended it yet.
func (n *Node) inRun() bool { return n.state == planned || n.state == dropping }

// in reports whether n is a node of g. A nil node and a zero node are not.
func (n *Node) in(g *Graph) bool { return n != nil && n.graph == g }

// implies reports whether n depends on m because of its All: an All includes the
// nodes that were in the graph when n was inserted, which are those with a smaller
// seq. That makes an edge of All a comparison, and no edge is stored.
func (n *Node) implies(m *Node) bool { return n.all && !m.user && m.seq < n.seq }
