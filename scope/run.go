package scope

import (
	"context"
)

// Run opens a scope, calls fn with its context, and when fn has returned,
// panicked or called [runtime.Goexit] gives up all that the scope owns: it waits
// for the tasks, then drops daemons, children and guards in waves, dependents
// first. It returns when everything it started has ended or was abandoned at a
// deadline, and is named in the error.
//
// fn runs on the calling goroutine. The error holds, in this order, that of fn,
// those of tasks by start, and those of daemons and drops by wave and
// registration. It is nil only if every drop has seen [Succeeded] and returned
// nil: a scope that was canceled rolls back, and Run returns the cause even if fn
// returned nil. A panic of fn goes on with its own value when the teardown is
// complete; for a panic of a task or daemon Run panics with a [*PanicError].
//
// In the context of another scope's body, task, daemon or drop function, Run
// opens a lexical child, for which that function waits. If it has ended, Run
// returns ErrClosed and does not call fn.
func Run(ctx context.Context, fn func(ctx context.Context, s *Scope) error, opts ...Option) (err error) {
	if fn == nil {
		panic("scope.Run: nil function")
	}
	s, err := openRun(ctx, opts)
	if err != nil {
		return err
	}
	returned := false
	defer func() {
		var p any
		if !returned {
			// Nil after Goexit, which recover does not stop. A panic is
			// raised again below on top of the frames that raised it, so
			// that a crash still shows them.
			p = recover()
		}
		err = s.exit(err, returned, p)
	}()
	err = fn(&s.body, s)
	returned = true
	return err
}

// RunValue is [Run] for a function with a result, which is returned also beside
// an error.
func RunValue[T any](ctx context.Context, fn func(ctx context.Context, s *Scope) (T, error), opts ...Option) (T, error) {
	if fn == nil {
		panic("scope.RunValue: nil function")
	}
	var v T
	err := Run(ctx, func(ctx context.Context, s *Scope) (err error) {
		v, err = fn(ctx, s)
		return err
	}, opts...)
	return v, err
}

// openRun makes the scope of a Run on ctx.
func openRun(ctx context.Context, opts []Option) (*Scope, error) {
	s := &Scope{name: "scope", opener: frameOf(ctx), borrowed: borrowingOf(ctx)}
	owner := s.opener
	for owner != nil && owner.kind == openingFrame { // looked up now: contexts are foreign code
		owner = owner.outer()
	}
	s.within = owner
	if owner != nil {
		s.parent = owner.s
	}
	if err := s.configure(opts); err != nil {
		return nil, err
	}
	if c := s.config; c != nil && len(c.guardNames) > 0 {
		return nil, s.refusal("run", s.name, misuse(c.guardNames[0]+" is an option of guards, daemons and children"))
	}
	if owner != nil && owner.hasEnded() {
		return nil, s.refusal("run", s.name, ErrClosed)
	}
	ctx = s.contain(ctx)
	s.begin(ctx, s.recorded(ctx))
	if owner == nil {
		s.watchSignals()
		return s, nil
	}
	stopped, ok := owner.adopt(s)
	switch {
	case !ok: // it ended at this very moment
		s.abort()
		return nil, s.refusal("run", s.name, ErrClosed)
	case stopped:
		s.Stop(owner.s.stopCause())
	}
	s.watchSignals()
	return s, nil
}
