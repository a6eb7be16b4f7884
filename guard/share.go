package guard

import (
	"reflect"
	"sync"
	"weak"

	"github.com/ebb-go/ebb/internal/life"
)

// A share is what all handles of one value have in common.
//
// The value is Given until the count reaches 0, and Draining from then on: the last
// handle goes and borrowers are refused under one lock.
type share[T any] struct {
	g *Guard[T]
	*tally
}

// in returns the value that is shared.
func (s *share[T]) in() *life.Value[T] { return s.g.in() }

// A tally counts the handles of one shared value. It is apart from the share
// because the leak hook of every handle holds it: what a hook holds is reachable
// for ever, and the share leads to the value, which may well hold a handle of
// itself. Such a handle would never be collected.
type tally struct {
	mu   sync.Mutex // protects refs and the handles; the life's lock is taken under it
	refs int        // handles that are held; once 0 it stays 0, so nothing is resurrected
}

// newShare takes g for a share that has no handle yet. The guard's leak hook
// stops: the handles have their own. Between the two nothing else can use g, which is Given,
// so that a collection in between finds the caller holding it.
func newShare[T any](g *Guard[T]) (*share[T], error) {
	if err := g.take(); err != nil {
		return nil, err
	}
	g.in().Unhook()
	return &share[T]{g: g, tally: new(tally)}, nil
}

// handle counts a new handle in, whose leak hook reports o. mu is held, or nothing
// else has s: a count that has reached 0 must not be raised again.
func (s *share[T]) handle(o *life.Origin) *Shared[T] {
	s.refs++
	h := &Shared[T]{share: s, origin: o}
	h.set(life.Live)
	life.Arm(o, h)
	return h
}

// caller returns the origin of a handle that is made by the caller of the
// function skip frames above the one that calls it; nil if the guard has none.
func (s *share[T]) caller(skip int) *life.Origin {
	return s.in().Origin.ForHandle(reflect.TypeFor[*Shared[T]](), skip+1, s.tally)
}

// Lose gives up the count of a handle that was collected. It drops nothing: a drop
// may block and fail, and on the runtime's goroutine nothing can wait for it or
// return its error.
func (t *tally) Lose() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.refs > 0 { // else the handle was the last one, and its Drop could not begin
		t.refs--
	}
}

// A Weak refers to a shared value without keeping it from being dropped, and
// without keeping its memory. It may be used concurrently; nil and the zero Weak
// refer to nothing.
type Weak[T any] struct {
	// Immutable. The pointer is weak for the sake of the leak hooks: a cache of Weaks
	// would otherwise keep the value, and through a value that holds a handle of
	// itself that handle too, which then would never be found forgotten. As long as
	// a handle is held, the share is reachable from it.
	share weak.Pointer[share[T]]
}

// Upgrade returns a handle, which has to be dropped, as long as another one is
// held; and false from the moment the last one was given up.
func (w *Weak[T]) Upgrade() (*Shared[T], bool) {
	if w == nil {
		return nil, false
	}
	s := w.share.Value()
	if s == nil {
		return nil, false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.refs == 0 {
		return nil, false
	}
	return s.handle(s.caller(1)), true
}
