package group

import (
	"context"

	"github.com/ebb-go/ebb/internal/engine"
)

// A Graph holds nodes and the dependencies between them. Its zero value is
// ready for use, and it must not be copied. All methods are safe for concurrent
// use. Only the methods that run drops block: Drop, DropTree and Teardown.
//
// [Graph.Teardown] closes the graph. A closed graph no longer changes: its
// methods refuse a registration with [ErrClosed], and Nodes and Waves return the
// nodes that were in it when it was closed.
type Graph struct{ graph engine.Graph }

// Add registers a node that depends on deps and that drop gives up. It returns
// [ErrClosed] once Teardown has begun, [ErrForeign] if one of deps is nil or
// belongs to another graph, and [ErrGone] if one of deps has been removed or its
// drop has begun. It panics if drop is nil.
func (g *Graph) Add(name string, drop func(ctx context.Context) error, deps ...*Node) (*Node, error) {
	if drop == nil {
		panic("group: nil drop")
	}
	n := &Node{drop: drop}
	spec := engine.Spec{Name: name, Dropper: (*dropper)(n)}
	if len(deps) > 0 {
		spec.Deps = make([]*engine.Node, len(deps))
		for i, d := range deps {
			spec.Deps[i] = d.inner()
		}
	}
	if err := g.graph.Insert(&n.node, spec); err != nil {
		return nil, public(err)
	}
	return n, nil
}

// Depend records that dependent depends on dependency, so that dependent is
// dropped first. Recording an edge twice is no error. It returns a [*CycleError]
// if dependency already depends on dependent, directly or not; [ErrGone] if one
// of them has been removed or the drop of dependency has begun; [ErrClosed] once
// Teardown has begun, unless dependent depends on dependency already; and
// [ErrForeign] if one of them is not of this graph.
func (g *Graph) Depend(dependent, dependency *Node) error {
	return public(g.graph.Depend(dependent.inner(), dependency.inner()))
}

// Remove takes a node out of the graph without dropping it. It returns an
// [*InUseError] while other nodes depend on it, [ErrGone] if it has been removed
// or its drop has begun, and [ErrForeign] if it is not of this graph.
func (g *Graph) Remove(n *Node) error { return public(g.graph.Remove(n.inner())) }

// Nodes returns the nodes in the graph in order of registration.
func (g *Graph) Nodes() []*Node { return outers(g.graph.Nodes()) }

// Waves returns the nodes in the waves in which a teardown would drop them now,
// each wave in order of registration. Wave 0 holds the nodes without dependents;
// the wave of any other node is one more than the largest among its dependents.
func (g *Graph) Waves() [][]*Node {
	inner := g.graph.Waves()
	waves := make([][]*Node, len(inner))
	for w, nodes := range inner {
		waves[w] = outers(nodes)
	}
	return waves
}

// A Node is one value in a [Graph] together with the function that drops it.
// [Graph.Add] makes nodes. All methods are safe for concurrent use.
type Node struct {
	node engine.Node
	drop func(ctx context.Context) error
}

// Name returns the name that the node was registered with.
func (n *Node) Name() string { return n.node.Name() }

// Hold keeps what the node depends on, directly or not, from being dropped if
// the drop of the node itself is abandoned: the held nodes end with the outcome
// skipped. Hold affects teardowns that begin after the call.
func (n *Node) Hold() { n.node.Hold() }

// inner returns the engine's node, which is nil for a nil node: the graph
// refuses it.
func (n *Node) inner() *engine.Node {
	if n == nil {
		return nil
	}
	return &n.node
}

// A dropper is a Node as the engine drops it. It is a type of its own so that
// Node has no Drop method, and it is the way back from a node of the engine.
type dropper Node

func (d *dropper) Drop(ctx context.Context) error { return d.drop(ctx) }

// outer returns the node of which n is the inner one, and nil for nil.
func outer(n *engine.Node) *Node {
	if n == nil {
		return nil
	}
	return (*Node)(n.Dropper().(*dropper))
}

// outers is outer for each of inner.
func outers(inner []*engine.Node) []*Node {
	nodes := make([]*Node, len(inner))
	for i, n := range inner {
		nodes[i] = outer(n)
	}
	return nodes
}
