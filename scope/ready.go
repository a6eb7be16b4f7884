package scope

import (
	"context"
	"sync"

	"go.uber.org/multierr"

	"github.com/ebb-go/ebb/internal/engine"
	"github.com/ebb-go/ebb/internal/fault"
)

// Start runs fn as a daemon of s and returns when it has called ready, with the
// value it gave. ready may be called from any goroutine; calls after the first
// do nothing. If fn ends before that, Start returns its error, or [ErrNotReady]
// if it had none, and nothing is registered: the scope goes on. If ctx ends
// first, or the scope closes, the half-started daemon is canceled and awaited
// and the cause is returned. A panic of fn before it is ready is the caller's.
func Start[T any](ctx context.Context, s *Scope, name string,
	fn func(ctx context.Context, ready func(T)) error, opts ...GuardOption,
) (T, *Daemon, error) {
	if fn == nil {
		panic("scope.Start: nil function")
	}
	var zero T
	cfg := newGuardConfig(opts)
	d, err := s.newDaemon(name, &cfg)
	if err != nil {
		return zero, nil, s.refusal("start", name, err)
	}
	end, err := s.keepDraining(name, inTurnOf(ctx, s)) // the exit waits for what is half started
	if err != nil {
		d.cancel(errEnded)
		return zero, nil, s.refusal("start", name, err)
	}
	defer end()
	h := handshake[T]{ready: make(chan struct{})}
	d.fn = func(ctx context.Context) error { return fn(ctx, h.report) }
	w, path := waits.enter(held(ctx), target{waitPoint: waitPoint{node: &d.node}})
	if path != nil { // the function has not run, so that nothing leads back
		return zero, nil, s.refusal("start", name, ErrReentrant)
	}
	defer w.leave()
	engine.Start(daemonRun{d})
	select {
	case <-h.ready:
	case <-d.done:
	case <-ctx.Done():
		return zero, nil, d.giveUp(name, context.Cause(ctx))
	}
	if !isClosed(h.ready) {
		return zero, nil, d.notReady(name)
	}
	if err := d.node.register(name, &cfg, true, frameOf(ctx)); err != nil {
		return zero, nil, d.giveUp(name, err)
	}
	if d.endedPending() { // ready, but ended before it was registered
		d.failed()
		s.mu.Lock()
		d.mute = false
		s.mu.Unlock()
		d.leave()
	}
	return h.v, d, nil
}

// inTurnOf reports whether ctx is that of a daemon or drop of s. These end in
// their own turn, which would never come if the exit waited for what they start;
// and they wait for it themselves.
func inTurnOf(ctx context.Context, s *Scope) bool {
	for f := frameOf(ctx); f != nil; f = f.outer() {
		if f.s == s && (f.kind == daemonFrame || f.kind == dropFrame) {
			return true
		}
	}
	return false
}

// handshake is the first value that a daemon reported ready with.
type handshake[T any] struct {
	once  sync.Once
	v     T
	ready chan struct{}
}

func (h *handshake[T]) report(v T) {
	h.once.Do(func() {
		h.v = v
		close(h.ready)
	})
}

// notReady is the outcome of a Start whose daemon has ended before.
func (d *Daemon) notReady(name string) error {
	d.goOn(name)
	why := ErrNotReady
	if d.err != nil {
		why = &becauseError{ErrNotReady, d.err}
	}
	return d.node.s.refusal("start", name, why)
}

// giveUp cancels a daemon that is not registered, awaits it, and returns why,
// with what the daemon failed with beside it.
func (d *Daemon) giveUp(name string, why error) error {
	d.cancel(why)
	<-d.done
	d.goOn(name)
	err := d.node.s.refusal("start", name, why)
	if d.err != nil && !isEcho(d.err, why) {
		err = multierr.Append(err, d.err)
	}
	return err
}

// goOn panics if the daemon has, which before it was ready is the caller's panic.
func (d *Daemon) goOn(name string) {
	if d.panicked != nil {
		e := &TaskError{Scope: d.node.s.Path(), Task: name}
		panicAgain(fault.Again(fault.At(d.panicked, e.place()), nil))
	}
}

// endedPending reports whether the function of d had ended when d was not yet
// registered, so that its failure is not recorded yet.
func (d *Daemon) endedPending() bool {
	s := d.node.s
	s.mu.Lock()
	defer s.mu.Unlock()
	return d.mute
}
