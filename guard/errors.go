package guard

import (
	"errors"

	"github.com/ebb-go/ebb/internal/fault"
)

// The errors of guards and of what is built from them. Each is returned as it
// is or wrapped; compare with [errors.Is].
var (
	// ErrDropped is returned by the use of a value whose drop has begun, and
	// of the zero value of a guard.
	ErrDropped = errors.New("guard: the value has been dropped")
	// ErrReleased is returned by the use of a value that left its guard
	// undropped: by Release, Map or Unwrap.
	ErrReleased = errors.New("guard: the value has been released")
	// ErrOwned is returned by the use of a guard that was given to a Shared,
	// Mutex, Table or Lazy, and to a second owner by [Guard.Own].
	ErrOwned = errors.New("guard: the guard belongs to an owner, which uses and drops it")
	// ErrInUse is returned when a value cannot leave its guard, or a drop
	// could not begin, because a Borrow or a lock holds it.
	ErrInUse = errors.New("guard: the value is in use")
	// ErrReentrant is returned by a call that would have to wait for the
	// function it is made from: Drop from inside the drop or from inside a
	// Borrow, Lock from inside With, Get from inside the open function. It is
	// recognised by the context that the function was given.
	ErrReentrant = errors.New("guard: called from inside the function it would wait for")
	// ErrShared is returned by [Shared.Unshare] when there are other holders.
	ErrShared = errors.New("guard: the value has other holders")
	// ErrDuplicate is returned by [Table.TryInsert] for a key that is taken.
	ErrDuplicate = errors.New("guard: the key is taken")

	// ErrGoexit is the outcome of a function that called [runtime.Goexit].
	ErrGoexit = fault.ErrGoexit
)

// PanicError is the outcome of a function that panicked: the value and the
// stack.
type PanicError = fault.PanicError
