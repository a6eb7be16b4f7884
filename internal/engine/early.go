package engine

import (
	"cmp"
	"context"
	"maps"
	"slices"
)

// Drop drops one node now. It blocks until the drop has ended or was abandoned; the
// node is then out of the graph. Drop begins with a [Graph.Claim] and returns its
// errors: an [*InUseError] while other nodes depend on the node, [ErrGone], and
// [ErrForeign]. The error of the drop itself is in the outcome only.
func (g *Graph) Drop(ctx context.Context, n *Node, o Options) ([]Outcome, error) {
	e, err := g.Begin(n, false)
	if err != nil {
		return nil, err
	}
	return e.Do(ctx, o), nil
}

// DropTree drops a node and, before it, every node that depends on it, directly or
// not, in the order of a teardown. All of them are claimed in one step; those that
// were claimed before are waited for as in Teardown. DropTree returns [ErrGone] if
// the node itself is claimed or gone, an [*InUseError] if one of the nodes is
// pinned, and [ErrForeign]. It looks at the whole graph unless the node has no
// dependents.
func (g *Graph) DropTree(ctx context.Context, n *Node, o Options) ([]Outcome, error) {
	e, err := g.Begin(n, true)
	if err != nil {
		return nil, err
	}
	return e.Do(ctx, o), nil
}

// An Early is a run before the teardown, in two steps. [Graph.Begin] or
// [Graph.BeginSet] takes the nodes, or refuses, without blocking; Do or Run drops
// them. One of them must be called: until then the nodes are in a run, and nothing
// else drops them except a teardown.
type Early run

// Begin is the first step of Drop or, with tree, of DropTree.
func (g *Graph) Begin(n *Node, tree bool) (*Early, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if !tree {
		if err := g.claimLocked(n); err != nil {
			return nil, err
		}
		return (*Early)(g.beginLocked([]*Node{n})), nil
	}
	switch {
	case !n.in(g):
		return nil, ErrForeign
	case n.state != live || g.closed:
		return nil, ErrGone
	}
	// A tree of one node needs no search, which would look at the whole graph.
	nodes := []*Node{n}
	if g.inUseLocked(n) {
		nodes = g.treeLocked(n)
	}
	// Every pin is looked at before the first node is taken: the tree is dropped as a
	// whole or not at all.
	for _, m := range nodes {
		if m.pins != nil {
			return nil, &InUseError{Guard: m.name, Dependents: m.pinsLocked()}
		}
	}
	return (*Early)(g.beginLocked(nodes)), nil
}

// BeginSet is the first step of a drop of several nodes, in the order of a
// teardown. It leaves out the nodes that are claimed, gone or in a run, and those
// that a node outside of the set depends on, directly or not. It returns nil if
// none is left. It looks at the whole graph.
func (g *Graph) BeginSet(nodes []*Node) *Early {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.closed {
		return nil
	}
	// A node can be dropped with the set if everything that depends on it is in the set
	// too. So whatever stays in the graph takes its dependencies out of the set, and
	// these theirs, until nothing more is taken out.
	set := make(map[*Node]bool)
	for _, n := range nodes {
		if n.in(g) && n.state == live && n.pins == nil {
			set[n] = true
		}
	}
	var out []*Node // that are, or depend on, what must stay
	for _, m := range g.nodes.nodes {
		if m.state != gone && !set[m] {
			out = append(out, m)
		}
	}
	for len(out) > 0 {
		m := out[0]
		out = out[1:]
		stays := func(n *Node) {
			if set[n] {
				delete(set, n)
				out = append(out, n)
			}
		}
		for _, d := range m.deps {
			stays(d)
		}
		if m.all {
			for n := range set {
				if m.implies(n) {
					stays(n)
				}
			}
		}
	}
	if len(set) == 0 {
		return nil
	}
	// The order of a map is random, and that of registration is what a plan needs.
	rest := slices.Collect(maps.Keys(set))
	slices.SortFunc(rest, func(a, b *Node) int { return cmp.Compare(a.seq, b.seq) })
	return (*Early)(g.beginLocked(rest))
}

// Nodes returns the nodes of the run, in order of registration.
func (e *Early) Nodes() []*Node { return slices.Clone(e.nodes) }

// Do is the second step. It blocks until the drops have ended or were abandoned.
func (e *Early) Do(ctx context.Context, o Options) []Outcome { return e.Run(ctx, o).List() }

// Run is Do for a caller that wants the outcomes in a form of its own.
func (e *Early) Run(ctx context.Context, o Options) Results {
	r := (*run)(e)
	r.Options = o
	return r.do(ctx)
}

// Ended returns the outcomes of the drops that have ended so far. It may be called
// while Do runs.
func (e *Early) Ended() (ended []Outcome) {
	r := (*run)(e)
	for pos := range r.records {
		// What a record holds was written before its phase said so.
		if p, _ := r.records[pos].get(); p == over && r.asked(pos) {
			ended = append(ended, r.outcome(int32(pos)))
		}
	}
	return ended
}

// Used returns the error with which Drop would refuse a node now, or nil. Nothing
// keeps that from changing once Used has returned, except a lock of the caller
// that every drop and every registration takes.
func (g *Graph) Used(n *Node) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	switch {
	case !n.in(g):
		return ErrForeign
	case n.state != live || g.closed:
		return ErrGone
	}
	return g.usedLocked(n)
}

// start moves a node of an early run from planned to dropping. It reports false if
// the graph's teardown has begun, which takes over every node that is only planned.
// The lock decides: a teardown that begins after start finds the node dropping, and
// waits for it.
func (g *Graph) start(n *Node) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.closed {
		return false
	}
	n.state, n.early = dropping, true
	return true
}
