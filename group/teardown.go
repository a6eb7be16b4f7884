package group

import (
	"context"
	"time"

	"github.com/ebb-go/ebb/internal/engine"
)

// Teardown closes the graph and drops every node in it, each one after its
// dependents, whatever becomes of the others. It blocks until all drops have
// ended or were abandoned, and returns one outcome for every node, by wave and
// then in order of registration. The drops get ctx and run even if it is over.
// A later call returns nil at once, also while the first one is running.
//
// A node that a Drop or DropTree is dropping already is not dropped twice: it
// keeps its place in the order, and its outcome here is ok. If its time is up
// first, it is abandoned. Nodes that a DropTree has not come to yet are dropped
// by Teardown instead.
//
// A node that is added while Teardown begins is either refused or dropped: the
// lock of the graph decides which.
func (g *Graph) Teardown(ctx context.Context, opts ...Option) []Outcome {
	return results(g.graph.BeginTeardown(ctx, settings(opts)).Run())
}

// Drop drops one node now. It blocks until the drop has ended or was abandoned;
// the node is then out of the graph. Without dropping anything it returns an
// [*InUseError] while other nodes depend on the node, [ErrGone] if it has been
// removed or its drop has begun, and [ErrForeign] if it is not of this graph. The
// error of the drop itself is in the outcome only.
func (g *Graph) Drop(ctx context.Context, n *Node, opts ...Option) ([]Outcome, error) {
	return g.early(ctx, n, false, opts)
}

// DropTree drops a node and, before it, every node that depends on it, directly
// or not, in the order that Teardown would use. It blocks, and refuses, as Drop
// does, except that nodes in the tree may have dependents. It looks at the whole
// graph unless the node has no dependents.
func (g *Graph) DropTree(ctx context.Context, n *Node, opts ...Option) ([]Outcome, error) {
	return g.early(ctx, n, true, opts)
}

func (g *Graph) early(ctx context.Context, n *Node, tree bool, opts []Option) ([]Outcome, error) {
	run, err := g.graph.Begin(n.inner(), tree)
	if err != nil {
		return nil, public(err)
	}
	return results(run.Run(ctx, settings(opts))), nil
}

// An Outcome is how the drop of one node ended. Its word is one of
//
//	ok         the drop returned nil, in time or before it was abandoned
//	error      the drop returned an error
//	panic      the drop panicked
//	goexit     the drop called runtime.Goexit
//	timeout    the drop returned an error after its time was up
//	abandoned  the drop had not returned a tenth after its time was up;
//	           Err is ErrAbandoned
//	skipped    the drop was never started, because an abandoned node with Hold
//	           depends on the node; Err is an ErrAbandoned
type Outcome struct {
	Node           *Node
	Wave           int
	Outcome        string
	Err            error
	Started, Ended time.Time
}

// results returns the outcomes of a run.
func results(of engine.Results) []Outcome {
	n := of.Len()
	if n == 0 {
		return nil
	}
	out := make([]Outcome, 0, n)
	of.Each(func(o engine.Outcome) {
		out = append(out, Outcome{outer(o.Node), o.Wave, o.Outcome.String(), o.Err, o.Started, o.Ended})
	})
	return out
}
