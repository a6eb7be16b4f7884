package scope

import (
	"context"
	"runtime"
	"time"

	"github.com/ebb-go/ebb/guard"
	"github.com/ebb-go/ebb/internal/engine"
)

// Open makes a root scope that its owner closes, for code that is given a function to
// start and one to stop instead of one to run: a test framework, a plugin, an
// application container. Wherever there is one function to run, [Run] is better: it
// cannot be forgotten.
//
// The scope has no body; [Scope.Close] ends it, as it ends a child: tasks run to their
// end, then daemons, children and guards are dropped in waves. Every call of Close
// waits and returns the same error, or panics as Run does if a task has. ctx is that of
// a Run, but the scope belongs to no owner in it: when ctx ends the scope is canceled,
// and stays to be closed. A scope that is collected without having been closed is
// reported as a guard that leaks is, see [guard.OnLeak]. What runs in it and a live
// page that shows it keep it from being collected; WithSignals and WithGrace do not.
//
// Open returns an error for options that are not valid.
func Open(ctx context.Context, opts ...Option) (*Scope, error) {
	s := &Scope{name: "scope"}
	s.makeConfig().opened = new(opened)
	if err := s.configure(opts); err != nil {
		return nil, err
	}
	r := s.config
	if len(r.guardNames) > 0 {
		return nil, s.refusal("open", s.name, misuse(r.guardNames[0]+" is an option of guards, daemons and children"))
	}
	*r.opened = opened{
		token: guard.New[*Scope](nil, guard.Nothing, guard.Name(s.name), guard.StackDepth(8), guard.CallerSkip(1)),
		done:  make(chan struct{}),
	}
	ctx = s.contain(ctx)
	s.begin(ctx, s.recorded(ctx))
	s.watchSignals()
	if w := s.config.signals; w != nil {
		runtime.AddCleanup(s, (*signals).stop, w) // if it is forgotten
	}
	return s, nil
}

// closeOpened is Close of a scope made by Open.
func (s *Scope) closeOpened(ctx context.Context) error {
	o := s.config.opened
	select {
	case <-o.done:
		return o.faults.result()
	default:
	}
	w, path := waits.enter(held(ctx), target{waitPoint: waitPoint{scope: s}})
	if path != nil {
		return s.refusal("close", s.name, ErrReentrant)
	}
	defer w.leave()
	bound := futureDeadline(ctx)
	s.mu.Lock()
	first := !o.closing
	o.closing = true
	s.mu.Unlock()
	if first {
		_, _ = o.token.Release()
		engine.Start(closeRun{s, bound})
	}
	select {
	case <-o.done:
		return o.faults.result()
	case <-ctx.Done():
	}
	select {
	case <-o.done: // both have: the result is what the caller asked for
		return o.faults.result()
	default:
		return context.Cause(ctx)
	}
}

// closeRun is the exit of a scope made by Open, on a goroutine of its own: the context
// of a caller bounds that caller's wait only.
type closeRun struct {
	s     *Scope
	bound time.Time
}

// Run is that goroutine.
func (c closeRun) Run() {
	s, o := c.s, c.s.config.opened
	defer close(o.done)
	o.faults = s.exitWithin(context.Background(), c.bound)
}
