// Package group drops guards in the order that their dependencies ask for, and
// concurrently as far as that allows. A [Graph] holds what is to be dropped and
// what depends on what; [Graph.Teardown] drops all of it with errgroup. [Tasks]
// are for functions that have no order.
//
// # Usage
//
//	var g group.Graph
//	db, err := g.Add("db", closeDB)
//	cache, err := g.Add("cache", flushCache, db) // cache depends on db: it is dropped first
//	outcomes := g.Teardown(ctx, group.Timeout(5*time.Second))
//
// # Promises
//
// A drop never begins before the drops of all its dependents have ended or were
// abandoned.
//
// A teardown drops every node exactly once, whatever becomes of the others: an
// error, a panic, a call of runtime.Goexit or a drop that hangs costs no other
// node its drop, except where [Node.Hold] asks for that.
//
// Every node has exactly one [Outcome].
//
// The wave of a node is the length of the longest path of dependents to it. The
// same graph has the same waves, in order of registration.
//
// Two drops with no path between them run at the same time, unless the
// [Schedule] or [Limit] says otherwise.
//
// A teardown returns when its drops have returned, save those that were
// abandoned, each of which is named in an outcome. Without
// a limit nothing is ever abandoned.
//
// An edge that would close a cycle is refused when it is declared, so a graph can
// always be torn down.
//
// Nodes that were removed or dropped early hold no memory. Registering, removing
// and a dependency on all that there is ([Spec]) take constant time; planning
// takes time and memory linear in nodes and edges.
//
// # Less formally
//
// The waves are levels of the graph: first goes what nothing depends on, then
// what only that depended on, and so forth. [Waves] waits for each level before
// the next, which makes for a teardown that is easy to follow; [Eager] does not,
// and takes exactly as long as the longest chain of drops. [Sequential] is what
// defer does, as far as the edges let it.
//
// Guards that do nothing share a goroutine; guards that block get one each. The
// engine cannot know which they are, and how it gets both right is told where it
// is written, in the comment of its type run.
//
// # Duties of a drop function
//
// It should return soon after its context is canceled. If it does not it is
// abandoned: its goroutine stays, for nothing can end it, and what it does from
// then on happens beside whatever comes after.
//
// It must not wait for what it depends on, or for the teardown that runs it.
//
// # Testing
//
// All of it is exact in the virtual time of testing/synctest: nothing polls, and
// only limits, [Deadline] and [Slow] use timers.
package group
