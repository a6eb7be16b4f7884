package scope

import (
	"context"
	"time"

	"go.opentelemetry.io/otel/metric"
	oteltrace "go.opentelemetry.io/otel/trace"

	"github.com/ebb-go/ebb/trace"
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
	if r := s.config; r != nil && len(r.guardNames) > 0 {
		return nil, s.refusal("run", s.name, misuse(r.guardNames[0]+" is an option of guards, daemons and children"))
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

// abort undoes begin for a scope that was refused.
func (s *Scope) abort() {
	s.rec.End(time.Now(), Canceled.String(), ErrClosed)
	s.closeContext()
}

// misuse is an error that says what is wrong with a call.
type misuse string

func (m misuse) Error() string { return string(m) }

func (m misuse) ErrorType() string { return "misuse" }

// configure applies the options over what is inherited, then validates.
func (s *Scope) configure(opts []Option) error {
	if p := s.parent; p != nil {
		s.inherited = p.inherited
	}
	for _, o := range opts {
		if o != nil {
			o.apply(s)
		}
	}
	if s.name == "" {
		s.name = "scope"
	}
	limited := s.config != nil && s.config.guard.timeout > 0
	if limited || s.grace > 0 || s.dropTimeout > 0 || s.force() != nil || s.parent != nil && s.parent.clock() != nil {
		s.timing.Store(&clock{opened: time.Now()})
	}
	r := s.config
	if r == nil {
		return nil
	}
	if r.signals != nil && s.self != nil {
		s.reject("WithSignals is an option of Run and Open")
	}
	if r.taskLimit > 0 {
		r.slots = make(chan struct{}, r.taskLimit)
	}
	if r.err == nil {
		r.err = r.guard.err
	}
	if r.err != nil {
		return s.refusal("open", s.name, misuse(r.err.Error()))
	}
	return nil
}

// providers returns those that were set for the scope.
func (s *Scope) providers() (tp oteltrace.TracerProvider, mp metric.MeterProvider) {
	if h := s.inherited; h != nil {
		tp, mp = h.tracerProvider, h.meterProvider
	}
	return tp, mp
}

// recorded reports whether anybody wants spans or metrics of a scope on ctx.
func (s *Scope) recorded(ctx context.Context) bool {
	tp, mp := s.providers()
	if !s.foreign {
		return trace.Wanted(ctx, tp, mp)
	}
	var wanted bool
	return s.asks(func() { wanted = trace.Wanted(ctx, tp, mp) }) && wanted
}

// startRecording starts a recorder, and returns the context with its span.
func (s *Scope) startRecording(ctx context.Context) (context.Context, *trace.Recorder) {
	if !s.foreign {
		return trace.Start(ctx, s.traceConfig())
	}
	var in context.Context
	var rec *trace.Recorder
	if !s.asks(func() { in, rec = trace.Start(ctx, s.traceConfig()) }) {
		return ctx, nil
	}
	return in, rec
}

// begin makes the scope's context out of ctx, and starts recording if that is
// wanted.
func (s *Scope) begin(ctx context.Context, recorded bool) {
	if recorded {
		ctx, s.rec = s.startRecording(ctx)
	}
	ctx = s.profileRun(ctx)
	s.context.base = ctx
	s.body.begin(&s.context, s, bodyFrame)
	if s.foreign || s.unmade() == maxUnmade {
		s.context.make()
	}
	if s.grace > 0 {
		s.clock().unwatch = s.onCancel()
	}
	if i := s.inspector(); i != nil {
		r := s.more()
		r.since = time.Now()
		if s.parent == nil || s.parent.inspector() != i {
			r.unshow = i.Watch(s) // the scopes below are shown in this one
		}
	}
}

func (s *Scope) traceConfig() trace.Config {
	tp, mp := s.providers()
	c := trace.Config{TracerProvider: tp, MeterProvider: mp, Failed: s.contained}
	if s.parent != nil {
		c.Parent = s.parent.rec
	}
	if h := s.inherited; h != nil {
		c.Mode, c.TaskSpans = h.mode, h.taskSpans
		if h.mode == SpanTeardownOnly && s.parent != nil && !(s.ownInherited && h.modeSet) {
			c.Mode = SpanChild // that the root is too long to be seen says nothing of those below
		}
	}
	c.Name, c.Path, c.Schedule = s.name, s.Path(), s.schedule.String()
	if s.self != nil {
		c.Name = s.self.trim(s.name)
	}
	if c.Name == "scope" {
		c.Name = ""
	}
	return c
}
