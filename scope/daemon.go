package scope

import (
	"context"
	"time"

	"github.com/ebb-go/ebb/internal/engine"
	"github.com/ebb-go/ebb/internal/fault"
)

// Daemon is a function that runs until its turn in the teardown of its scope.
// [Scope.Daemon] and [Start] make one.
type Daemon struct {
	undivided
	node node
	run  frame // its context
	fn   func(ctx context.Context) error

	cancel    context.CancelCauseFunc
	graceful  bool
	until     time.Time     // when a Graceful one is canceled, zero: never; written before it is asked, read after
	interrupt func()        // of the option; nil: none
	why       error         // it was asked to stop; written and read by its drop
	label     string        // the name it was started with
	done      chan struct{} // closed when it has ended; then the following may be read
	err       error         // of fn, or what it came to instead of returning
	panicked  *PanicError   // which is err; nil if it did not panic
	returned  bool

	// Guarded by the scope's mu.
	stuck       string     // the stack of its goroutine, when it was abandoned
	failedFirst *TaskError // it failed before it was asked to stop
	mute        bool       // it ended before it was registered, and Start has not looked yet what it came to
	joined      bool       // it has ended, with all that it has nested
}

func (d *Daemon) asNode() *node {
	if d == nil {
		return nil
	}
	return &d.node
}

// Name returns the name of the daemon, unique in its scope while it lives.
func (d *Daemon) Name() string { return d.node.name() }

// Done returns a channel that is closed when the daemon has ended, by itself or in
// its turn, with all that is nested in it. One that has ended by itself is no longer
// in the graph then: what it used can be dropped.
func (d *Daemon) Done() <-chan struct{} { return d.done }

// Drop stops the daemon now: it asks it, and waits until it has ended. See
// [Handle.Drop] for ctx and what is returned.
func (d *Daemon) Drop(ctx context.Context) error { return d.node.dropEarly(ctx, false) }

// Daemon runs fn on a goroutine of its own until its turn in the teardown comes.
// Its context is not canceled with the scope but then, so a signal does not
// stop everything at once; with [Graceful] its [Stopping] closes first. Without
// [DependsOn] a daemon depends on every guard that the scope holds now, and in
// any case on what it uses or acquires through its context.
//
// A daemon that fails without having been asked cancels the scope, as a task
// does; its error is Run's. One that returns nil leaves the graph, and its scope
// holds nothing for it. On a scope that is being dropped or closed fn is not run, and the error
// is [ErrClosed].
//
// Work that outlives what has begun it, as that of an accept loop, has its place in a
// [Graceful] child that the daemon depends on, and a daemon that knows of no context ends
// by [Interrupt]: see the examples.
func (s *Scope) Daemon(name string, fn func(ctx context.Context) error, opts ...GuardOption) (*Daemon, error) {
	if fn == nil {
		panic("scope.Daemon: nil function")
	}
	cfg := newGuardConfig(opts)
	d, err := s.newDaemon(name, &cfg)
	if err != nil {
		return nil, s.refusal("daemon", name, err)
	}
	if err := d.node.register(name, &cfg, true, nil); err != nil {
		d.cancel(errEnded)
		return nil, s.refusal("daemon", name, err)
	}
	d.fn = fn
	engine.Start(daemonRun{d})
	return d, nil
}

func (s *Scope) newDaemon(name string, cfg *guardConfig) (*Daemon, error) {
	if err := cfg.valid(); err != nil {
		return nil, err
	}
	d := &Daemon{label: name, graceful: cfg.graceful, interrupt: cfg.interrupt, done: make(chan struct{})}
	d.node.s, d.node.resource = s, d
	d.node.vertex.Label(name)
	ctx, cancel := context.WithCancelCause(context.WithoutCancel(s.context.base))
	d.cancel = cancel
	d.run.node = &d.node
	d.run.begin(ctx, s, daemonFrame)
	return d, nil
}

// daemonRun is a daemon as the runner of its goroutine.
type daemonRun struct{ *Daemon }

// Run is the daemon's goroutine.
func (d daemonRun) Run() {
	defer d.end()
	if s := d.node.s; s.profiled() {
		ctx, stop := s.profile(d.run.Context, "daemon", d.label)
		d.run.Context = ctx
		defer stop()
	}
	d.call()
}

// call calls the daemon's function. The frame is the one by which the goroutine is
// found if the daemon has to be abandoned; see [fault.Frame].
//
//go:noinline
func (d *Daemon) call() {
	d.err = d.fn(&d.run)
	d.returned = true
}

// hung returns the leaves of the nested Runs of d.
func (d *Daemon) hung() []leaf { return d.node.s.hungIn(&d.run) }

// place is the frame of call.
func (d *Daemon) place() fault.Frame { return fault.FrameOf("(*Daemon).call", d) }

// end is deferred by Run.
func (d *Daemon) end() {
	if !d.returned {
		d.err = fault.Ended(recover())
		d.panicked, _ = d.err.(*PanicError)
	}
	d.failed()
	d.run.join()
	s := d.node.s
	s.mu.Lock()
	d.joined = true
	s.mu.Unlock()
	d.leave()
	close(d.done)
}

// leave takes a daemon that has ended by itself out of the graph. One that failed
// stays as a node without edges: its error has its place among the others by that.
// What was asked to stop, or is about to be, is its drop's to end: graph and state
// are looked at under the lock that both need.
func (d *Daemon) leave() {
	s, n := d.node.s, &d.node
	s.mu.Lock()
	left := d.joined && !d.mute && !d.run.asked && n.is() == live && s.graph.Leave(&n.vertex, d.failedFirst != nil)
	if left && d.failedFirst == nil {
		n.set(released)
		n.endRecordLocked()
		s.names.free(n.name())
		n.unpinLocked()
		s.lives(-1)
	}
	s.unlockAndCount()
	if left {
		d.cancel(errEnded) // frees the context, and ends what still listens to it
	}
}

// failed records the failure in the scope, unless the daemon is still starting or was
// asked to stop: then the caller that waits for it does.
func (d *Daemon) failed() {
	s := d.node.s
	echo := d.returned && s.isEcho(d.err)
	s.mu.Lock()
	if d.err == nil || d.run.asked || d.node.is() == pending {
		d.mute = d.node.is() == pending
		s.mu.Unlock()
		return
	}
	if echo {
		s.echoed = true
		d.err = nil
		s.mu.Unlock()
		return
	}
	d.failedFirst = &TaskError{Scope: s.Path(), Task: d.Name(), Err: d.err}
	if x := s.exitStateLocked(); x.daemon.err == nil {
		x.daemon = failure{earlyIndex - 1, d.failedFirst, d.panicked}
	}
	s.mu.Unlock()
	if !s.supervisor || d.panicked != nil {
		s.cancelFor(d.failedFirst)
	}
}
