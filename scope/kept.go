package scope

import (
	"sync"
	"sync/atomic"

	"github.com/ebb-go/ebb/internal/engine"
)

// Bits of a kept, above the count of its pins.
const (
	keptRetired = 1 << 40 // it takes no further pin, and is dropped when the last has ended; taken back only by takeBack
	keptDropped = 1 << 41 // its drop has begun, or is another's to begin; terminal
)

// A kept is a value of a slot as what keeps it from being dropped sees it: it counts
// their pins. A value that is retired becomes idle once: when the count is zero, the
// goroutine that adds keptDropped has made it so, and all that is to happen then is its
// to do. So the last pin and the goroutine that retires the value need no common lock.
type kept struct {
	node  node          // the guard
	own   *Scope        // in which lies what the value has made; immutable, as is begin
	begin engine.Runner // begins a drop that no caller waits for
	bits  atomic.Int64

	mu      sync.Mutex     // a leaf: protects the following
	idle    chan struct{}  // closed when the last pin of a retired value has ended
	awaited bool           // the goroutine that has retired the value begins its drop, not the last pin
	guards  map[*node]bool // that pin the value until they are gone

	unused *unused // its place among those that nothing uses; immutable once it can be used; nil without SlotIdle
}

// enter counts one more pin, unless the value is retired.
func (k *kept) enter() bool {
	for {
		bits := k.bits.Load()
		if bits >= keptRetired {
			return false
		}
		if k.bits.CompareAndSwap(bits, bits+1) {
			if bits == 0 {
				k.unused.changed(&k.bits)
			}
			return true
		}
	}
}

// enterKept is enter for a caller inside a function that keeps the value, so that it can
// go on with it while the slot waits for that function.
func (k *kept) enterKept() bool {
	for {
		bits := k.bits.Load()
		if bits&keptDropped != 0 || bits&(keptRetired-1) == 0 {
			return false
		}
		if k.bits.CompareAndSwap(bits, bits+1) {
			return true
		}
	}
}

// unpin ends a pin. The last one begins the drop of a value that nothing waits for. It
// may be called with the lock of any scope.
func (k *kept) unpin() {
	switch bits := k.bits.Add(-1); {
	case bits == 0:
		k.unused.changed(&k.bits)
	case bits == keptRetired && k.becomeIdle():
		engine.Start(k.begin)
	}
}

// pinned reports whether there is a pin.
func (k *kept) pinned() bool { return k.bits.Load()&(keptRetired-1) > 0 }

// becomeIdle reports whether the caller is to begin the drop.
func (k *kept) becomeIdle() (drop bool) {
	if !k.bits.CompareAndSwap(keptRetired, keptRetired|keptDropped) {
		return false
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	close(k.idleLocked())
	return !k.awaited
}

func (k *kept) idleLocked() chan struct{} {
	if k.idle == nil {
		k.idle = make(chan struct{})
	}
	return k.idle
}

// retire refuses further pins. The channel closes when there is none; the caller
// begins the drop then, or calls abandonWait.
func (k *kept) retire() (idle <-chan struct{}) {
	k.mu.Lock()
	k.awaited = true
	idle = k.idleLocked()
	k.mu.Unlock()
	k.bits.Or(keptRetired)
	k.unused.changed(&k.bits)
	k.becomeIdle()
	return idle
}

// retireUnused retires a value that nothing uses, and leaves its drop to the caller.
func (k *kept) retireUnused() bool {
	if !k.bits.CompareAndSwap(0, keptRetired) {
		return false
	}
	k.mu.Lock()
	k.awaited = true
	k.mu.Unlock()
	k.becomeIdle()
	return true
}

// stopWaiting leaves it to the last pin to begin the drop; if there is none, it
// remains the caller's.
func (k *kept) stopWaiting() (drop bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.awaited = false
	return isClosed(k.idle)
}

// takeBack undoes retire, and reports whether it could: not when the last pin has ended.
func (k *kept) takeBack() bool {
	k.mu.Lock()
	k.awaited = false
	k.mu.Unlock()
	for {
		bits := k.bits.Load()
		if bits&keptDropped != 0 || bits == keptRetired {
			return false
		}
		if k.bits.CompareAndSwap(bits, bits&^keptRetired) {
			return true
		}
	}
}

// pins are the values that a function keeps until it has ended. They have a lock of
// their own, which comes after those of scopes, and before those of values: a function
// that takes a value must not meet all others of its scope.
type pins struct {
	last atomic.Pointer[kept] // pinned last, to be found without the lock: most functions use one

	mu    sync.Mutex // protects the following
	ended bool       // terminal
	few   [3]*kept
	n     int                // of few
	many  map[*kept]struct{} // beside few; nil before the first
}
