package engine

import "context"

// Teardown closes the graph and drops every node in it, each one after its
// dependents, whatever becomes of the others. It blocks until all drops have ended
// or were abandoned, and returns one outcome for every node, by wave and then in
// order of registration. The drops get ctx and run even if it is over, and not on
// the caller's goroutine unless [Options.Here] asks for that. A later call returns nil at once, also while the
// first one is running.
//
// A node that an early run is dropping is not dropped twice. It keeps its place in
// the order until that drop has ended, and its outcome here is ok, whatever the
// drop returned: the early run has that. If its time here is up first, its drop is
// canceled, provided that it is a [Canceler]; if it then returns an error, the
// outcome here is timeout with that error, and if it does not return, it is
// abandoned. Nodes that an early run has not come to are taken over: the early run
// leaves them out, and the outcome here is the only one.
//
// A node that is registered while Teardown begins is either refused or dropped,
// because both take the graph's lock.
func (g *Graph) Teardown(ctx context.Context, o Options) []Outcome {
	return g.BeginTeardown(ctx, o).Do()
}

// A Closing is a [Graph.Teardown] in two steps. [Graph.BeginTeardown] closes the
// graph and plans the run without blocking; Do or Run drops the nodes. One of them
// must be called, since a closed graph has no other way to drop its nodes. A nil
// Closing has nothing to drop.
type Closing run

// BeginTeardown is the first step of a Teardown. When it has returned,
// [Graph.Holds] knows the order of the drops. It returns nil if there is nothing to
// drop, or if the graph is closed already.
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

// Run is Do for a caller that wants the outcomes in a form of its own. With
// [Options.Here] a drop that calls Goexit ends the caller's goroutine: the run is
// over when the caller's deferred functions are called, and Results returns what Run
// would have returned.
func (c *Closing) Run() Results {
	if c == nil {
		return Results{}
	}
	return (*run)(c).do(c.ctx)
}

// Results returns the outcomes of a run that is over.
func (c *Closing) Results() Results { return Results{(*run)(c)} }

// beginTeardown closes the graph and plans the run, in one step under the lock: what is
// in the graph is in the plan, and nothing else will be in the graph.
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

// beginLocked plans a run of nodes, which are in order of registration, and makes
// them the run's: whichever of two runs takes the lock first has a node, and the
// other one waits for its end or, if it is the teardown, may take it over.
func (g *Graph) beginLocked(nodes []*Node) *run {
	r := newRun(nodes, g.linked)
	r.graph, r.early = g, !g.closed
	// The usual teardown of a scope without edges: its nodes need not be looked at.
	if g.closed && !g.linked && !g.special && g.dropping == 0 {
		return r // the state of a node means nothing in a closed graph without early runs
	}
	for pos := range int32(len(nodes)) {
		n := r.node(pos)
		n.wave = int32(r.waveAt(pos))
		if n.state == dropping || n.state == planned && r.early {
			// Another run drops the node. Between two early runs also a node that
			// the other one has only planned stays there: the other run is older,
			// so no two runs wait for each other.
			x := r.makeExtra()
			if x.others == nil {
				x.others = make(map[int32]Dropper)
			}
			x.others[pos] = g.waitForLocked(n)
		} else {
			if !n.inRun() { // otherwise it is taken over from an early run
				g.dropping++
			}
			n.state = dropping
			switch {
			case r.early && len(nodes) > 1:
				n.state = planned
			case r.early: // nothing comes before the drop of one node alone
				n.early = true
			}
		}
		r.holds = r.holds || n.hold
		r.bounded = r.bounded || n.timeout > 0
	}
	// What such a run puts before what, see Holds, is known from now on: the lock that
	// makes the nodes its own publishes it too.
	if r.early && len(nodes) > 1 {
		if g.trees == nil {
			g.trees = make(map[*run]struct{})
		}
		g.trees[r] = struct{}{}
	}
	return r
}

// end is the end of a drop that a second run waits for.
type end struct {
	done chan struct{} // closed when the first run has ended the node
	err  error         // of the drop; set before done is closed
}

// waitForLocked returns what a second run drops in place of a node that another
// run drops: it blocks until that run has ended the node. The context is that of
// the second run, whose limits apply.
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
		// If the drop does not end now, this run abandons the wait as it would
		// abandon a drop of its own, and the node gets its outcome that way.
		<-e.done
		return e.err
	})
}
