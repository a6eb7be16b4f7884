package engine

import (
	"cmp"
	"context"
	"maps"
	"slices"
)

// Teardown closes the graph and drops all that is in it, each node after what
// depends on it, every one whatever becomes of the others. It returns when all
// drops have ended or were abandoned, with one outcome for every node, by wave,
// then in order of registration. The drops get ctx; when that is over, they
// still run. Later calls, also while the first runs, return nil at once.
//
// A node that an earlier Drop or DropTree is still dropping is not dropped
// again: its place in the order is kept until that has ended, and its outcome
// here is ok, whatever its error is. When its time is up its drop is canceled, if it
// is a [Canceler]; if it then returns an error its outcome here is timeout, with that
// error, and if it does not return it is abandoned. What such a run has not come to,
// Teardown takes over: the run leaves it out, and its outcome is the teardown's. Drops
// run on the caller's goroutine only with [Options.Here].
//
// The race in which a node is registered while Teardown begins is decided by the
// graph's lock: it is either refused or dropped.
func (g *Graph) Teardown(ctx context.Context, opts ...Option) []Outcome {
	r := g.beginTeardown()
	if r == nil {
		return nil
	}
	return r.doWith(ctx, opts).List()
}

// TeardownWith is [Graph.Teardown] with all options in one value.
func (g *Graph) TeardownWith(ctx context.Context, o Options) []Outcome {
	return g.BeginTeardown(ctx, o).Do()
}

// A Closing is a [Graph.Teardown] in two steps: [Graph.BeginTeardown] closes the graph
// and plans it, without blocking, and Do drops the nodes. It must be called.
type Closing run

// BeginTeardown is the first step of a Teardown, with all options in one value; from
// now on [Graph.Holds] knows its order. It returns nil if there is nothing to drop.
func (g *Graph) BeginTeardown(ctx context.Context, o Options) *Closing {
	r := g.beginTeardown()
	if r == nil {
		return nil
	}
	r.Options = o
	r.prepare(ctx)
	return (*Closing)(r)
}

// Do is the second step. It blocks as Teardown does.
func (c *Closing) Do() []Outcome { return c.Run().List() }

// Run is Do for a caller that makes something else of the outcomes. With the option Here
// a drop that calls Goexit can end the caller's goroutine; the run is over when the
// caller's deferred functions are called, and Results has what Run would have returned.
func (c *Closing) Run() Results {
	if c == nil {
		return Results{}
	}
	return (*run)(c).do(c.ctx)
}

// Results returns what the run has come to, once it is over.
func (c *Closing) Results() Results { return Results{(*run)(c)} }

func (g *Graph) beginTeardown() *run {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.closed {
		return nil
	}
	g.closed = true
	if g.nodes.len() == 0 {
		return nil
	}
	g.nodes.compact()
	g.teardown = g.beginLocked(g.nodes.nodes)
	return g.teardown
}

// Drop drops one node now. Like [Graph.Claim], which it begins with, it returns
// an [*InUseError] while others depend on the node, [ErrGone], and [ErrForeign].
// It blocks until the drop has ended or was abandoned, and then the node is out
// of the graph. How the drop went is in the outcome only.
func (g *Graph) Drop(ctx context.Context, n *Node, opts ...Option) ([]Outcome, error) {
	e, err := g.Begin(n, false)
	if err != nil {
		return nil, err
	}
	return (*run)(e).doWith(ctx, opts).List(), nil
}

// DropTree drops a node and before it all that depends on it, directly or not,
// as Teardown does. All are claimed in one step; those that were claimed before
// are waited for as in Teardown. DropTree returns [ErrGone] when the node itself
// is claimed or gone, an [*InUseError] when one of them is pinned, and [ErrForeign].
// Unless the node has no dependents it looks at the whole graph.
func (g *Graph) DropTree(ctx context.Context, n *Node, opts ...Option) ([]Outcome, error) {
	e, err := g.Begin(n, true)
	if err != nil {
		return nil, err
	}
	return (*run)(e).doWith(ctx, opts).List(), nil
}

// An Early is a [Graph.Drop] or [Graph.DropTree] in two steps, of which the first does
// not block: [Graph.Begin] makes the nodes those of the run, or refuses, and Do drops
// them. It must be called.
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
	nodes := []*Node{n}
	if g.inUseLocked(n) {
		nodes = g.treeLocked(n)
	}
	for _, m := range nodes {
		if m.pins != nil {
			return nil, &InUseError{Guard: m.name, Dependents: m.pinsLocked()}
		}
	}
	return (*Early)(g.beginLocked(nodes)), nil
}

// BeginSet is the first step of a drop of several nodes, in waves, of which it leaves
// out those that are claimed, gone or in a run, and those that others depend on, with
// what these depend on. It returns nil if none is left. It looks at the whole graph.
func (g *Graph) BeginSet(nodes []*Node) *Early {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.closed {
		return nil
	}
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
	rest := slices.Collect(maps.Keys(set))
	slices.SortFunc(rest, func(a, b *Node) int { return cmp.Compare(a.seq, b.seq) })
	return (*Early)(g.beginLocked(rest))
}

// Nodes returns the nodes of the run, in order of registration.
func (e *Early) Nodes() []*Node { return slices.Clone(e.nodes) }

// Do is the second step. It blocks as Drop does.
func (e *Early) Do(ctx context.Context, o Options) []Outcome { return e.Run(ctx, o).List() }

// Run is Do for a caller that makes something else of the outcomes. With the option Here
// a drop that calls Goexit can end the caller's goroutine; the run is over when the
// caller's deferred functions are called, and Results has what Run would have returned.
func (e *Early) Run(ctx context.Context, o Options) Results {
	r := (*run)(e)
	r.Options = o
	return r.do(ctx)
}

// Ended returns the outcomes of the drops that have ended so far, while Do runs.
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

// Used returns with what Drop would refuse a node now, or nil.
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

// beginLocked plans a run of nodes and makes them its own.
func (g *Graph) beginLocked(nodes []*Node) *run {
	r := newRun(nodes, g.linked)
	r.graph, r.early = g, !g.closed
	if g.closed && !g.linked && !g.special && g.dropping == 0 {
		return r // whatever the nodes are; nobody asks for the state of one when the graph is closed
	}
	for pos := range int32(len(nodes)) {
		n := r.node(pos)
		n.wave = int32(r.waveAt(pos))
		if n.state == dropping || n.state == planned && r.early {
			x := r.makeExtra()
			if x.others == nil {
				x.others = make(map[int32]Dropper)
			}
			x.others[pos] = g.waitForLocked(n)
		} else {
			if !n.inRun() { // else it is taken over from an early run
				g.dropping++
			}
			n.state = dropping
			switch {
			case r.early && len(nodes) > 1:
				n.state = planned
			case r.early: // of one alone the drop is about to begin
				n.early = true
			}
		}
		r.holds = r.holds || n.hold
		r.bounded = r.bounded || n.timeout > 0
	}
	if r.early && len(nodes) > 1 {
		if g.trees == nil {
			g.trees = make(map[*run]struct{})
		}
		g.trees[r] = struct{}{}
	}
	return r
}

// start makes a node that was planned for an early run one whose drop begins. It
// reports false if the graph's teardown has taken the node over: then the run has
// come to its end, for the teardown takes all that have not begun.
func (g *Graph) start(n *Node) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.closed {
		return false
	}
	n.state, n.early = dropping, true
	return true
}

// end is the end of a drop, for a second run that waits for it.
type end struct {
	done chan struct{} // closed when the first run has ended the node
	err  error         // of the drop; read after done
}

// waitForLocked returns what stands in for a node in a second run that comes to
// it: it waits until the first has ended the node.
func (g *Graph) waitForLocked(n *Node) Dropper {
	if g.ended == nil {
		g.ended = make(map[*Node]*end)
	}
	if g.ended[n] == nil {
		g.ended[n] = &end{done: make(chan struct{})}
	}
	e := g.ended[n]
	return dropFunc(func(ctx context.Context) error {
		if t, ok := n.dropper.(Turner); ok {
			t.Turn()
		}
		select {
		case <-e.done:
			return nil
		case <-ctx.Done():
		}
		if c, ok := n.dropper.(Canceler); ok {
			c.CancelDrop(context.Cause(ctx))
		}
		<-e.done // or this run abandons the wait: what still runs has no other outcome
		return e.err
	})
}
