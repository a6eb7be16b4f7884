package guard

// A Weak refers to a shared value without keeping it from being dropped. It may
// be used concurrently; nil and the zero Weak refer to nothing.
type Weak[T any] struct {
	share *share[T] // immutable
}

// Upgrade returns a handle, which has to be dropped, as long as somebody holds
// one; and false from the moment the last one was given up.
func (w *Weak[T]) Upgrade() (*Shared[T], bool) {
	if w == nil || w.share == nil {
		return nil, false
	}
	w.share.mu.Lock()
	defer w.share.mu.Unlock()
	if w.share.refs == 0 {
		return nil, false
	}
	return w.share.handle(w.share.caller(1)), true
}
