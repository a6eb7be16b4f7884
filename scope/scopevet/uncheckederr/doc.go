// Package uncheckederr defines an analyzer that reports errors of ebb that nothing
// looks at.
//
// # Analyzer uncheckederr
//
// uncheckederr: report an error of Run, Acquire or Daemon that nothing looks at
//
// The error of Run has the errors of all tasks and drops, and no other place has
// them. After an error of Acquire, Register, Start, Serve, Daemon or Child there is
// no handle, daemon or scope: using it panics.
//
// The check reports a call of these whose error is not assigned, is assigned to the
// blank identifier, or to a variable that gets another value on every path before
// it is read:
//
//	db, _ := scope.Acquire(ctx, s, "db", openDB, guard.Close) // db is nil if openDB fails
//
// It reports such a call in a go or defer statement, too.
package uncheckederr
