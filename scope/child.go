package scope

import (
	"context"
	"time"

	"github.com/ebb-go/ebb/internal/budget"
	"github.com/ebb-go/ebb/internal/engine"
	"github.com/ebb-go/ebb/internal/fault"
	"github.com/ebb-go/ebb/internal/outcome"
)

// child is a scope and its node in the parent, in one allocation.
type child struct {
	Scope
	node node
}

// Child opens a scope inside the life of s: it lives until it is closed, or
// until s drops it. Its context is canceled with that of s. Options of guards
// are those of the child as a node of s: [DropTimeout] bounds its whole
// teardown. Without [DependsOn] it depends on every guard that s holds now, and
// in any case on what is used inside of it. On a scope that is being dropped or
// closed the error is [ErrClosed].
//
// A failure inside cancels the child; s hears of it when the child is closed or
// dropped.
func (s *Scope) Child(name string, opts ...Option) (*Scope, error) {
	both := new(child)
	c, n := &both.Scope, &both.node
	c.name, c.parent, c.opener, c.self = name, s, &s.body, n
	n.s, n.resource = s, c
	if err := c.configure(opts); err != nil {
		return nil, err
	}
	refuse := func(err error) (*Scope, error) { return nil, s.refusal("child", name, err) }
	var cfg guardConfig
	if c.config != nil {
		cfg = c.config.guard
	}
	if err := cfg.valid(); err != nil {
		return refuse(err)
	}
	n.vertex.Label(name)
	own, err := n.resolve(cfg.deps)
	if err != nil {
		n.forget()
		return refuse(err)
	}
	c.foreign = s.foreign
	recorded := c.recorded(&s.body)
	named := recorded || c.inspector() != nil || c.profiled() // they need the name at once
	if named {
		if err := c.takeName(); err != nil {
			n.forget()
			return refuse(err)
		}
	}
	var base context.Context = &s.body
	if cfg.graceful {
		base = context.WithoutCancel(base)
	}
	c.begin(base, recorded)
	stopped, err := c.enterParent(own, &cfg, named)
	if err != nil {
		n.forget()
		c.abort()
		return refuse(err)
	}
	if stopped != nil && !cfg.graceful { // by a Stop that has not found it
		c.Stop(stopped)
	}
	return c, nil
}

// enterParent makes a child a node of its parent, and gives it its name unless it
// is named already. If the parent was asked to stop, stopped is the cause.
func (s *Scope) enterParent(own []*node, cfg *guardConfig, named bool) (stopped, err error) {
	p := s.parent
	p.mu.Lock()
	defer p.unlockAndCount()
	if !named {
		if err := s.takeNameLocked(); err != nil {
			return nil, err
		}
	}
	if err := s.self.insertLocked(s.name, own, cfg, true, nil); err != nil {
		return nil, err
	}
	return p.stopReasonLocked(), nil
}

// takeName gives a child the name that it has in its parent.
func (s *Scope) takeName() error {
	s.parent.mu.Lock()
	defer s.parent.mu.Unlock()
	return s.takeNameLocked()
}

// takeNameLocked is takeName while the parent is locked.
func (s *Scope) takeNameLocked() error {
	p := s.parent
	if p.state >= dropping {
		return ErrClosed
	}
	unique := p.uniqueLocked(s.name)
	s.self.numbered = unique != s.name
	s.name = unique
	return nil
}

// Close ends a child made by [Scope.Child] now: it waits for its tasks, which run to
// their end, drops what it owns, and returns all errors as [Run] does, the cause if
// it was canceled. It panics as Run does when a task has. ctx bounds the caller's
// wait. If ctx has a deadline in the future, that bounds the exit of the child too, as
// a grace of its own would: its tasks are canceled before, and what still runs at the
// end is abandoned; a shorter grace of the child stays. Without a deadline the child
// goes on to close when the caller has gone, and is canceled when its turn in the
// teardown of its parent comes.
//
// Calls after the first wait until the child has closed and return nil. For a scope
// made by Run, and inside the child itself ([ErrReentrant]), Close is an error and
// does nothing. It ends a scope made by [Open] likewise, with the same error for all
// calls.
func (s *Scope) Close(ctx context.Context) error {
	switch {
	case s.config != nil && s.config.opened != nil:
		return s.closeOpened(ctx)
	case s.self == nil:
		return s.refusal("close", s.name, misuse("a scope made by Run ends with its function"))
	case s.slotNode() != nil:
		return s.refusal("close", s.name, misuse("the scope of a slot's value ends with the value"))
	case holds(held(ctx), target{waitPoint: waitPoint{node: s.self}}):
		return s.refusal("close", s.name, ErrReentrant)
	}
	if idle, cause := s.closeIdle(); idle {
		return cause
	}
	first, err := s.self.dropOrJoin(ctx, false)
	s.mu.Lock()
	ended := s.state == closed && s.decided != nil && s.decided.faults != nil
	end := s.decided
	s.mu.Unlock()
	if !first {
		if !ended && ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if ended {
			s.context.end() // the first may not have come to it
		}
		return nil
	}
	if ended {
		if e, ok := err.(*DropError); err == nil || ok && (e.Outcome == outcome.Error.String() || e.Outcome == outcome.Panic.String()) {
			return end.faults.result() // its own, without its place in the parent
		}
	}
	return err
}

func (s *Scope) asNode() *node {
	if s == nil || s.slotNode() != nil { // what depended on one value of a slot would be dropped with it
		return nil
	}
	return s.self
}

// callDrop ends a child, in the time that ctx gives.
func (s *Scope) callDrop(ctx context.Context) error {
	bound, closed := s.closedByOwner()
	if !closed {
		s.boundBy(time.Now(), budget.Deadline(ctx)) // before anything that is asked to stop can look
		s.turn()
	}
	faults := s.exitWithin(ctx, bound)
	s.mu.Lock()
	s.decided.faults = faults
	s.mu.Unlock()
	if p := faults.panicked(); p != nil {
		return &engine.Caught{Err: fault.Panic(p)} // the form that it has as an error
	}
	err := faults.err()
	if cut := s.cutBy(); cut != nil {
		return cutShort(err, cut)
	}
	if s.parent.isEcho(err) && !s.parent.byTurn(s.parent.cause()) {
		return nil // else the parent does not return its cause by itself
	}
	return err
}

// closedByOwner reports whether the drop of the child that is about to begin is that
// of its Close, and until when it has time; zero is no limit.
func (s *Scope) closedByOwner() (bound time.Time, closed bool) {
	early := s.self.vertex.Early() // else the teardown has taken over
	s.parent.mu.Lock()
	defer s.parent.mu.Unlock()
	e := s.self.rarelyLocked().early
	if !early || e == nil || e.tree || e.over == nil {
		return bound, false
	}
	return e.bound, true
}

func (s *Scope) kind() string { return "child" }
func (s *Scope) typ() string  { return "" }
