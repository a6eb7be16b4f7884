package scope

import (
	"context"
	"time"

	"github.com/ebb-go/ebb/internal/record"
)

// unmade returns how many scopes around s have no context yet, without one that
// has between them; maxUnmade stands for as many or more.
func (s *Scope) unmade() (n int) {
	for f := s.opener; f != nil && n < maxUnmade && !f.s.context.made(); f = f.s.opener {
		n++
	}
	return n
}

// maxUnmade bounds for how many scopes around each other no context is made: to
// look whether one of them has been canceled takes as many steps.
const maxUnmade = 8

// begin makes the scope's context out of ctx, and starts recording if that is
// wanted.
func (s *Scope) begin(ctx context.Context, recorded bool) {
	if recorded {
		ctx, s.rec = s.startRecording(ctx)
	}
	s.watched = s.rec != nil || s.reports() // before the first goroutine that may ask
	ctx = s.profileRun(ctx)
	s.context.base = ctx
	s.body.begin(&s.context, s, bodyFrame)
	if s.foreign || s.unmade() == maxUnmade {
		s.context.make()
	}
	if s.grace > 0 {
		s.clock().unwatch = s.onCancel()
	}
	if i := s.inspector(); s.watched && i != nil {
		c := s.makeConfig()
		c.since = time.Now()
		if s.parent == nil || s.parent.inspector() != i {
			c.unshow = i.Watch(s) // the scopes below are shown in this one
		}
	}
}

// abort undoes begin for a scope that was refused.
func (s *Scope) abort() {
	s.rec.End(time.Now(), Canceled.String(), ErrClosed)
	s.closeContext()
}

// recorded reports whether anybody wants spans or metrics of a scope on ctx.
func (s *Scope) recorded(ctx context.Context) bool {
	tp, mp := s.providers()
	if !s.foreign {
		return record.Wanted(ctx, tp, mp)
	}
	var wanted bool
	return s.asks(func() { wanted = record.Wanted(ctx, tp, mp) }) && wanted
}

// startRecording starts a recorder, and returns the context with its span.
func (s *Scope) startRecording(ctx context.Context) (context.Context, *record.Recorder) {
	if !s.foreign {
		return record.Start(ctx, s.traceConfig())
	}
	var in context.Context
	var rec *record.Recorder
	if !s.asks(func() { in, rec = record.Start(ctx, s.traceConfig()) }) {
		return ctx, nil
	}
	return in, rec
}

func (s *Scope) traceConfig() record.Config {
	tp, mp := s.providers()
	c := record.Config{TracerProvider: tp, MeterProvider: mp, Failed: s.contained}
	if s.parent != nil {
		c.Parent = s.parent.rec
	}
	if h := s.inherited; h != nil {
		c.Mode, c.TaskSpans = h.mode.recorded(), h.taskSpans
		if h.mode == SpanTeardownOnly && s.parent != nil && !(s.ownInherited && h.modeSet) {
			c.Mode = record.Child // that the root is too long to be seen says nothing of those below
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

// time makes the scope's clock, if something can abandon what runs in it: a limit of
// its own, the force of signals, or the drop of it, if it is a child of a scope that
// has a clock. A nested Run is abandoned only with the function that it belongs to, by
// a scope above, which then looks for what hangs in it (see leaf); so it needs to know
// since when it is there, and no more.
func (s *Scope) time() {
	p := s.parent
	switch {
	case s.grace > 0, s.dropTimeout > 0, s.config != nil && s.config.guard.timeout > 0,
		s.config != nil && s.config.signals != nil,
		s.self != nil && p.clock() != nil:
		s.timing.Store(&clock{opened: time.Now()})
	case p != nil && (p.clock() != nil || p.timed):
		s.timed = true
		s.epoch = time.Now()
	}
}

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
	s.time()
	c := s.config
	if c == nil {
		return nil
	}
	if c.signals != nil && s.self != nil {
		s.reject("WithSignals is an option of Run and Open")
	}
	if c.taskLimit > 0 {
		c.slots = make(chan struct{}, c.taskLimit)
	}
	if c.err == nil {
		c.err = c.guard.err
	}
	if c.err != nil {
		return s.refusal("open", s.name, c.err)
	}
	return nil
}
