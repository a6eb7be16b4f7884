package guard

import (
	"context"

	"github.com/ebb-go/ebb/internal/fault"
	"github.com/ebb-go/ebb/internal/life"
)

// The errors of guards and of what is built from them. Each is returned as it
// is or wrapped; compare with [errors.Is]. All have a method ErrorType, which names the
// error in the attribute error.type of a span.
var (
	// ErrDropped is returned by the use of a value whose drop has begun, and
	// of the zero value of a guard.
	ErrDropped = errDropped() // "guard: the value has been dropped"
	// ErrReleased is returned by the use of a value that left its guard
	// undropped: by Release, Map or Unwrap.
	ErrReleased = errReleased() // "guard: the value has been released"
	// ErrOwned is returned by the use of a guard that was given to a [Shared],
	// [Mutex], [Table] or [Lazy], and when a guard that a scope owns is given away.
	ErrOwned = errOwned() // "guard: the guard belongs to an owner, which uses and drops it"
	// ErrInUse is returned when a value cannot leave its guard, or a drop
	// could not begin, because a Borrow or a lock holds it.
	ErrInUse = errInUse() // "guard: the value is in use"
	// ErrReentrant is returned by a call that would have to wait for the
	// function it is made from: Drop from inside the drop or from inside a
	// Borrow, Lock from inside With, Get from inside the open function. A call that
	// closes a circle of such waits, of several guards and on several goroutines,
	// such as two Lazies that open each other, gets it too; then the text names the
	// way around. A call belongs to a function if it is made with the context that
	// the function was given, or with a context that is derived from it.
	ErrReentrant = errReentrant() // "guard: called from inside the function it would wait for"
	// ErrShared is returned by [Shared.Unshare] when there are other holders.
	ErrShared = errShared() // "guard: the value has other holders"
	// ErrDuplicate is returned by [Table.TryInsert] for a key that is taken.
	ErrDuplicate = errDuplicate() // "guard: the key is taken"

	// ErrGoexit is the outcome of a function that called [runtime.Goexit].
	ErrGoexit = errGoexit() // "runtime.Goexit was called"
)

func errDropped() error   { return life.ErrDropped }
func errReleased() error  { return life.ErrReleased }
func errOwned() error     { return life.ErrOwned }
func errInUse() error     { return life.ErrInUse }
func errReentrant() error { return life.ErrReentrant }
func errGoexit() error    { return fault.ErrGoexit }
func errShared() error    { return fault.Sentinel("guard: the value has other holders", "shared") }
func errDuplicate() error { return fault.Sentinel("guard: the key is taken", "duplicate") }

// PanicError is the outcome of a function that panicked, one type in all packages of
// ebb. It has
//
//	Value any    // what was given to panic
//	Stack []byte // of the goroutine that panicked, taken while it did
//
//	Error() string     // one line: what panicked, with which value
//	Unwrap() error     // Value, if that is an error
//	Others() []error   // what else failed, where a function panics in the end
//	ErrorType() string // "panic"
//
// [errors.Is] and [errors.As] find Value and the others. %+v writes the stack after the
// text. A function of this package that goes on with another goroutine's panic panics with
// a PanicError whose text has the stack: the runtime would print the wrong one.
type PanicError = fault.PanicError

// canceledByDrop is what an open function is canceled with when its Lazy is dropped:
// ErrDropped, and a cancellation to code that knows package context alone.
type canceledByDrop struct{}

func (canceledByDrop) Error() string     { return ErrDropped.Error() }
func (canceledByDrop) ErrorType() string { return "dropped" }

func (canceledByDrop) Is(target error) bool {
	return target == ErrDropped || target == context.Canceled
}
