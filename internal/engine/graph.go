package engine

import (
	"context"
	"slices"
	"sync"
)

// A Graph holds nodes and what depends on what. The zero value is ready; a
// Graph must not be copied. All methods are safe for concurrent use. They never
// block, except for those that run drops: Drop, DropTree and Teardown.
//
// Teardown closes a graph. From then on it does not change: what is registered
// is refused with [ErrClosed], and what asks about nodes answers for those that
// were there when it was closed.
type Graph struct {
	mu       sync.Mutex        // protects the following fields and those of the nodes
	closed   bool              // terminal; set by Teardown
	late     bool              // an older node was made to depend on a newer one: seq does not order the edges
	linked   bool              // there has been an edge or an All
	special  bool              // there has been a Hold or a limit of a node's own
	dropping int32             // nodes in early runs that have not ended; means nothing once it is closed
	nodes    list              // all nodes that are not gone
	alls     *list             // those of them with All; nil before the first
	seq      uint64            // of the newest node
	teardown *run              // once it has begun
	trees    map[*run]struct{} // early runs of several nodes that have not ended
	links    links
	ended    map[*Node]*end // of nodes in state dropping that a second run waits for; see waitFor
}

// Add registers a node that depends on deps, which drop gives up. It returns
// [ErrClosed] after Teardown has begun, [ErrForeign] when one of deps is nil or
// of another graph, and [ErrGone] when one is claimed or gone. It panics if drop
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

// Insert is Add for a node that the caller embeds in a value of his own, and
// with all that a [Spec] can say; a [*CycleError] refuses one that depends on its
// users. After an error the node is as before. Insert
// panics if s.Dropper is nil or n has been inserted already.
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
	if err := g.addUsersLocked(n, s.Users); err != nil {
		g.retireLocked(n)
		n.graph, n.state, n.all = nil, live, false
		return err
	}
	return nil
}

// allButLocked returns what All would mean now, without users and what depends on
// them: what they start cannot depend on it.
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

// addUsersLocked makes users depend on n, which is the newest node.
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

// canDependOnLocked says why nothing can come to depend on d, if so.
func (g *Graph) canDependOnLocked(d *Node) error {
	switch {
	case !d.in(g):
		return ErrForeign
	case d.state != live:
		return ErrGone
	}
	return nil
}

// distinct copies deps, each once. The nodes' slots mark what has been seen.
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

// Remove takes a node out of the graph without dropping it, as the end of a
// claim or at once. It returns an [*InUseError] while others depend on it,
// [ErrGone] when it is out already or in a run, and [ErrForeign].
func (g *Graph) Remove(n *Node) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if !n.in(g) || n.state != claimed || g.closed {
		if err := g.claimLocked(n); err != nil {
			return err
		}
	}
	g.retireLocked(n)
	return nil
}

// Claim makes a node its caller's to end, with Remove: from now on nothing can
// come to depend on it, and a second Claim, Drop and DropTree of it return
// [ErrGone]. Until then it stays in the graph: what it depends on is in use,
// and a DropTree or Teardown that comes to it calls its Dropper, which has to
// expect that. Claim returns an [*InUseError] while others depend on it, claimed
// ones too, for they have not ended; and [ErrForeign].
func (g *Graph) Claim(n *Node) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.claimLocked(n)
}

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
// nothing to a node that is not claimed.
func (g *Graph) Unclaim(n *Node) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if n.in(g) && n.state == claimed {
		n.state = live
	}
}

// retire ends the time of a node that was dropped, with err, or abandoned.
func (g *Graph) retire(n *Node, err error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if e := g.ended[n]; e != nil {
		e.err = err
	}
	g.retireLocked(n)
}

// Ended takes a node whose early drop has ended out of the graph, a moment before its
// run does: so that who is told by the drop itself finds what it depended on free. If
// another run waits for the node, its own run has to do that.
func (g *Graph) Ended(n *Node) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if n.in(g) && n.state == dropping && !g.closed && g.ended[n] == nil {
		g.retireLocked(n)
	}
}

// retireLocked takes a node out of the graph, unless that is closed or the node
// is out already: two runs can come to one node, see waitFor.
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
