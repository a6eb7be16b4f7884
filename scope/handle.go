package scope

import (
	"context"
	"fmt"

	"github.com/ebb-go/ebb/guard"
	"github.com/ebb-go/ebb/internal/fault"
	"github.com/ebb-go/ebb/internal/life"
)

// Handle is a guard that a scope owns. [Acquire], [Register] and [Defer] make
// one. All methods may be called from any goroutine, also after the guard is
// gone.
type Handle[T any] struct {
	node node
	own  life.Value[T]  // of what was acquired or moved here
	g    *life.Value[T] // own, or inside of what was registered; nil while it is being opened
}

func (h *Handle[T]) asNode() *node {
	if h == nil {
		return nil
	}
	return &h.node
}

// Name returns the name of the guard, unique in its scope while it lives.
func (h *Handle[T]) Name() string { return h.node.name() }

// Value returns the value. It panics once the drop of the guard has begun or it
// was released, naming the scope and where that was asked for.
func (h *Handle[T]) Value() T {
	v, ok := h.g.Peek()
	if !ok {
		panic(&useAfterError{&h.node}) // no call, which would cost more than inlining allows
	}
	return v
}

// Use is [Handle.Value], and records the edge: inside an open function the
// guard that it opens depends on h; in the context of a daemon the daemon does,
// and inside a child scope the child. It panics with a [*CycleError] if that
// would close a cycle.
func (h *Handle[T]) Use(ctx context.Context) T {
	if !h.node.isPlainUse(ctx) {
		if err := h.node.usedBy(frameOf(ctx)); err != nil {
			panic(err)
		}
	}
	return h.Value()
}

// Borrow calls fn with the value, and the drop waits for it to return. Once the
// drop has begun it returns [ErrDropped], after a release [ErrReleased], and does
// not call fn. It returns the error of fn otherwise; a panic of fn passes through.
// Like [Handle.Use] it records the edge.
func (h *Handle[T]) Borrow(ctx context.Context, fn func(ctx context.Context, v T) error) error {
	if err := h.node.usedBy(frameOf(ctx)); err != nil {
		return err
	}
	b := &borrowing{Context: ctx, node: &h.node, outer: borrowingOf(ctx)}
	defer b.over.Store(true)
	err := h.g.Use(b, life.Live, fn)
	if err == ErrDropped || err == ErrReleased { // the guard's own, not one that fn wraps
		return h.node.s.refusal("borrow", h.Name(), err)
	}
	return err
}

// Drop drops the guard now instead of at the exit of its scope, on a context
// that is not canceled. With live dependents it returns an [*InUseError] and
// does nothing. ctx bounds the caller's wait only, and its cause is returned if
// it ends first; then the error of the drop, if any, is Run's. Overlapping calls
// get the error of the one run; later ones return nil. A drop function that
// calls it on its own guard gets [ErrReentrant].
func (h *Handle[T]) Drop(ctx context.Context) error { return h.node.dropEarly(ctx, false) }

// DropTree is [Handle.Drop] for the guard and all that depends on it, directly
// or not, dependents first, in waves.
func (h *Handle[T]) DropTree(ctx context.Context) error { return h.node.dropEarly(ctx, true) }

// beginDrop waits for borrowers. If they outlive the time of the drop, the engine gives
// the drop up, by name, and it goes on when they let go.
func (h *Handle[T]) beginDrop(ctx context.Context) (inside context.Context, begun bool, err error) {
	inside, begun, err = h.g.Begin(ctx)
	if !begun && stillInUse(ctx, err, h.g.Done()) {
		inside, begun, err = h.g.Begin(context.WithoutCancel(ctx))
	}
	if begun {
		return inside, true, nil
	}
	return nil, false, caught(err, h.g.Panicked())
}

// stillInUse reports whether a drop has ended with err because ctx has, while something
// has used the value.
func stillInUse(ctx context.Context, err error, done <-chan struct{}) bool {
	return err != nil && ctx.Err() != nil && fault.Is(err, guard.ErrInUse) && !isClosed(done)
}

func (h *Handle[T]) callDrop(ctx context.Context) error { return h.g.Call(ctx) }
func (h *Handle[T]) endDrop(err error, panicked bool)   { h.g.End(err, panicked) }

func (h *Handle[T]) kind() string { return "guard" }

// guarded takes the value from its users: its drop has been asked for.
func (h *Handle[T]) guarded() { h.g.Refuse(life.Live) }

func (h *Handle[T]) typ() string {
	if h.g == nil {
		var zero *T
		return fmt.Sprintf("%T", zero)[1:]
	}
	return h.g.Type()
}

// lostEdgeHint names the likeliest reason for which the exit of a scope drops a guard
// before what uses it: an edge that was not recorded, of which nothing else speaks.
const lostEdgeHint = " (was it read by Value in an open function? Use(ctx) there records the edge)"

// useAfterError is the value of the panic of a use after the end.
type useAfterError struct{ node *node }

// Error names the scope and the guard, and says how and where it came to its end.
func (e *useAfterError) Error() string {
	s := e.node.s
	s.mu.Lock()
	r, state := *e.node.rarelyLocked(), e.node.is()
	s.mu.Unlock()
	how, hint := "dropped by the exit of its scope", ""
	switch {
	case state == released:
		how = "released at " + r.site
	case r.site != "":
		how = "dropped at " + r.site
	case r.stop != nil: // it was an early drop's
		how = "dropped with what it depends on"
	case state == live:
		how = "dropped behind the back of its scope"
		if e.Unwrap() == ErrReleased {
			how = "released behind the back of its scope"
		}
	default: // what uses it here was not known to depend on it
		hint = lostEdgeHint
	}
	return fmt.Sprintf("scope %q: guard %q used after it was %s: %v%s", s.Path(), e.node.name(), how, e.Unwrap(), hint)
}

// Unwrap returns ErrReleased or ErrDropped.
func (e *useAfterError) Unwrap() error { return e.node.resource.(interface{ why() error }).why() }

// ErrorType is that of the reason.
func (e *useAfterError) ErrorType() string { return fault.Type(e.Unwrap()) }

// why returns the reason for which the value is gone.
func (h *Handle[T]) why() error {
	_, err := h.g.Get()
	return err
}
