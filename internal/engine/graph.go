package engine

import (
	"context"
	"slices"
	"sync"
)

// A Graph holds nodes and the dependencies between them. Its zero value is ready
// for use, and it must not be copied. All methods are safe for concurrent use. Only
// those that run drops block.
//
// A teardown closes the graph. A closed graph no longer changes: registrations are
// refused with [ErrClosed], and the methods that list nodes return those that were
// in the graph when it was closed. That is what lets a teardown plan once and then
// run without the lock.
type Graph struct {
	mu       sync.Mutex        // protects the following fields and those of the nodes
	closed   bool              // terminal; set by Teardown
	late     bool              // an older node came to depend on a newer one, so seq no longer orders the edges; never cleared
	linked   bool              // there has been an edge or an All; never cleared
	special  bool              // there has been a Hold or a node with a limit of its own; never cleared
	dropping int32             // nodes in early runs that have not ended; means nothing once the graph is closed
	nodes    list              // all nodes that are not gone
	alls     *list             // those of the nodes that have an All; nil before the first
	seq      uint64            // of the newest node
	teardown *run              // nil until it begins
	trees    map[*run]struct{} // the early runs of several nodes that have not ended
	links    links
	ended    map[*Node]*end // the nodes in state dropping that a second run waits for; see waitForLocked
}

// Add registers a node that depends on deps and that drop gives up. It returns
// [ErrClosed] once Teardown has begun, [ErrForeign] if one of deps is nil or of
// another graph, and [ErrGone] if one of deps is claimed or gone. It panics if drop
// is nil.
func (g *Graph) Add(name string, drop func(ctx context.Context) error, deps ...*Node) (*Node, error) {
	if drop == nil {
		panic("engine: nil drop")
	}
	n := new(Node)
	if err := g.Insert(n, Spec{Name: name, Dropper: dropFunc(drop), Deps: deps}); err != nil {
		return nil, err
	}
	return n, nil
}

// Insert is Add for a node that the caller embeds in a value of its own, with
// everything that a [Spec] has. It returns a [*CycleError] if the node depends on one
// of its users, and the errors of Add. After an error the node is as it was before
// the call. Insert panics if s.Dropper is nil or n has been inserted already.
//
// All of it happens under one lock, so that no teardown comes between the node and
// its edges.
func (g *Graph) Insert(n *Node, s Spec) error {
	if s.Dropper == nil {
		panic("engine: nil Dropper")
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if n.graph != nil {
		panic("engine: node inserted twice")
	}
	if g.closed {
		return ErrClosed
	}
	for _, d := range s.Deps {
		if err := g.canDependOnLocked(d); err != nil {
			return err
		}
	}
	g.seq++
	n.name, n.dropper, n.graph, n.timeout = s.Name, s.Dropper, g, max(s.Timeout, 0)
	n.seq, n.user, n.all, n.hold = g.seq, s.User, s.All, s.Hold
	deps := s.Deps
	// A user in use, or one that is a guard, is among what the All implies, directly or
	// by way of what depends on it. The node then gets edges of its own instead.
	if n.all && slices.ContainsFunc(s.Users, func(u *Node) bool { return u.in(g) && (!u.user || g.inUseLocked(u)) }) {
		n.all, deps = false, append(slices.Clone(deps), g.allButLocked(s.Users)...)
	}
	n.deps = distinct(deps)
	g.linked = g.linked || n.all || len(n.deps) > 0
	g.special = g.special || n.hold || n.timeout > 0
	for _, d := range n.deps {
		g.noteLocked(n, d)
	}
	g.nodes.add(n)
	if n.all {
		if g.alls == nil {
			g.alls = &list{alls: true}
		}
		g.alls.add(n)
	}
	// The cycle that users can close is found with the node in place, which is then
	// taken out again: nothing has seen it, since the lock is held throughout.
	if err := g.addUsersLocked(n, s.Users); err != nil {
		g.retireLocked(n)
		n.graph, n.state, n.all = nil, live, false
		return err
	}
	return nil
}

// allButLocked returns the nodes that an All would include now, without users and
// without what depends on them. It replaces the All of a node that has users: with
// an All the node would depend on the users that are to depend on it.
func (g *Graph) allButLocked(users []*Node) (all []*Node) {
	g.nodes.compact()
	out := make(map[*Node]bool)
	for _, u := range users {
		if u.in(g) && u.state != gone {
			out[u] = true
			if g.inUseLocked(u) {
				for _, m := range g.treeLocked(u) {
					out[m] = true
				}
			}
		}
	}
	for _, n := range g.nodes.nodes {
		if !n.user && n.state == live && !out[n] {
			all = append(all, n)
		}
	}
	return all
}

// addUsersLocked makes users depend on n, which is the newest node. It checks all of
// them before it adds the first edge, so that an error leaves no edge behind.
func (g *Graph) addUsersLocked(n *Node, users []*Node) error {
	for _, u := range users {
		if !u.in(g) {
			return ErrForeign
		}
		if path := g.pathLocked(n, u); path != nil {
			return &CycleError{Path: append([]string{u.name}, path...)}
		}
	}
	for _, u := range users {
		if u.state == live || u.inRun() {
			g.linkLocked(u, n)
			g.late = true
		}
	}
	return nil
}

// canDependOnLocked returns the error with which an edge to d is refused, or nil.
func (g *Graph) canDependOnLocked(d *Node) error {
	switch {
	case !d.in(g):
		return ErrForeign
	case d.state != live:
		return ErrGone
	}
	return nil
}

// distinct returns a copy of deps without repetitions. The slots of the nodes mark
// what has been seen, so it takes linear time and no map.
func distinct(deps []*Node) []*Node {
	if len(deps) == 0 {
		return nil
	}
	for _, d := range deps {
		d.slot = 0
	}
	own := make([]*Node, 0, len(deps))
	for _, d := range deps {
		if d.slot == 0 {
			d.slot = 1
			own = append(own, d)
		}
	}
	return own
}

// Remove takes a node out of the graph without dropping it, either at once or as the
// end of a claim. It returns an [*InUseError] while other nodes depend on it,
// [ErrGone] if it is already out or in a run, and [ErrForeign].
func (g *Graph) Remove(n *Node) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	// A claimed node has no dependents and can get none, so it is not checked again.
	if !n.in(g) || n.state != claimed || g.closed {
		if err := g.claimLocked(n); err != nil {
			return err
		}
	}
	g.retireLocked(n)
	return nil
}

// Claim reserves a node for its caller, which ends it with Remove. From then on
// nothing can come to depend on the node, and a second Claim, a Drop and a DropTree of
// it return [ErrGone]. The node stays in the graph until Remove: what it depends on
// is in use, and a teardown or a DropTree of what it depends on still calls its
// Dropper, which has to expect that. Claim returns an [*InUseError] while other nodes
// depend on the node, claimed ones included, since they have not ended; and
// [ErrForeign].
func (g *Graph) Claim(n *Node) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.claimLocked(n)
}

// claimLocked is Claim with mu held: looking at the dependents and closing the node
// to further ones is one step.
func (g *Graph) claimLocked(n *Node) error {
	switch {
	case !n.in(g):
		return ErrForeign
	case n.state != live || g.closed:
		return ErrGone
	}
	if err := g.usedLocked(n); err != nil {
		return err
	}
	n.state = claimed
	return nil
}

// Unclaim undoes a Claim whose caller could not end the node after all. It does
// nothing to a node that is not claimed, as one that a run has taken meanwhile.
func (g *Graph) Unclaim(n *Node) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if n.in(g) && n.state == claimed {
		n.state = live
	}
}

// retire takes a node out of the graph whose drop has ended with err or was
// abandoned. A second run that waits for the node finds err when it goes on.
func (g *Graph) retire(n *Node, err error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if e := g.ended[n]; e != nil {
		e.err = err
	}
	g.retireLocked(n)
}

// Ended takes a node whose early drop has ended out of the graph, a moment before the
// run does it, so that a caller that the drop itself has notified finds the node's
// dependencies free. It does nothing if another run waits for the node: only the
// node's own run has the error that the other one is to see.
func (g *Graph) Ended(n *Node) {
	g.mu.Lock()
	defer g.mu.Unlock()
	// In a closed graph nothing leaves, and the state may be that of the teardown.
	if n.in(g) && n.state == dropping && !g.closed && g.ended[n] == nil {
		g.retireLocked(n)
	}
}

// retireLocked takes a node out of the graph, unless the graph is closed or the node
// is already out, which can be since two runs come to one node; see waitForLocked.
// Whatever waits for the node is released in either case.
func (g *Graph) retireLocked(n *Node) {
	if e := g.ended[n]; e != nil {
		close(e.done)
		delete(g.ended, n)
	}
	if n.inRun() {
		g.dropping--
	}
	if g.closed || n.state == gone {
		return
	}
	n.state = gone
	g.unlinkLocked(n)
	g.nodes.bury()
	if n.all {
		g.alls.bury()
	}
}

// Len returns how many nodes are in the graph.
func (g *Graph) Len() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.nodes.len()
}

// Nodes returns what is in the graph, in order of registration.
func (g *Graph) Nodes() []*Node {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.nodes.compact()
	return slices.Clone(g.nodes.nodes)
}
