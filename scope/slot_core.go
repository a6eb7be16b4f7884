package scope

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"go.uber.org/multierr"

	"github.com/ebb-go/ebb/internal/budget"
	"github.com/ebb-go/ebb/internal/engine"
)

// slotCore is what a slot is without its type: a node of its scope, and inside of it a
// scope of its own whose nodes are the values. That one is in no path and no picture. It
// is open until the slot's own turn, and so values come and go until then, whatever
// becomes of the scope around.
type slotCore struct {
	node    node
	values  Scope
	timeout time.Duration // of the drop of a value; immutable, as are node, values and idle
	seen    seen
	idle    *idleQueue // of the values that nothing uses; nil without SlotIdle

	mu      sync.Mutex // protects the following
	closing bool       // the turn has come: no value is opened any longer; terminal
	openers map[*opener]struct{}
	turned  chan struct{} // made by the turn, and closed when the last opener has ended; nil before
}

// init makes c the core of a slot that r is, with the options of cfg.
func (c *slotCore) init(s *Scope, r resource, cfg *guardConfig) {
	c.node.s, c.node.resource = s, r
	c.timeout = cfg.timeout
	v := &c.values
	v.name, v.parent, v.opener, v.self = s.name, s, &s.body, &c.node
	v.inherited, v.rec, v.dropTimeout, v.foreign = s.inherited, s.rec, s.dropTimeout, s.foreign
	v.watched = s.watched
	v.schedule = Eager // a value that is kept by another waits for it, and must not hold up a wave
	v.makeConfig().inside = true
	v.names = new(nameSet) // stays empty: a number or a key is no name to be made unique
	if s.clock() != nil {
		v.timing.Store(&clock{opened: time.Now()})
	}
	v.context.base = &s.body
	v.body.begin(&v.context, v, bodyFrame)
}

func (c *slotCore) name() string { return c.node.name() }

// written is the name as it is written in the code.
func (c *slotCore) written() string { return c.node.written() }

func (c *slotCore) refusal(what string, why error) error {
	return c.node.s.refusal(what, c.name(), why)
}

// An opener is a call of an open function. The turn of the slot cancels it, and waits
// for it.
type opener struct {
	node   *node // the guard that is opened
	cancel context.CancelCauseFunc
	done   chan struct{} // closed when it has ended

	// Guarded by the mu of its place, for an attempt that callers share.
	waiting  int   // callers that wait for it
	forsaken bool  // all have given up: it is canceled, and what it opens is dropped; terminal
	err      error // what it has come to; read after done
}

// begin counts o in, unless the turn of the slot has come.
func (c *slotCore) begin(o *opener) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closing {
		return ErrDropped
	}
	if c.openers == nil {
		c.openers = make(map[*opener]struct{})
	}
	c.openers[o] = struct{}{}
	return nil
}

// end is its opposite.
func (c *slotCore) end(o *opener) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if delete(c.openers, o); len(c.openers) > 0 {
		return
	}
	c.openers = nil // a map keeps its buckets
	if c.turned != nil {
		close(c.turned)
	}
}

// turn refuses what would be opened from now on, and cancels and awaits what is being
// opened: that has three quarters of the time of the drop; what is still running then is
// waited for by the last of it.
func (c *slotCore) turn(ctx context.Context) (late <-chan struct{}) {
	c.mu.Lock()
	c.closing = true
	c.idle.stop()
	if len(c.openers) == 0 {
		c.mu.Unlock()
		return nil
	}
	c.turned = make(chan struct{})
	cancels := make([]context.CancelCauseFunc, 0, len(c.openers))
	for o := range c.openers {
		cancels = append(cancels, o.cancel)
	}
	c.mu.Unlock()
	cause := c.node.s.stopCause()
	for _, cancel := range cancels {
		cancel(cause)
	}
	var due <-chan time.Time // never
	if end := budget.Deadline(ctx); !end.IsZero() {
		timer := time.NewTimer(budget.Asked(max(time.Until(end), 0)))
		defer timer.Stop()
		due = timer.C
	}
	select {
	case <-c.turned:
		return nil
	case <-due:
	case <-ctx.Done():
	}
	return c.turned
}

// drop drops all values, in the time that ctx gives. ctx is that of the slot's drop,
// whose exit case is theirs.
func (c *slotCore) drop(ctx context.Context) error {
	late := c.turn(ctx)
	in := &c.values
	exit := ExitOf(ctx)
	in.mu.Lock()
	in.advanceLocked(dropping)
	in.decided = &decision{exit: exit}
	in.mu.Unlock()
	b := budgetOf(in, budget.Deadline(ctx))
	x := exitRun{deadline: b.end, early: in.earlyDrops()}
	opts := in.options(&b)
	opts.Failures = false // of all it is kept what they came to
	if run := in.graph.BeginTeardown(context.WithoutCancel(ctx), opts); run != nil {
		waits.changed(in)
		x.outcomes = run.Do()
	}
	errs := make([]error, len(x.outcomes))
	var crash *PanicError
	for k, o := range x.outcomes {
		n := nodeOf(o.Node)
		errs[k] = n.outcome(o)
		if p := n.panicked(o); p != nil && crash == nil {
			crash = p
		}
	}
	hung := in.takeStacks(x.outcomes)
	for k := range errs {
		errs[k] = multierr.Append(errs[k], hung[k])
	}
	awaitEarly(x.early, x.outcomes, x.deadline)
	in.conclude(x.early)
	in.closeContext()
	if late != nil {
		<-late
	}
	if crash != nil {
		return &engine.Caught{Err: crash}
	}
	return multierr.Combine(errs...)
}

// takeName takes the slot's name before the slot is registered: its first value has it in
// its own.
func (c *slotCore) takeName(name string) error {
	s := c.node.s
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.state >= dropping {
		return ErrClosed
	}
	unique := s.uniqueLocked(name)
	c.node.vertex.Label(unique)
	c.node.numbered = unique != name
	c.node.makeRarelyLocked().named = true
	return nil
}

// abort ends the inside of a slot that is not registered.
func (c *slotCore) abort() {
	c.node.forget()
	s := c.node.s
	s.mu.Lock()
	if c.node.rarelyLocked().named {
		s.names.free(c.node.name())
	}
	s.mu.Unlock()
	c.values.closeContext()
}

// label returns the name of the value with that number or key.
func (c *slotCore) label(key string) string { return fmt.Sprintf("%s[%s]", c.name(), key) }

// maxKey bounds the length of a key in a name.
const maxKey = 64

// shortKey is a key as names have it.
func shortKey(key string) string {
	if len(key) > maxKey {
		key = key[:maxKey] + "..."
	}
	return strings.ToValidUTF8(key, "\uFFFD")
}
