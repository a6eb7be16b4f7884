package guard

import (
	"context"

	"github.com/ebb-go/ebb/internal/fault"
	"github.com/ebb-go/ebb/internal/life"
)

// The errors of guards and of what is built from them. Each is returned as it
// is or wrapped; compare with [errors.Is].
var (
	// ErrDropped is returned by the use of a value whose drop has begun, and
	// of the zero value of a guard.
	ErrDropped = life.ErrDropped
	// ErrReleased is returned by the use of a value that left its guard
	// undropped: by Release, Map or Unwrap.
	ErrReleased = life.ErrReleased
	// ErrOwned is returned by the use of a guard that was given to a Shared,
	// Mutex, Table or Lazy, and to a second owner by [Guard.Own].
	ErrOwned = life.ErrOwned
	// ErrInUse is returned when a value cannot leave its guard, or a drop
	// could not begin, because a Borrow or a lock holds it.
	ErrInUse = life.ErrInUse
	// ErrReentrant is returned by a call that would have to wait for the
	// function it is made from: Drop from inside the drop or from inside a
	// Borrow, Lock from inside With, Get from inside the open function; and by
	// one that closes a circle of such waits, of several guards and on several
	// goroutines, such as two Lazies that open each other: then the text names the
	// way. A call belongs to a function if it is made with the context that the
	// function was given, or with one that comes from that.
	ErrReentrant = life.ErrReentrant
	// ErrShared is returned by [Shared.Unshare] when there are other holders.
	ErrShared = fault.Sentinel("guard: the value has other holders", "shared")
	// ErrDuplicate is returned by [Table.TryInsert] for a key that is taken.
	ErrDuplicate = fault.Sentinel("guard: the key is taken", "duplicate")

	// ErrGoexit is the outcome of a function that called [runtime.Goexit].
	ErrGoexit = fault.ErrGoexit
)

// canceledByDrop is what an open function is canceled with when its Lazy is dropped:
// ErrDropped, and a cancellation to code that knows package context alone.
type canceledByDrop struct{}

func (canceledByDrop) Error() string     { return ErrDropped.Error() }
func (canceledByDrop) ErrorType() string { return "dropped" }

func (canceledByDrop) Is(target error) bool {
	return target == ErrDropped || target == context.Canceled
}

// PanicError is the outcome of a function that panicked. Its field Value is what
// was given to panic, and Stack the stack of the goroutine that panicked, taken
// while it did. Unwrap returns the value if that is an error. As an error its text
// is one line, and %+v adds the stack; the text of one that a function of this
// package panics with has the stack, and Others returns what else failed.
type PanicError = fault.PanicError
