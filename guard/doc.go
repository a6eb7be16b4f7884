// Package guard holds values that must be dropped exactly once: closed, stopped,
// rolled back, handed in. A drop may block and may fail. Defer forgets its error and a
// finalizer forgets when; a guard keeps both.
//
// # Usage
//
// A [Guard] is a value and its drop function:
//
//	db := guard.New(conn, guard.Close, guard.Name("postgres"))
//	rows, err := db.Value().Query(...)
//	...
//	err = db.Drop(ctx)
//
// Drop functions for the shapes that values already have are [Close], [Shutdown],
// [Stop], [Func] and [Nothing]; anything else is a func(ctx, v) error. Most programs
// do not call Drop: a scope of package scope owns the guards, and drops them in the
// order of their dependencies.
//
// These take guards, and owe their drop from then on:
//
//   - [Shared] gives a value many holders; the last one drops it. [Weak] refers to it
//     without holding it.
//   - [Mutex] gives a value to one caller at a time.
//   - [Table] keeps guards under keys.
//   - [Lazy] opens a value when it is first asked for.
//   - [Result] is a guard or an error.
//
// These drop guards on every way out of a function: [With], [KeepOnSuccess], [Join2],
// [Join3], [DropAll].
//
// # Properties
//
// These hold for every type here, at any number of concurrent calls:
//
//   - The drop function runs at most once. It runs exactly once if Drop is called and a
//     Drop's context outlives the functions that use the value.
//   - A Drop that overlaps a running one waits for it and returns the same error. A
//     later Drop returns nil. So a nil result always means that the value has been
//     dropped.
//   - From the moment a Drop is called the value is refused to newcomers. Functions
//     that have borrowed or locked it may finish: it is not dropped under them.
//   - A wait ends with the context of the call that waits, with its cause. A call that
//     waits for itself, directly or around, returns [ErrReentrant] at once.
//   - A panic or Goexit in a user's function leaves locks free and counts right.
//     A drop's panic is contained and returned as *[PanicError].
//   - No error is left out: several errors are one flat list of
//     [go.uber.org/multierr], in a fixed order.
//
// Nil pointers and zero values owe nothing: their Drop returns nil.
//
// # Forgotten guards
//
// A guard that is garbage-collected undropped is a leak, and is reported to [OnLeak]
// with its name, type and creation site. That is the last resort, as it needs a collection;
// tests find forgotten guards at their end with guardtest.Check. Nothing drops a
// forgotten guard: a drop needs a caller that waits for it and gets its error.
//
// The leak hook is a [runtime.AddCleanup]. With it New and Drop of a guard cost some
// 0.7 µs and five allocations instead of 0.1 µs and two. Half of that are the sites of
// New and of Drop, which StackDepth(0) leaves out; each further frame of [StackDepth] adds
// some 30 ns. A guard that a scope has acquired has no hook and no allocation of its own,
// and [Guard.Value] is an atomic load and a compare for all.
// BenchmarkNewDrop and BenchmarkCloneDrop measure this.
package guard
