package scope

import (
	"context"

	"go.uber.org/multierr"
)

// Child opens a scope inside the life of s: it lives until it is closed, or
// until s drops it. Its context is cancelled with that of s. Options of guards
// are those of the child as a node of s: [DropTimeout] bounds its whole
// teardown. Without [DependsOn] it depends on every guard that s holds now, and
// in any case on what is used inside of it. On a scope that is being dropped or
// closed the error is [ErrClosed].
//
// A failure inside cancels the child; s hears of it when the child is closed or
// dropped.
func (s *Scope) Child(name string, opts ...Option) (*Scope, error) {
	c := &Scope{name: name, parent: s, frame: &s.body}
	if err := c.configure(opts); err != nil {
		return nil, err
	}
	cfg := guardConfig{}
	if c.rare != nil {
		cfg = c.rare.guard
	}
	i := &item{s: s, impl: c}
	err := cfg.validForGuard()
	var own []*item
	if err == nil {
		own, err = s.resolve(cfg.deps)
	}
	if err == nil {
		err = s.reserve(i, c)
	}
	if err != nil {
		return nil, s.refusal("child", name, err)
	}
	c.self = i
	c.begin(&s.body)
	s.mu.Lock()
	if err = i.insertLocked(c.name, own, &cfg, true); err != nil {
		s.names.free(c.name)
	}
	stopped, why := s.stopped, s.stopReasonLocked()
	s.mu.Unlock()
	switch {
	case err != nil:
		c.abort()
		return nil, s.refusal("child", name, err)
	case stopped: // before it could be found
		c.Stop(why)
	}
	return c, nil
}

// reserve takes the name of a child, which its spans have, before it is opened.
func (s *Scope) reserve(i *item, c *Scope) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.state >= dropping {
		return ErrClosed
	}
	unique := s.takeNameLocked(c.name)
	i.numbered = unique != c.name
	c.name = unique
	return nil
}

// Close ends a child made by [Scope.Child] now: it waits for its tasks, drops
// what it owns, and returns all errors as [Run] does. It panics as Run does
// when a task has. ctx bounds the caller's wait only. Calls after the first
// wait until it has closed and return nil. For a scope made by Run, and inside
// the child itself ([ErrReentrant]), Close is an error and does nothing.
func (s *Scope) Close(ctx context.Context) error {
	switch {
	case s.self == nil:
		return s.refusal("close", s.name, misuse("a scope made by Run ends with its function"))
	case s.insideChild(ctx):
		return s.refusal("close", s.name, ErrReentrant)
	case s.closeIdle():
		return nil
	}
	first, err := s.self.dropOrJoin(ctx, false)
	s.mu.Lock()
	ended := s.state == closed
	end := s.end
	s.mu.Unlock()
	if !first {
		if !ended && ctx.Err() != nil {
			return context.Cause(ctx)
		}
		return nil
	}
	if ended {
		if len(end.panics) > 0 {
			goPanic(end.panics, end.err)
		}
		if e, ok := err.(*DropError); ok && e.Outcome == "error" {
			return end.err // its own errors, without that of its place in the parent
		}
	}
	return err
}

// insideChild reports whether ctx is that of a task, daemon or drop of s, or of
// something nested in it.
func (s *Scope) insideChild(ctx context.Context) bool {
	direct := true
	for o := ownerOf(ctx); o != nil; o = o.outer() {
		if o.s == s && (!direct || o.kind != bodyOwner && o.kind != openingOwner) {
			return true
		}
		direct = false
	}
	return false
}

// closeIdle closes a child that is idle on the calling goroutine, and reports
// whether it could. It saves two goroutines for each of the many children of a
// long-lived scope that are empty when they are closed.
func (s *Scope) closeIdle() bool {
	p := s.parent
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.idleLocked() || p.rec != nil {
		return false
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if s.self.is() != live || s.self.lessLocked().early != nil || p.graph.Remove(&s.self.n) != nil {
		return false // in use, or being dropped: the long way knows what to say
	}
	s.self.set(gone)
	s.self.tellGoneLocked()
	p.names.free(s.self.name())
	s.shutLocked()
	return true
}

func (s *Scope) node() *item { return s.self }

// dropNow ends a child, in the time that ctx gives.
func (s *Scope) dropNow(ctx context.Context) error {
	s.drain(ctx)
	s.settle(Succeeded, nil)
	bound, _ := ctx.Deadline()
	panics, err := s.finish(s.dropAll(budgetOf(s, bound)))
	s.mu.Lock()
	s.end.err, s.end.panics = err, panics
	s.mu.Unlock()
	if len(panics) > 0 {
		return panics[0].With(multierr.Errors(err))
	}
	if cause, ok := s.parent.canceled(); ok && isEcho(err, cause) {
		return nil
	}
	return err
}

func (s *Scope) kind() string { return "child" }
func (s *Scope) typ() string  { return "" }
