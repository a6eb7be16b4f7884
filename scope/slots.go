package scope

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/ebb-go/ebb/internal/fault"
	"github.com/ebb-go/ebb/trace"
)

// Slots is a guard with a value for each key: a pool for each tenant, a connection for
// each host. [NewSlots] makes one. The value of a key is opened by the first use, once for
// all callers, and dropped by [Slots.Evict], by [SlotIdle], or in the turn of the Slots in
// the teardown. What uses a value depends on the Slots, which has its place among the
// guards of its scope from the start. All methods may be called from any goroutine, also
// after the Slots is gone.
type Slots[K comparable, T any] struct {
	undivided
	core  slotCore
	open  func(ctx context.Context, k K) (T, error)
	drop  func(ctx context.Context, k K, v T) error
	fail  error // it could not be registered
	label string
	count atomic.Int64

	mu     sync.Mutex // protects the following
	places map[K]*place[T]
	peak   int // of places since it was last made
}

// NewSlots registers a guard of s with a value for each key: open makes it when it is
// first used, and drop gives it up. What open uses through its context the Slots depends
// on; in it [From] returns a scope of the value, as for a [Slot]. On a scope that no longer
// accepts, every use returns [ErrClosed].
func NewSlots[K comparable, T any](s *Scope, name string, open func(ctx context.Context, k K) (T, error),
	drop func(ctx context.Context, k K, v T) error, opts ...GuardOption,
) *Slots[K, T] {
	if open == nil || drop == nil {
		panic("scope.NewSlots: nil function")
	}
	cfg := newGuardConfig(opts)
	l := &Slots[K, T]{open: open, drop: drop, label: name}
	l.core.init(s, l, &cfg)
	if cfg.idle > 0 {
		l.core.idle = &idleQueue{after: cfg.idle}
		cfg.idle = 0
	}
	err := cfg.validForGuard()
	if err == nil {
		err = l.core.node.register(name, &cfg, false, nil)
	}
	if err != nil {
		l.fail = s.refusal("slots", name, err)
		l.core.abort()
	}
	return l
}

func (l *Slots[K, T]) asNode() *node {
	if l == nil {
		return nil
	}
	return &l.core.node
}

// Name returns the name of the Slots, unique in its scope while it lives.
func (l *Slots[K, T]) Name() string {
	if l.fail != nil {
		return l.label
	}
	return l.core.name()
}

// Len returns how many keys have a value now.
func (l *Slots[K, T]) Len() int { return int(l.count.Load()) }

// Use returns the value of k, and opens it first if it has none: once for all callers,
// with the values of the first one's context but not its cancellation. It blocks until the
// value is open or ctx ends; a failed open is reported to all callers that wait, and the
// next Use tries again. The value is kept, and edges are recorded, as by [Slot.Use]; opens
// that would wait for each other get a [*CycleError].
func (l *Slots[K, T]) Use(ctx context.Context, k K) (v T, err error) {
	f, err := l.using(ctx, true)
	if err != nil {
		return v, err
	}
	for {
		p := l.place(k)
		v, err = p.use(ctx, f)
		if err == errLeft {
			l.leave(k, p)
			continue
		}
		if err != nil {
			l.leaveEmpty(k, p)
			err = l.core.refusal("use", err)
		}
		return v, err
	}
}

// Borrow calls fn with the value of k, which it opens and waits for as [Slots.Use] does,
// and keeps until fn has returned. ctx may be of no owner.
func (l *Slots[K, T]) Borrow(ctx context.Context, k K, fn func(ctx context.Context, v T) error) error {
	if _, err := l.using(ctx, false); err != nil {
		return err
	}
	for {
		p := l.place(k)
		done, err := p.borrow(ctx, fn)
		switch {
		case done:
			return err
		case err == errLeft:
			l.leave(k, p)
		default:
			l.leaveEmpty(k, p)
			return l.core.refusal("borrow", err)
		}
	}
}

// using records that what ctx is of uses l.
func (l *Slots[K, T]) using(ctx context.Context, owned bool) (*frame, error) {
	f := frameOf(ctx)
	switch {
	case l.fail != nil:
		return nil, l.fail
	case owned && f == nil:
		return nil, l.core.refusal("use", errNoOwner)
	}
	return f, l.core.node.usedBy(f)
}

// Evict takes the value of k out of the Slots, so that the next use opens another one, and
// waits until it is dropped: when nothing uses it any longer. What it returns, and when it
// does not wait, is as for [Slot.Replace]. It waits for an open function of k that runs.
// Without a value it does nothing.
func (l *Slots[K, T]) Evict(ctx context.Context, k K) error {
	p := l.known(k)
	if p == nil {
		return nil
	}
	old, err := p.evict(ctx)
	if err != nil {
		return l.core.refusal("evict", err)
	}
	l.leave(k, p)
	if old == nil {
		return nil
	}
	return old.giveUp(ctx, "evict")
}

// Drop drops all values now. See [Handle.Drop].
func (l *Slots[K, T]) Drop(ctx context.Context) error { return l.dropEarly(ctx, false) }

// DropTree is Drop for the Slots and all that depends on it, dependents first, in waves.
func (l *Slots[K, T]) DropTree(ctx context.Context) error { return l.dropEarly(ctx, true) }

func (l *Slots[K, T]) dropEarly(ctx context.Context, tree bool) error {
	if l.fail != nil {
		return nil // it never was
	}
	return l.core.node.dropEarly(ctx, tree)
}

// known returns the place of k, nil without one. The key is foreign code: its hash can
// panic.
func (l *Slots[K, T]) known(k K) *place[T] {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.places[k]
}

// place returns the place of k, and makes it if there is none.
func (l *Slots[K, T]) place(k K) *place[T] {
	if p := l.known(k); p != nil {
		return p
	}
	p := &place[T]{core: &l.core, drop: func(ctx context.Context, v T) error { return l.drop(ctx, k, v) }}
	p.keyed = &keyed[T]{
		key:  shortKey(fault.Print(k)),
		open: func(ctx context.Context) (T, error) { return l.open(ctx, k) },
		idle: l.core.idle, count: &l.count, leave: func() { l.leave(k, p) },
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if known := l.places[k]; known != nil {
		return known
	}
	if l.places == nil {
		l.places = make(map[K]*place[T])
	}
	l.places[k] = p
	l.peak = max(l.peak, len(l.places))
	return p
}

// leaveEmpty takes the place of a key out whose open function has failed.
func (l *Slots[K, T]) leaveEmpty(k K, p *place[T]) {
	p.mu.Lock()
	p.left = p.left || p.turn == nil && p.current.Load() == nil
	left := p.left
	p.mu.Unlock()
	if left {
		l.leave(k, p)
	}
}

// leave takes p out, which is no longer the place of k. A map keeps its buckets, so one
// that has become much smaller is made anew.
func (l *Slots[K, T]) leave(k K, p *place[T]) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.places[k] != p {
		return
	}
	delete(l.places, k)
	if len(l.places) > 0 && (l.peak < 64 || len(l.places) > l.peak/4) {
		return
	}
	smaller := make(map[K]*place[T], len(l.places))
	for k, p := range l.places {
		smaller[k] = p
	}
	l.places, l.peak = smaller, len(smaller)
}

func (l *Slots[K, T]) dropped() trace.SlotValues { return l.core.dropped() }

func (l *Slots[K, T]) valueItems(now time.Time) []trace.SnapshotItem { return l.core.valueItems(now) }

// inside returns the scope of the values.
func (l *Slots[K, T]) inside() *Scope { return &l.core.values }

func (l *Slots[K, T]) callDrop(ctx context.Context) error { return l.core.drop(ctx) }
func (l *Slots[K, T]) kind() string                       { return "guard" }
func (l *Slots[K, T]) typ() string                        { return typeName[T]() }
