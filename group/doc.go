// Package group drops values in the order that their dependencies ask for, and
// concurrently as far as that allows. A [Graph] holds the values to be dropped and
// what depends on what; [Graph.Teardown] drops all of them with errgroup. [Tasks] are
// for functions that have no order.
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
// A teardown drops every node exactly once, whatever becomes of the others: an error,
// a panic, a call of runtime.Goexit or a drop that hangs costs no other node its drop,
// except where [Node.Hold] asks for that.
//
// Every node has exactly one [Outcome].
//
// The wave of a node is the length of the longest path of dependents to it. The same
// graph has the same waves, each in order of registration.
//
// Two drops with no path between them run at the same time, unless the [Schedule] or
// [Limit] prevents it.
//
// A teardown returns when its drops have returned, except those that were abandoned,
// each of which has an outcome that says so. Without a [Timeout] no drop is abandoned.
//
// An edge that would close a cycle is refused when it is added, so a graph can always
// be torn down.
//
// A node that was removed or dropped early holds no memory. Registering and removing a
// node take constant time, and planning takes time and memory linear in nodes and
// edges.
//
// # Less formally
//
// The waves are levels of the graph: first the nodes that nothing depends on, then the
// nodes that only those depended on, and so forth. [Waves] waits for each level before
// the next, which makes a teardown easy to follow. [Eager] does not wait, and takes
// exactly as long as the longest chain of drops. [Sequential] does what defer does, as
// far as the edges allow it.
//
// Drops that return at once share a goroutine, and drops that block have one each.
// Nothing has to be configured for that.
//
// # Duties of a drop function
//
// A drop function should return soon after its context is canceled. One that does not
// is abandoned: its goroutine goes on, since nothing can end it, and whatever it does
// from then on happens beside what comes after.
//
// A drop function must not wait for a node that its own depends on, nor for the
// teardown that runs it.
//
// # Testing
//
// All of it is exact in the virtual time of testing/synctest: nothing polls, and only
// [Timeout] uses timers.
package group
