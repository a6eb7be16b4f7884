// Package engine drops the nodes of a graph in the order that their dependencies ask
// for, and concurrently as far as that allows. Package group is its public face, and
// package scope uses it directly: for early drops in two steps, for nodes that are
// embedded in values of its own, and for what it reports.
//
// # Graph
//
// A [Graph] holds nodes and edges under one lock. An edge that would close a cycle is
// refused when it is added, so every graph can be torn down. Edges come in two forms:
// those that a node has of its own, and those that its All implies, to every guard that
// was in the graph when the node was inserted. The second form is never written down,
// which is why a daemon that uses everything costs the same however much there is.
//
// Nothing waits, and no user code runs, while the lock is held.
//
// The files: graph has the registration of nodes, edges and links their dependencies,
// pin the dependencies from outside, leave the nodes that end by themselves, list the
// order of registration, and names the names of dependencies for reports.
//
// # Plan
//
// A run begins with a plan: a copy of the edges between its nodes, and their waves. It
// is made under the lock, takes time and memory linear in nodes and edges, and is then
// immutable. Whatever happens to the graph later, such as an edge that is added while an
// early run goes on, changes nothing in a run that has begun.
//
// A node belongs to at most one run that drops it. Two runs can come to the same node,
// since a tree that is dropped early may be a part of the teardown. Then the node
// belongs to the run that took the lock first, and in the other run a stand-in takes its
// place, which waits for the end of the drop. The teardown may take over nodes that an
// early run has planned and not begun; an early run never takes anything over. So of two
// runs the younger one waits for the older one and never the reverse, and no circle of
// runs can wait for itself.
//
// The files: plan has the plan, peel the order in which its nodes become free, teardown
// and early the beginnings of runs, and before the order that a run gives to its drops.
//
// # Run
//
// Workers take nodes from a queue. How they are started, and why the run is over exactly
// when none is left, is in the comment of the type run; what a worker does next, and how
// it survives a drop that ends its goroutine, is in the comment of the type step. What
// the schedules have in common is there too: they differ in one row of a table, which is
// in the file schedule.
//
// A drop whose time is up is canceled first, and abandoned when it has not returned in
// the tail after that. The end of a drop and its abandonment race for one atomic flag,
// and whichever wins decides the outcome. So each node has exactly one outcome, and one
// worker goes on from it: the worker of the drop if the drop ended first, and a new one
// otherwise. A drop that returns after it was abandoned is reported as late and changes
// nothing.
//
// The outcome of a drop is recorded before anything that waited for the drop is
// released, and released nodes are added to the queue after that. Taking a node from
// the queue is an atomic operation that follows the addition, so a drop sees everything
// that the drops before it have done.
//
// The files: run and worker have the workers, prepare what the options need, record the
// outcomes, bound the limits, stacks the stacks of drops that hang, watch the slow
// drops, observe and notices the calls of observers, and here the runs on the goroutine
// of the caller.
//
// # Locks
//
// The graph has a lock, and a run has one for itself, one for its notices and two for
// its stacks. No two of them are held at once, except that one look at the stacks is held
// while the list of those that asked for it is closed. Drops and observers are called
// without any.
//
// # What a caller may rely on
//
// The methods of a graph that register, remove or ask never block for longer than the
// lock is held, and leave nothing behind when they return an error. Drops run with the
// context that the caller of the run gave, or one derived from it, and get it even if it
// is canceled already. Nothing of this package runs when a run has returned, except
// abandoned drops and what waits for them.
//
// # Time
//
// Nothing polls. Only limits, Deadline and Slow use timers, so a run without them has
// none, and all of it is exact in the virtual time of testing/synctest. Without
// limits the clock is read at most twice for a drop, since reading it costs as much as
// everything else that a worker does for a drop that returns at once.
package engine
