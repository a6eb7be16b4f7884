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
	current atomic.Pointer[valueOf[T]] // nil: none is there; changed with mu held

	mu     sync.Mutex // protects the following; comes before the locks of scopes
	turn   *opener    // nil: nothing is being opened
	opened int        // values so far; changed by the turn only
	lost   error      // of the drop of the value that was retired in this turn
	empty  error      // why there is no value: the error of the open function that has retired it
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
func (p *place[T]) borrow(ctx context.Context, fn func(ctx context.Context, v T) error) error {
	for {
		at := p.current.Load()
		if at != nil && (at.enter() || at.heldIn(ctx) && at.enterKept()) {
			defer at.unpin()
			b := &borrowing{Context: ctx, node: &at.node, outer: borrowingOf(ctx)}
			defer b.over.Store(true)
			return fn(b, at.v)
		}
		if err := p.awaitValue(ctx, at); err != nil {
			return p.core.refusal("borrow", err)
		}
	}
}

// awaitValue returns when the place may have another value than old, or why it will not.
func (p *place[T]) awaitValue(ctx context.Context, old *valueOf[T]) error {
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
	v := &valueOf[T]{drop: p.drop}
	v.core = p.core
	o := &opener{node: &v.node, done: make(chan struct{})}
	within, cancel := context.WithCancelCause(ctx)
	v.cancel, o.cancel = cancel, cancel
	if err := p.takeTurn(ctx, o); err != nil {
		cancel(errEnded)
		return err
	}
	old, err := p.open(within, o, v, open)
	if err != nil || old == nil {
		return err
	}
	return old.giveUp(ctx)
}

// open is the turn of o. It returns the value that is to be dropped, if any.
func (p *place[T]) open(ctx context.Context, o *opener, v *valueOf[T], open func(ctx context.Context) (T, error)) (old *valueOf[T], err error) {
	defer p.endTurn(o)
	v.label = p.core.label(strconv.Itoa(p.opened + 1)) // which only a turn changes
	done := false
	defer func() {
		if done {
			return
		}
		if caught := recover(); caught != nil {
			p.failed(fault.Panic(caught))
			panic(caught)
		}
		p.failed(ErrGoexit)
	}()
	_, err = v.call(ctx, open)
	if err == nil {
		err = v.keep()
	}
	done = true
	if err != nil {
		return nil, p.failed(err)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	old = p.current.Swap(v)
	p.opened++
	p.empty = nil
	return old, p.lost
}

// failed says why there is no value, if there is none, and returns what Replace does: the
// error of the value that Retire has dropped is among it.
func (p *place[T]) failed(err error) error {
	p.mu.Lock()
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

// retire drops the value before the open function in whose context it is called has
// opened the next.
func (p *place[T]) retire(ctx context.Context) error {
	if !p.isTurnOf(frameOf(ctx)) {
		return ErrForeign
	}
	v := p.current.Load()
	if v == nil {
		return nil
	}
	in := held(ctx)
	idle := v.retire()
	var why error
	w, path := waits.enter(in, target{waitPoint: waitPoint{node: &v.scopeNode}, wide: true})
	defer w.leave()
	if names := v.guardNames(); len(names) > 0 {
		why = &InUseError{Guard: v.label, Dependents: names}
	} else if path != nil || holds(in, target{waitPoint: waitPoint{node: &v.node}}) {
		why = ErrReentrant
	} else {
		select {
		case <-idle:
		case <-ctx.Done():
			why = context.Cause(ctx)
		}
	}
	if why != nil && v.takeBack() {
		return why
	}
	p.mu.Lock()
	p.current.Store(nil)
	p.mu.Unlock()
	err := v.scopeNode.dropEarly(ctx, true)
	p.mu.Lock()
	p.lost = err
	p.mu.Unlock()
	return err
}

// isTurnOf reports whether f, or what is around it, is the open function that runs.
func (p *place[T]) isTurnOf(f *frame) bool {
	p.mu.Lock()
	turn := p.turn
	p.mu.Unlock()
	for ; f != nil && turn != nil; f = f.outer() {
		if f.kind == openingFrame && f.node == turn.node {
			return true
		}
	}
	return false
}
