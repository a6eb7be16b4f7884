// Package scopeescape defines an analyzer that reports scopes, their contexts and
// handles that outlive their Run.
//
// # Analyzer scopeescape
//
// scopeescape: report a scope, its context or a handle that escapes its Run
//
// When Run returns, its scope is closed, its context has ended, and what its handles
// held is gone: a call on them returns an error or panics.
//
// The check reports, in the body of a Run or Main, an assignment of one of them to a
// variable of the program, to a variable from outside of the body that is also used
// outside, and to a field or element of one; in that of a Run also to a field of the
// receiver or of a parameter; a send on a channel from outside; and a return of one
// from RunValue:
//
//	var db *scope.Handle[*sql.DB]
//	err := scope.Run(ctx, func(ctx context.Context, s *scope.Scope) (err error) {
//		db, err = scope.Acquire(ctx, s, "db", openDB, guard.Close)
//		return err
//	})
//	db.Value() // panics: db was dropped when Run returned
//
// A structure or slice that holds one counts as one. What is kept by calling another
// function is not followed, but for Store and the like of sync and sync/atomic.
package scopeescape
