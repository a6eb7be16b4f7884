package scope

import (
	"context"

	"go.uber.org/multierr"

	"github.com/ebb-go/ebb/internal/fault"
	"github.com/ebb-go/ebb/internal/record"
)

// attempt is one call of open. Attempts do not overlap.
func (h *LazyHandle[T]) attempt(ctx context.Context, open func(context.Context) (T, error)) (v T, err error) {
	s := h.node.s
	h.panicked.Store(nil)
	returned := false
	var drops error
	defer func() {
		if returned {
			h.gaveUp(err, drops)
			return
		}
		if p := recover(); p != nil {
			caught := fault.Panic(p)
			h.panicked.Store(caught)
			panic(caught)
		}
	}()
	if s.rec != nil {
		var span *record.Span
		ctx, span = s.rec.Acquire(ctx, h.Name(), h.typ())
		err = ErrGoexit // unless open returns
		defer func() { span.End(err) }()
	}
	o := new(opening)
	o.begin(ctx, &h.node, h.Name())
	o.apart = true
	opened := false
	defer h.node.opens(ctx, &opened, &err, &drops)
	defer o.end()
	v, err = open(&o.frame)
	opened, returned = true, true
	return v, err
}

// gaveUp keeps the errors of the drops of what an attempt has given up, which failed
// with err: its callers may all have gone.
func (h *LazyHandle[T]) gaveUp(err, drops error) {
	if drops == nil {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.lost = multierr.Append(h.lost, h.drops)
	h.failed, h.drops = err, drops
}

// heard takes note that a Use returns err.
func (h *LazyHandle[T]) heard(err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.drops != nil && fault.Same(err, h.failed) {
		h.failed, h.drops = nil, nil
	}
}

// unheard returns the errors that no Use has returned.
func (h *LazyHandle[T]) unheard() error {
	h.mu.Lock()
	defer h.mu.Unlock()
	return multierr.Append(h.lost, h.drops)
}
