package scope

import (
	"context"
	"strconv"
	"sync"
	"sync/atomic"

	"go.uber.org/multierr"

	"github.com/ebb-go/ebb/internal/fault"
)

// A place is where one value of a slot is, and after it the next. Values are opened one
// after another: the turn is the open function that runs.
type place[T any] struct {
	core    *slotCore
	drop    func(ctx context.Context, v T) error
	keyed   *keyed[T]                  // nil: of a Slot, which numbers its values
	current atomic.Pointer[valueOf[T]] // nil: none is there; changed with mu held

	mu     sync.Mutex // protects the following; comes before the locks of scopes
	turn   *opener    // nil: nothing is being opened
	opened int        // values so far; changed by the turn only
	lost   error      // of the drop of the value that was retired in this turn
	empty  error      // why there is no value: the error of the open function that has retired it
	left   bool       // of Slots: it is no longer the place of its key; terminal
}

// use returns the value and keeps it for the function of f, or for the guard that f
// opens.
func (p *place[T]) use(ctx context.Context, f *frame) (v T, err error) {
	for {
		at := p.current.Load()
		if at != nil {
			err = at.keepFor(f)
			if err == nil || err == errRetired && at.heldIn(ctx) {
				return at.v, nil
			}
			if err != errRetired {
				return v, err
			}
		}
		if err = p.awaitValue(ctx, at); err != nil {
			return v, err
		}
	}
}

// borrow calls fn with the value, which it keeps for the call.
// done says that fn was called.
func (p *place[T]) borrow(ctx context.Context, fn func(ctx context.Context, v T) error) (done bool, err error) {
	for {
		at := p.current.Load()
		if at != nil && (at.enter() || at.heldIn(ctx) && at.enterKept()) {
			defer at.unpin()
			b := &borrowing{Context: ctx, node: &at.node, outer: borrowingOf(ctx)}
			defer b.over.Store(true)
			return true, fn(b, at.v)
		}
		if err := p.awaitValue(ctx, at); err != nil {
			return false, err
		}
	}
}

// awaitValue returns when the place may have another value than old, or why it will not.
func (p *place[T]) awaitValue(ctx context.Context, old *valueOf[T]) error {
	if p.keyed != nil {
		return p.openShared(ctx, old)
	}
	p.mu.Lock()
	turn, empty := p.turn, p.empty
	changed := p.current.Load() != old
	p.mu.Unlock()
	switch {
	case changed:
		return nil
	case turn != nil:
		return p.await(ctx, turn)
	case empty != nil:
		return empty
	}
	return ErrDropped
}

// await waits for the end of an open function, as long as ctx lives.
func (p *place[T]) await(ctx context.Context, o *opener) error {
	w, path := waits.enter(held(ctx), target{waitPoint: waitPoint{node: o.node, open: true}})
	if path != nil {
		return cycle(path)
	}
	defer w.leave()
	select {
	case <-o.done:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// takeTurn waits until no open function runs, and makes o the one that does.
func (p *place[T]) takeTurn(ctx context.Context, o *opener) error {
	for {
		p.mu.Lock()
		busy := p.turn
		if busy == nil {
			err := p.core.begin(o)
			if err == nil {
				p.turn = o
			}
			p.mu.Unlock()
			return err
		}
		p.mu.Unlock()
		if err := p.await(ctx, busy); err != nil {
			return err
		}
	}
}

// endTurn lets the next one come.
func (p *place[T]) endTurn(o *opener) {
	p.mu.Lock()
	p.turn, p.lost = nil, nil
	p.mu.Unlock()
	close(o.done)
	p.core.end(o)
}

// replace opens a value, on the goroutine of the caller, and puts it in the place of the
// one that is there, which is then dropped.
func (p *place[T]) replace(ctx context.Context, open func(ctx context.Context) (T, error)) error {
	within, v, o := p.newValue(ctx)
	if err := p.takeTurn(ctx, o); err != nil {
		o.cancel(errEnded)
		return err
	}
	old, err := p.open(within, o, v, open)
	if err != nil || old == nil {
		return err
	}
	return old.giveUp(ctx, "replace")
}

// why returns why there is no value.
func (p *place[T]) why() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.empty != nil {
		return p.empty
	}
	return ErrDropped
}

// newValue returns a value that is to be opened, the record of that, and its context.
func (p *place[T]) newValue(ctx context.Context) (context.Context, *valueOf[T], *opener) {
	v := &valueOf[T]{drop: p.drop}
	v.core = p.core
	ctx, v.cancel = context.WithCancelCause(ctx)
	return ctx, v, &opener{node: &v.node, cancel: v.cancel, done: make(chan struct{})}
}

// open is the turn of o. It returns the value that is to be dropped, if any.
func (p *place[T]) open(ctx context.Context, o *opener, v *valueOf[T], open func(ctx context.Context) (T, error)) (old *valueOf[T], err error) {
	defer p.endTurn(o)
	if v.label = p.core.label(strconv.Itoa(p.opened + 1)); p.keyed != nil { // which only a turn changes
		v.label, v.shared = p.core.label(p.keyed.key), true
	}
	done := false
	defer func() {
		if done {
			return
		}
		if caught := recover(); caught != nil {
			_ = p.failed(o, fault.Panic(caught))
			panic(caught)
		}
		_ = p.failed(o, ErrGoexit)
	}()
	drops, err := v.call(ctx, open)
	if err == nil {
		err = v.keep()
	}
	done = true
	if err != nil {
		if drops != nil && p.isUnheard(o) {
			v.failUnheard(drops)
		}
		return nil, p.failed(o, err)
	}
	if p.keyed != nil {
		v.unused = p.keyed.unused(func() { p.evictUnused(v) })
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if o.forsaken {
		p.left = true
		v.retire()
		v.leaveDrop()
		return nil, nil
	}
	old = p.current.Swap(v)
	p.opened++
	p.empty = nil
	if p.keyed != nil {
		p.keyed.count.Add(1)
		v.unused.changed(&v.bits)
	}
	return old, p.lost
}

// failed says why there is no value, if there is none, and returns what Replace does: the
// error of the value that Retire has dropped is among it.
func (p *place[T]) failed(o *opener, err error) error {
	p.mu.Lock()
	o.err = err
	p.left = p.keyed != nil
	if p.current.Load() == nil {
		p.empty = err
	}
	lost := p.lost
	p.mu.Unlock()
	if lost != nil && !fault.Is(err, lost) {
		err = multierr.Append(err, lost)
	}
	return err
}
