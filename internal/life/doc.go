// Package life is the ground under guards and scopes: one thing that is dropped
// once. It knows no container, no scope and no graph.
//
//   - A [Life] is the state machine of one drop: its state, its borrowers, what waits
//     for it, and its outcome.
//   - A [Value] is a life with the value that it is of and the drop function.
//   - A [Mark] is the context of a function that something may wait for, so that a call
//     which would wait for itself is refused.
//   - An [Origin] is where a thing was made, and the hook that reports it when it was
//     forgotten.
//
// # One way to drop
//
// Every drop is [Life.Begin], the call of the drop function, and [Life.End]. Begin waits
// for borrowers and for a drop that overlaps, and reports to exactly one caller that it
// has to call the function; only that caller calls End. A guard does the three in
// [Life.Drop]. A scope does them itself, in the function that the engine
// calls: while the drop function runs, no frame of this package lies on its stack, so
// that each of a hundred thousand drops that block fits the smallest stack.
//
// # Locks
//
// Each life has one lock. Under it no foreign code runs and nothing waits. The lock of a
// container is taken before that of a value that it was given, and that of a mapped
// value before that of the value it was mapped from; nothing else holds two. The lock of
// a track is taken under that of a life.
//
// Users never meet this package: what guard exports has no type of it. A type of guard
// that a scope has to look into embeds a [Core], whose one method has no exported name;
// [Inside] calls it.
package life
