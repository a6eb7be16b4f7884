package scope

import (
	"context"
	"errors"
	"sync/atomic"

	"github.com/ebb-go/ebb/internal/engine"
)

// errLeft says that a place is no longer that of its key: another one is.
var errLeft = errors.New("scope: the value was evicted")

// keyed is what the place of a key has beyond that of a Slot: its values are opened by the
// first caller that wants one, once for all of them.
type keyed[T any] struct {
	key   string // as a label has it
	open  func(ctx context.Context) (T, error)
	idle  *idleQueue    // nil without SlotIdle
	count *atomic.Int64 // of the keys that have a value
	leave func()        // takes the place, which has left, from the key
}

// unused returns the place of a value in the queue, nil without one.
func (k *keyed[T]) unused(evict func()) *unused {
	if k.idle == nil {
		return nil
	}
	return &unused{queue: k.idle, evict: evict}
}

// openShared waits until the place has another value than old, and opens one if no
// caller has begun to. It gets the values of the first caller's context but not its
// cancellation, and is canceled when all callers have given up.
func (p *place[T]) openShared(ctx context.Context, old *valueOf[T]) error {
	in := held(ctx)
	o, mine, err := p.join(ctx, old)
	if o == nil {
		return err
	}
	w, path := waits.enter(in, target{waitPoint: waitPoint{node: o.node, open: true}})
	if path != nil {
		if mine {
			p.giveUp(o, cycle(path))
		}
		return cycle(path)
	}
	defer w.leave()
	select {
	case <-o.done:
		if mine {
			return o.err
		}
		return nil
	case <-ctx.Done():
		if mine {
			p.giveUp(o, context.Cause(ctx))
		}
		return context.Cause(ctx)
	}
}

// join counts the caller among those that wait for the open function that runs, or begins
// it. One that all others have given up is returned with mine false: it is only waited
// for. Without one to wait for, err says why, nil if there is a value.
func (p *place[T]) join(ctx context.Context, old *valueOf[T]) (o *opener, mine bool, err error) {
	within, v, begun := p.newValue(context.WithoutCancel(ctx))
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case p.left:
		err = errLeft
	case p.current.Load() != old:
	case p.turn != nil:
		o = p.turn
	case old != nil: // it is being dropped with its slot
		err = ErrDropped
	default:
		if err = p.core.begin(begun); err == nil {
			o, p.turn = begun, begun
			o.waiting++
			engine.Start(&attempt[T]{p, within, v, o})
			return o, true, nil
		}
	}
	begun.cancel(errEnded)
	if o == nil || o.forsaken {
		return o, false, err
	}
	o.waiting++
	return o, true, nil
}

// giveUp takes back the wait of one caller, and cancels the open function if that was the
// last one.
func (p *place[T]) giveUp(o *opener, cause error) {
	p.mu.Lock()
	o.waiting--
	last := o.waiting == 0 && p.turn == o
	o.forsaken = o.forsaken || last
	p.mu.Unlock()
	if last {
		o.cancel(cause)
	}
}

// isUnheard reports whether no caller waits for what o comes to.
func (p *place[T]) isUnheard(o *opener) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.keyed != nil && o.forsaken
}

// An attempt is one call of the open function of a key, on a goroutine of its own.
type attempt[T any] struct {
	p   *place[T]
	ctx context.Context
	v   *valueOf[T]
	o   *opener
}

// Run keeps a panic and a Goexit of the open function as the error that callers get.
func (a *attempt[T]) Run() {
	defer func() { _ = recover() }()
	defer a.p.leaveKey()
	_, _ = a.p.open(a.ctx, a.o, a.v, a.p.keyed.open)
}

// leaveKey takes the place from its key if it has left.
func (p *place[T]) leaveKey() {
	p.mu.Lock()
	left := p.left
	p.mu.Unlock()
	if left {
		p.keyed.leave()
	}
}

// evict takes the value out of the place, which is no longer that of its key, when no
// open function runs.
func (p *place[T]) evict(ctx context.Context) (old *valueOf[T], err error) {
	for {
		p.mu.Lock()
		busy := p.turn
		if busy == nil {
			old = p.current.Swap(nil)
			p.left = true
			p.mu.Unlock()
			if old != nil {
				p.keyed.count.Add(-1)
			}
			return old, nil
		}
		p.mu.Unlock()
		if err := p.await(ctx, busy); err != nil {
			return nil, err
		}
	}
}

// evictUnused evicts v if nothing uses it. Its error is Run's.
func (p *place[T]) evictUnused(v *valueOf[T]) {
	p.mu.Lock() // before that of the queue, which does not hold its own now
	evicts := p.current.Load() == v && v.retireUnused()
	if evicts {
		p.current.Store(nil)
		p.left = true
	}
	p.mu.Unlock()
	if evicts {
		p.keyed.count.Add(-1)
		p.keyed.leave()
		v.dropUnheard()
	}
}
