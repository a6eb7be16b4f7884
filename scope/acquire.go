package scope

import (
	"context"
	"log/slog"

	"go.opentelemetry.io/otel/metric"
	oteltrace "go.opentelemetry.io/otel/trace"
	"go.uber.org/multierr"

	"github.com/ebb-go/ebb/guard"
	"github.com/ebb-go/ebb/internal/fault"
	"github.com/ebb-go/ebb/internal/life"
	"github.com/ebb-go/ebb/internal/record"
)

// acquired is a handle and the context in which its value was opened, in one
// allocation.
type acquired[T any] struct {
	handle Handle[T]
	open   opening
}

// Acquire calls open and makes its value a guard of s, to be given up by drop
// when s exits; at every moment the value has an owner. If open
// fails, its error is returned and nothing is registered; a panic or Goexit of
// open passes through likewise. What open has acquired or started through its context
// is dropped before that, in waves, so that it can be tried again: those drops see the
// exit [Failed] with open's error, and their own errors stand beside it.
//
// open gets ctx, in which what it uses ([Handle.Use]) or acquires becomes
// something that the new guard depends on. Acquire blocks for as long as open
// does. On a scope that is being dropped or closed open is not called; if the
// scope closed meanwhile, the value is dropped at once; both return
// [ErrClosed], the second with the drop's error beside it.
//
// ctx is nearly always the scope's, and then open's context is canceled with the scope,
// long before the drop: right for a dial or a ping, which the exit should not wait for. A
// client that lives on and keeps its context, such as a consumer, a pool that reconnects
// or an SDK's session, would stop with it while its users are still at work. Give that
// [context.WithoutCancel] of open's context, and end it in drop; or run it as a daemon,
// whose context lasts until its turn.
//
// [guard.Close], [guard.Shutdown], [guard.Stop], [guard.Func] and
// [guard.Nothing] are drop functions for the shapes values already have.
func Acquire[T any](ctx context.Context, s *Scope, name string,
	open func(ctx context.Context) (T, error), drop func(ctx context.Context, v T) error, opts ...GuardOption,
) (*Handle[T], error) {
	if open == nil || drop == nil {
		panic("scope.Acquire: nil function")
	}
	a := new(acquired[T])
	h := &a.handle
	h.node.s, h.node.resource = s, h
	cfg := newGuardConfig(opts)
	if err := h.node.admits(name, &cfg); err != nil {
		return nil, s.refusal("acquire", name, err)
	}
	v, err := a.call(ctx, name, open)
	if err != nil {
		return nil, err
	}
	h.own.InitOwned(v, drop)
	h.g = &h.own
	if err := h.node.keep(frameOf(ctx), "acquire", name, &cfg); err != nil {
		return nil, err
	}
	if isTelemetry(v) {
		s.logTelemetry(h.Name())
	}
	return h, nil
}

// call opens the value in the context of the guard that it is going to be. The
// span ends also when open panics or calls Goexit.
func (a *acquired[T]) call(ctx context.Context, name string, open func(context.Context) (T, error)) (v T, err error) {
	h := &a.handle
	if rec := h.node.s.rec; rec != nil {
		var span *record.Span
		ctx, span = rec.Acquire(ctx, name, h.typ())
		err = ErrGoexit // unless open returns
		defer func() { span.End(err) }()
	}
	a.open.begin(ctx, &h.node, name)
	returned := false
	defer func() {
		if !returned || err != nil {
			h.node.forget()
		}
	}()
	var drops error
	defer h.node.opens(ctx, &returned, &err, &drops)
	defer a.open.end()
	v, err = open(&a.open.frame)
	returned = true
	return v, err
}

// keep registers a guard that user has opened, nil for one that was not opened
// here. If the scope no longer accepts it, it is dropped at once, and nothing is
// lost.
func (n *node) keep(user *frame, what, name string, cfg *guardConfig) error {
	err := n.register(name, cfg, false, user)
	if err == nil {
		return nil
	}
	refused := n.s.refusal(what, name, err)
	if n.is() != pending {
		return refused // it was registered, and has been dropped by that
	}
	return multierr.Append(refused, n.dropUnowned(user, name, cfg))
}

// Register makes a guard that exists already a guard of s. A scope that no
// longer accepts drops it at once and returns [ErrClosed] with the drop's error
// beside it. A guard that is gone is refused with [ErrDropped] or
// [ErrReleased], one that has a frame with [guard.ErrOwned].
func Register[T any](s *Scope, name string, g *guard.Guard[T], opts ...GuardOption) (*Handle[T], error) {
	if g == nil {
		return nil, s.refusal("register", name, ErrDropped)
	}
	h := &Handle[T]{g: life.Inside(g)}
	h.node.s, h.node.resource = s, h
	cfg := newGuardConfig(opts)
	if err := h.g.Own(); err != nil {
		return nil, s.refusal("register", name, err)
	}
	if err := h.node.admits(name, &cfg); err != nil && !fault.Is(err, ErrClosed) {
		h.g.Disown() // a mistake in the call; the guard stays the caller's
		return nil, s.refusal("register", name, err)
	}
	if err := h.node.keep(nil, "register", name, &cfg); err != nil {
		return nil, err
	}
	if v, err := g.Get(); err == nil && isTelemetry(v) {
		s.logTelemetry(h.Name())
	}
	return h, nil
}

// Defer makes a function a guard of s: it is called once, when its turn in the
// teardown comes. A scope that no longer accepts calls it at once and returns
// [ErrClosed] with its error beside it.
func Defer(s *Scope, name string, drop func(ctx context.Context) error, opts ...GuardOption) (*Handle[struct{}], error) {
	if drop == nil {
		panic("scope.Defer: nil function")
	}
	h := new(Handle[struct{}])
	h.own.InitOwned(struct{}{}, func(ctx context.Context, _ struct{}) error { return drop(ctx) })
	h.g = &h.own
	h.node.s, h.node.resource = s, h
	cfg := newGuardConfig(opts)
	if err := h.node.admits(name, &cfg); err != nil && !fault.Is(err, ErrClosed) {
		return nil, s.refusal("defer", name, err)
	}
	if err := h.node.keep(nil, "defer", name, &cfg); err != nil {
		return nil, err
	}
	return h, nil
}

// admits reports why n could not be registered now, before anything is opened. What n
// depends on in the scopes above is recorded by it: unless it is registered, forget
// takes that back.
func (n *node) admits(name string, cfg *guardConfig) error {
	if err := cfg.validForGuard(); err != nil {
		return err
	}
	n.vertex.Label(name)
	own, err := n.resolve(cfg.deps)
	if err == nil {
		s := n.s
		s.mu.Lock()
		if _, err = s.depsLocked(n, own); s.state >= dropping {
			err = ErrClosed
		}
		s.mu.Unlock()
	}
	if err != nil {
		n.forget()
	}
	return err
}

// isTelemetry reports whether v is an SDK's provider of spans or metrics, which
// has to be shut down after the scope's span has ended.
func isTelemetry[T any](v T) bool {
	switch p := any(v).(type) {
	case oteltrace.TracerProvider:
		_, ok := p.(interface{ Shutdown(context.Context) error })
		return ok
	case metric.MeterProvider:
		_, ok := p.(interface{ Shutdown(context.Context) error })
		return ok
	}
	return false
}

func (s *Scope) logTelemetry(name string) {
	s.warn("ebb: telemetry provider held as a guard: spans that end after its drop are lost; use WithTelemetry", slog.String("guard", name))
}
