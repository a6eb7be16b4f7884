// Package useafterdrop defines an analyzer that reports uses of guards that are gone.
//
// # Analyzer useafterdrop
//
// useafterdrop: report a guard that is used after Drop or Release
//
// From the moment Drop or Release is called the value of a guard or handle is gone:
// Value and Use panic, Borrow, Lock and Clone return an error. The same holds for a
// guard that was given to Map, Share or NewMutex and for a handle after MoveTo.
//
// The check reports a use that comes after such a call whenever it comes at all, or
// that always comes after the call:
//
//	v, err := db.Release()
//	...
//	return db.Value().Ping() // db is gone: want v.Ping()
//
// The branch on which the call has failed is left out, since a Drop that is refused
// leaves the guard where it is. Get, which asks, and another Drop, which does nothing,
// are no uses.
package useafterdrop
