package scope

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"

	"go.uber.org/multierr"

	"github.com/ebb-go/ebb/guard"
	"github.com/ebb-go/ebb/internal/fault"
	"github.com/ebb-go/ebb/internal/life"
)

// LazyHandle is a guard that is opened by its first use. [Lazy] makes one. It
// has its place among the guards of its scope from the start, also if it is
// never opened. All methods may be called from any goroutine.
type LazyHandle[T any] struct {
	undivided
	node   node
	lazy   *guard.Lazy[T]
	fail   error       // it could not be registered
	opened atomic.Bool // a Use has had the value, so none waits
	name   string

	panicked     atomic.Pointer[PanicError] // of the last attempt to open
	dropPanicked atomic.Bool                // the drop of the value, in the turn of the node, has panicked

	mu     sync.Mutex // protects the following
	failed error      // of the last attempt to open, if that has given up something with an error
	drops  error      // the errors of that, until a Use returns failed
	lost   error      // those that no Use has returned; its drop does
}

// Opener is a [*LazyHandle] of any type. The set is sealed.
type Opener interface {
	Node
	openNow(ctx context.Context) error
}

func (h *LazyHandle[T]) asNode() *node {
	if h == nil {
		return nil
	}
	return &h.node
}

// Name returns the name of the guard, unique in its scope while it lives.
func (h *LazyHandle[T]) Name() string {
	if h.fail != nil {
		return h.name
	}
	return h.node.name()
}

// Lazy registers a guard that open makes when it is first used, and drop gives
// up in its turn if it was opened. What open uses through its context the guard
// depends on. On a scope that no longer accepts, every Use returns [ErrClosed].
func Lazy[T any](s *Scope, name string, open func(ctx context.Context) (T, error),
	drop func(ctx context.Context, v T) error, opts ...GuardOption,
) *LazyHandle[T] {
	if open == nil || drop == nil {
		panic("scope.Lazy: nil function")
	}
	h := &LazyHandle[T]{name: name}
	h.node.s, h.node.resource = s, h
	h.lazy = guard.NewLazy(func(ctx context.Context) (*guard.Guard[T], error) {
		v, err := h.attempt(ctx, open)
		if err != nil {
			return nil, err
		}
		return guard.New(v, h.dropping(drop), life.Untracked), nil
	})
	cfg := newGuardConfig(opts)
	err := cfg.validForGuard()
	if err == nil {
		err = h.node.register(name, &cfg, false, nil)
	}
	if err != nil {
		h.fail = s.refusal("lazy", name, err)
	}
	return h
}

// dropping returns drop as the value's drop function: in the context of the guard's
// drop, which is where the value is dropped, unless it came when all callers that had asked for
// it were gone; then in one of its own, that of a drop without a turn.
func (h *LazyHandle[T]) dropping(drop func(context.Context, T) error) func(context.Context, T) error {
	return func(ctx context.Context, v T) error {
		if f := frameOf(ctx); f != nil && f == &h.node.drop {
			defer func() {
				if p := recover(); p != nil {
					h.dropPanicked.Store(true)
					panic(fault.Panic(p))
				}
			}()
			return drop(ctx, v)
		}
		f := &frame{node: &h.node, way: dropUnowned, apart: true} // the attempt goes on
		f.begin(ctx, h.node.s, dropFrame)
		defer f.join()
		return drop(f, v)
	}
}

// Use returns the value, and opens it first if it is not open: once for all callers,
// with the values of the first one's context but not its cancellation. It blocks
// until it is open or ctx ends. It records the edge like [Handle.Use]; opens
// that would wait for each other get a [*CycleError]. All that wait for an open that
// fails get its error, and the next Use tries again. Once the drop has begun Use returns
// [ErrDropped].
func (h *LazyHandle[T]) Use(ctx context.Context) (T, error) {
	var zero T
	if h.fail != nil {
		return zero, h.fail
	}
	if err := h.node.usedBy(frameOf(ctx)); err != nil {
		return zero, err
	}
	if !h.opened.Load() { // else it does not wait
		w, path := waits.enter(held(ctx), target{waitPoint: waitPoint{node: &h.node, open: true}})
		if path != nil {
			return zero, cycle(path)
		}
		defer w.leave()
	}
	held, err := h.lazy.Get(ctx)
	if err == nil {
		h.opened.Store(true)
	}
	if err != nil {
		h.heard(err)
		if fault.Is(err, ErrDropped) {
			err = h.node.s.refusal("guard", h.Name(), err)
		}
		return zero, err
	}
	v, err := held.Get()
	// The lazy keeps a handle of its own until it is dropped, so this one is
	// never the last unless the drop has begun, and then its error is not lost.
	if dropErr := held.Drop(context.WithoutCancel(ctx)); err == nil {
		err = dropErr
	}
	return v, err
}

func (h *LazyHandle[T]) openNow(ctx context.Context) error {
	_, err := h.Use(ctx)
	if p := h.panicked.Load(); p != nil && err == error(p) {
		panic(p) // of the open function; OpenAll joins the others and goes on with it
	}
	return err
}

// Drop drops the guard now, or makes sure that it is never opened. See
// [Handle.Drop].
func (h *LazyHandle[T]) Drop(ctx context.Context) error { return h.dropEarly(ctx, false) }

// DropTree is Drop for the guard and all that depends on it, dependents first,
// in waves.
func (h *LazyHandle[T]) DropTree(ctx context.Context) error { return h.dropEarly(ctx, true) }

func (h *LazyHandle[T]) dropEarly(ctx context.Context, tree bool) error {
	if h.fail != nil {
		return nil // it never was
	}
	return h.node.dropEarly(ctx, tree)
}

func (h *LazyHandle[T]) callDrop(ctx context.Context) (err error) {
	returned := false
	defer func() {
		if !returned { // a panic or Goexit is the outcome, and has no room for what no Use has returned
			h.node.s.reportUnheard(&h.node, h.unheard())
		}
	}()
	err = h.lazy.Drop(ctx) // waits for an attempt
	if stillInUse(ctx, err, h.lazy.Done()) {
		err = h.lazy.Drop(context.WithoutCancel(ctx))
	}
	returned = true
	return caught(multierr.Append(h.unheard(), err), h.dropPanicked.Load())
}

func (h *LazyHandle[T]) kind() string { return "guard" }

func (h *LazyHandle[T]) guarded() {}

func (h *LazyHandle[T]) typ() string {
	var zero *T
	return fmt.Sprintf("%T", zero)[1:]
}

// OpenAll opens the lazies concurrently, in the order that their use of each
// other asks for, and returns when all are open. The first failure ends the wait
// for the others, and so cancels those that no other caller waits for: the drop of
// each awaits it. Errors and panics are as in [All].
func OpenAll(ctx context.Context, lazies ...Opener) error {
	return joinAll(ctx, len(lazies), func(ctx context.Context, i int) error { return lazies[i].openNow(ctx) })
}
