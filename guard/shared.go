package guard

import (
	"context"
	"sync/atomic"
	"weak"

	"github.com/ebb-go/ebb/internal/life"
)

// A Shared is one of several handles of one guarded value. Each holder drops its
// own handle; the Drop of the last one drops the value. All methods may be called
// concurrently, also on a nil *Shared and the zero Shared, which owe nothing.
//
// A handle of a guard that has a leak hook has one too: a handle that is forgotten
// is reported to [OnLeak] and gives up its count, so that the value is dropped by
// the last of the others. If all handles are forgotten, the value is lost, as the
// value of a forgotten guard is.
type Shared[T any] struct {
	share *share[T] // immutable

	state  atomic.Uint32 // live, then dropped or released; written under share.mu
	last   bool          // its Drop brought the count to 0; under share.mu
	origin *life.Origin  // immutable, its fields under share.mu; nil when the guard has none
}

var _ Dropper = (*Shared[int])(nil)

// Share turns a guard into the first handle of a shared value. The guard belongs
// to the handles from then on: its own Get, Borrow, Drop and Release are ErrOwned,
// while its Done and Err report when and how the value was dropped. If g is gone or
// owned, the handle is gone with the same error.
func Share[T any](g *Guard[T]) *Shared[T] {
	s, err := newShare(g)
	if err != nil {
		h := &Shared[T]{share: &share[T]{g: new(Guard[T]), tally: new(tally)}}
		h.share.in().OpenRefused(err)
		h.set(h.share.in().State())
		return h
	}
	return s.handle(s.caller(1))
}

func (h *Shared[T]) is() life.State {
	if h == nil {
		return life.Empty
	}
	return life.State(h.state.Load())
}

// set moves the state, with mu held or while nothing else has h.
func (h *Shared[T]) set(s life.State) { h.state.Store(uint32(s)) }

// Value returns the value. It panics once this handle is gone, as
// [Guard.Value] does.
func (h *Shared[T]) Value() T {
	if h == nil || h.state.Load() != uint32(life.Live) {
		panic(&goneError{h})
	}
	return h.share.in().Raw()
}

func (h *Shared[T]) gone() (typ string, o *life.Origin, err error) {
	if h == nil || h.share == nil {
		return life.TypeFor[T](), nil, ErrDropped
	}
	return h.share.in().Type(), h.origin, h.is().Refusal()
}

// Get returns the value, or ErrDropped or ErrReleased once this handle is gone.
func (h *Shared[T]) Get() (T, error) {
	if s := h.is(); s != life.Live {
		var zero T
		return zero, s.Refusal()
	}
	return h.share.in().Raw(), nil
}

// Borrow calls fn with the value, as [Guard.Borrow] does. The value is not dropped
// before fn has returned, even if this handle is.
func (h *Shared[T]) Borrow(ctx context.Context, fn func(ctx context.Context, v T) error) error {
	if s := h.is(); s != life.Live {
		return s.Refusal()
	}
	return h.share.in().Use(ctx, life.Given, fn)
}

// Clone returns another handle, which has to be dropped too; or the error of
// Get.
func (h *Shared[T]) Clone() (*Shared[T], error) {
	if s := h.is(); s != life.Live {
		return nil, s.Refusal()
	}
	return h.clone(h.share.caller(1))
}

// clone is Clone with the new handle's origin, which is recorded before the lock is taken:
// that walks the stack.
func (h *Shared[T]) clone(o *life.Origin) (*Shared[T], error) {
	h.share.mu.Lock()
	defer h.share.mu.Unlock()
	if s := h.is(); s != life.Live { // a handle and its count go under mu: what is live now is counted
		return nil, s.Refusal()
	}
	return h.share.handle(o), nil
}

// Refs returns how many handles are held.
func (h *Shared[T]) Refs() int {
	if h == nil || h.share == nil {
		return 0
	}
	h.share.mu.Lock()
	defer h.share.mu.Unlock()
	return h.share.refs
}

// Drop gives up this handle. It returns nil at once if there are others. The
// Drop of the last one drops the value and is as [Guard.Drop]: it waits for
// borrowers, and returns the error of the drop function. If it returned ErrInUse
// because its ctx ended first, or ErrReentrant because it was called from inside a
// Borrow, the handle is gone but owes the value's drop, and drops it when it is
// dropped again. Otherwise further Drops of the same handle return nil and count
// nothing.
func (h *Shared[T]) Drop(ctx context.Context) error {
	switch h.is() {
	case life.Empty, life.Released:
		return nil
	case life.Given:
		return ErrOwned
	}
	site := h.share.in().Origin.Caller(1)
	if !h.leave(site) {
		return nil
	}
	return h.pay(ctx, site)
}

// pay drops the value for the last handle, which still owes that after an error that is
// ErrInUse or ErrReentrant.
func (h *Shared[T]) pay(ctx context.Context, site uintptr) error {
	defer h.paid() // deferred, for after a Goexit of the drop only that runs
	return h.share.in().Drop(ctx, life.Given, site)
}

// paid stops the leak hook of the last handle once the value's drop has begun:
// from then on the handle owes nothing.
func (h *Shared[T]) paid() {
	if h.share.in().State() < life.Dropping {
		return
	}
	h.share.mu.Lock()
	defer h.share.mu.Unlock()
	life.Disarm(h.origin, h)
}

// leave gives up the handle and its count, once, and reports whether that was
// the last one. Called again it reports the same, so that the last handle can try again to
// drop a value that was in use.
//
// The count reaches 0 and the value begins to refuse under one lock, the tally's: a Borrow
// has come before and is waited for, or is refused.
func (h *Shared[T]) leave(site uintptr) (last bool) {
	s, t := h.share, h.share.tally
	t.mu.Lock()
	defer t.mu.Unlock()
	if h.is() != life.Live {
		return h.last
	}
	h.origin.EndedAt(site)
	h.set(life.Dropped)
	if t.refs--; t.refs > 0 {
		life.Disarm(h.origin, h)
		return false
	}
	h.last = true // and still owes the drop: the hook stays armed until that begins
	s.in().Refuse(life.Given)
	return true
}

// Done returns a channel that is closed when the value has been dropped; it may
// be asked for and waited on after the handle is gone. After Unshare it is
// the guard's.
func (h *Shared[T]) Done() <-chan struct{} {
	if h == nil || h.share == nil {
		return new(life.Life).Done()
	}
	return h.share.g.Done()
}

// Err returns the error of the value's drop to every holder and former holder;
// nil before it has ended.
func (h *Shared[T]) Err() error {
	if h == nil || h.share == nil {
		return nil
	}
	return h.share.g.Err()
}

// Unshare turns the last handle back into the guard, with its leak hook. If there
// are other holders it returns ErrShared. The handle is used up either way: then
// one of the others drops the value. Once the handle is gone, it returns the
// error of Get.
func (h *Shared[T]) Unshare() (*Guard[T], error) {
	if s := h.is(); s != life.Live {
		return nil, s.Refusal()
	}
	h.share.mu.Lock()
	defer h.share.mu.Unlock()
	if s := h.is(); s != life.Live {
		return nil, s.Refusal()
	}
	h.set(life.Released)
	life.Disarm(h.origin, h)
	if h.share.refs--; h.share.refs > 0 {
		return nil, ErrShared
	}
	h.share.in().Give()
	return h.share.g, nil
}

// Downgrade returns a [Weak] of the value. It holds no count and needs no drop.
func (h *Shared[T]) Downgrade() *Weak[T] {
	if h == nil {
		return new(Weak[T])
	}
	return &Weak[T]{share: weak.Make(h.share)}
}
