package guard

import "weak"

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
