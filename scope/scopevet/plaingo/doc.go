// Package plaingo defines an analyzer that reports goroutines for which no scope waits.
//
// # Analyzer plaingo
//
// plaingo: report a go statement that captures a scope or its context
//
// A scope waits for its tasks, and not for what a go statement inside its body has
// started: that goroutine may use the scope, its context and its handles when they
// are gone, its error is lost, and its panic ends the program.
//
// The check reports, in the body of a Run, in the functions of tasks, daemons and
// guards that are opened, and in functions that are given a scope, a go statement
// that uses the scope, a context of it or a handle:
//
//	go refresh(ctx, cache) // want s.Go("refresh", ...)
//
// It does not report a goroutine for which the same function waits: by a
// sync.WaitGroup, or by a channel that the goroutine sends on or closes and that is
// received from outside of a select statement with other cases.
package plaingo
