package guard

import (
	"context"
	"sync"
	"sync/atomic"

	"github.com/ebb-go/ebb/internal/life"
)

// A Mutex gives one caller at a time access to a guarded value, in the order in
// which they asked. All methods may be called concurrently, also on a nil *Mutex
// and the zero Mutex, which are as after Drop. A Mutex must not be copied.
//
// A Mutex needs no leak hook: when it is forgotten its guard is, and is reported.
//
// The lock is a token in a channel, as a wait for it has to end with a context, and Go's
// channels serve those that wait in their order. Drop takes the token for ever.
type Mutex[T any] struct {
	life life.Life // live until Drop or Unwrap; With counts as a borrower

	g      *Guard[T]     // given to the mutex; immutable
	slot   chan struct{} // holds one token while the lock is held, and for ever after Drop and Unwrap
	turn   uint64        // number of the last Lock; written by the holder of the slot
	holder atomic.Uint64 // the turn that has the lock; 0 when it was given back

	refused chan struct{} // closed, to wake up all that wait, when Drop or Unwrap begin
	refuse  sync.Once     // closes it
}

var _ Dropper = (*Mutex[int])(nil)

// NewMutex returns a mutex of g's value. The guard belongs to the mutex from then
// on: its own Get, Borrow, Drop and Release are ErrOwned, while its Done and Err
// report when and how the value was dropped. Functions that are borrowing the value
// when it is given are not kept apart from the first holders, but Drop waits for them.
// If g is gone or owned, Lock returns the same error.
func NewMutex[T any](g *Guard[T]) *Mutex[T] {
	m := new(Mutex[T])
	if err := g.take(); err != nil {
		m.life.OpenRefused(err)
		return m
	}
	m.g = g
	m.slot = make(chan struct{}, 1)
	m.refused = make(chan struct{})
	m.life.Open()
	return m
}

// Lock waits until the caller alone has the value. The caller has it until it calls
// unlock; calling that twice is harmless, also when another has locked since. If
// ctx ends first, Lock returns its cause; once Drop or Unwrap were called, it returns
// ErrDropped or ErrReleased, and so do the calls that are waiting, at once. With an
// error, unlock does nothing. From inside With, Lock with its ctx is ErrReentrant. A
// lock belongs to no function, so a caller that locks twice waits until ctx ends.
func (m *Mutex[T]) Lock(ctx context.Context) (v T, unlock func(), err error) {
	if err := m.lock(ctx); err != nil {
		return v, func() {}, err
	}
	turn := m.turn
	return m.g.in().Raw(), func() { m.unlock(turn) }, nil
}

// lock takes the slot, or returns why it cannot. A ctx that is over is refused also when the
// slot is free, so that a loop of Locks ends with its context.
func (m *Mutex[T]) lock(ctx context.Context) error {
	if m == nil {
		return ErrDropped
	}
	if s := m.life.State(); s != life.Live {
		return s.Refusal()
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	select {
	case m.slot <- struct{}{}:
	default:
		if err := m.await(ctx); err != nil {
			return err
		}
	}
	// A Drop that began before this line is seen here. One that begins later
	// finds the slot taken, and waits.
	if s := m.life.State(); s != life.Live {
		<-m.slot
		return s.Refusal()
	}
	m.turn++
	m.holder.Store(m.turn)
	return nil
}

// await waits for the slot, with a refusal and the end of ctx. If two of the three have
// come, either may win: a slot that was taken is given back by lock if the mutex refuses.
func (m *Mutex[T]) await(ctx context.Context) error {
	over := ctx.Done()
	w, err := life.EnterBeyond(ctx, &m.life, (*droppedMutex[T])(m))
	if err != nil {
		return err
	}
	select {
	case m.slot <- struct{}{}:
		w.Leave()
		return nil
	case <-m.refused:
		w.Leave()
		return m.life.State().Refusal()
	case <-over:
		w.Leave()
		return context.Cause(ctx)
	}
}

// unlock gives the slot back, if turn still has it. Of any number of calls by one holder the
// compare-and-swap lets one through, and none of a holder whose turn is over.
func (m *Mutex[T]) unlock(turn uint64) {
	if m.holder.CompareAndSwap(turn, 0) {
		<-m.slot
	}
}

// With calls fn with the value while nothing else has it, and returns fn's error,
// or the error of Lock. The lock is given back when fn returns, panics or calls
// [runtime.Goexit]. From inside fn, Lock, With and Drop with its ctx are
// ErrReentrant.
func (m *Mutex[T]) With(ctx context.Context, fn func(ctx context.Context, v T) error) error {
	if err := m.lock(ctx); err != nil {
		return err
	}
	defer m.unlock(m.turn)
	inside, err := m.life.Lend(ctx, life.Live)
	if err != nil {
		return err
	}
	defer m.life.GiveBack(inside)
	return fn(inside, m.g.in().Raw())
}

// Unwrap hands the guard back to the caller, which owes its Drop again. It returns
// ErrInUse while the lock is held, and the error of Lock once the mutex is gone. The
// calls that are waiting for the lock return ErrReleased.
func (m *Mutex[T]) Unwrap() (*Guard[T], error) {
	if m == nil {
		return nil, ErrDropped
	}
	m.life.Lock()
	defer m.life.Unlock()
	if s := m.life.State(); s != life.Live {
		return nil, s.Refusal()
	}
	select {
	case m.slot <- struct{}{}:
	default:
		return nil, ErrInUse
	}
	m.life.ReleaseLocked()
	m.refuse.Do(func() { close(m.refused) }) // to a Lock that came between the slot and the state
	m.g.in().Give()
	return m.g, nil
}

// Drop refuses the calls of Lock that come and those that are waiting, waits
// for its holder while ctx lives, and drops the guard. In all else it is as
// [Guard.Drop], with the holder as the borrower. A holder that drops without
// unlocking first waits for itself until ctx ends.
func (m *Mutex[T]) Drop(ctx context.Context) error {
	if m == nil {
		return nil
	}
	return m.life.Drop(ctx, (*droppedMutex[T])(m), life.Live, 0)
}

// A droppedMutex is a mutex as its life sees it.
type droppedMutex[T any] Mutex[T]

// AwaitIdle waits for the functions that borrowed the value before it was given to the
// mutex, of which there will be no more, and then takes the slot, for ever: no holder is
// left, and there is none to come. In this order, as a Drop that kept the slot while it
// waits would be one more that an overlapping Drop waits for, and that by no function
// which Enter could see.
func (m *droppedMutex[T]) AwaitIdle(ctx context.Context) error {
	m.refuse.Do(func() { close(m.refused) })
	if err := m.g.in().AwaitIdle(ctx); err != nil {
		return err
	}
	select {
	case m.slot <- struct{}{}:
		return nil
	default:
	}
	over := ctx.Done()
	w, err := life.EnterBeyond(ctx, &m.life, m)
	if err != nil {
		return err
	}
	defer w.Leave()
	select {
	case m.slot <- struct{}{}:
		return nil
	case <-m.life.Done():
		return nil // an overlapping Drop has it, and has dropped
	case <-over:
		return life.NotDropped(ctx)
	}
}

func (m *droppedMutex[T]) Call(ctx context.Context) error { return m.g.in().Drop(ctx, life.Given, 0) }

// Conclude adds nothing to the outcome.
func (m *droppedMutex[T]) Conclude(err error) error { return err }

func (m *droppedMutex[T]) Label() string {
	return m.g.in().Origin.Label("Mutex[" + life.TypeFor[T]() + "]")
}
