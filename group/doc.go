// Package group drops guards in the order that their dependencies ask for, and
// concurrently as far as that allows: a [Graph] of nodes, its waves, and the
// engine that runs a teardown with errgroup. [Tasks] runs functions that have no
// order.
package group
