package scope

import (
	"fmt"
	"time"
)

// GuardOption is an option of a guard, a daemon or a child. The set is sealed.
type GuardOption interface {
	Option
	applyGuard(*guardConfig)
}

func newGuardConfig(opts []GuardOption) (c guardConfig) {
	if len(opts) == 0 {
		return c // nothing escapes to the heap on the common path
	}
	p := new(guardConfig)
	for _, o := range opts {
		if o != nil {
			o.applyGuard(p)
		}
	}
	return *p
}

// valid returns what is wrong with the options.
func (c *guardConfig) valid() error {
	if c.err != nil {
		return c.err
	}
	if c.idle > 0 {
		return misuse("SlotIdle is an option of NewSlots")
	}
	return nil
}

// validForGuard is valid for what is no daemon and no child.
func (c *guardConfig) validForGuard() error {
	switch {
	case c.err != nil:
	case c.graceful:
		return misuse("Graceful is an option of daemons and children")
	case c.interrupt != nil:
		return misuse("Interrupt is an option of daemons and children")
	}
	return c.valid()
}

type guardOption struct {
	name string
	set  func(*guardConfig)
}

func (o guardOption) applyGuard(c *guardConfig) { o.set(c) }

// apply is for a child, which is a node of its parent; [Run] refuses it.
func (o guardOption) apply(s *Scope) {
	c := s.makeConfig()
	c.guardNames = append(c.guardNames, o.name)
	o.set(&c.guard)
}

// DependsOn says that the guard, daemon or child uses nodes: it is dropped
// before them. On a daemon or child it narrows the edges to these; without it a
// daemon or child depends on every guard that its scope holds when it starts. A nil
// node is left out.
func DependsOn(nodes ...Node) GuardOption {
	return guardOption{"DependsOn", func(c *guardConfig) {
		c.narrowed = true
		c.deps = append(c.deps, nodes...)
	}}
}

// AlsoDependsOn says that the guard, daemon or child uses nodes too, beside what it
// depends on by default: unlike [DependsOn] it does not narrow the edges of a daemon
// or child. As there, a nil node is left out: a component that is switched off.
func AlsoDependsOn(nodes ...Node) GuardOption {
	return guardOption{"AlsoDependsOn", func(c *guardConfig) { c.deps = append(c.deps, nodes...) }}
}

// DropTimeout bounds the drop; on a child, its whole teardown. When d has
// passed, the context of the drop is canceled with a [*DropTimeoutError]; after
// another tenth of d, at most a second, it is abandoned. 0 is no limit.
func DropTimeout(d time.Duration) GuardOption {
	return guardOption{"DropTimeout", func(c *guardConfig) {
		if c.timeout = d; d < 0 {
			c.err = misuse(fmt.Sprintf("DropTimeout(%v): must not be negative", d))
		}
	}}
}

// SlotIdle evicts the values of [Slots] that nothing has used for d, or a little longer. A
// value is in use while a function or a guard keeps it. It is an option of [NewSlots]
// only; 0 is never.
func SlotIdle(d time.Duration) GuardOption {
	return guardOption{"SlotIdle", func(c *guardConfig) {
		if c.idle = d; d < 0 {
			c.err = misuse(fmt.Sprintf("SlotIdle(%v): must not be negative", d))
		}
	}}
}

// Hold says: if the drop of this one is abandoned, do not drop what it depends
// on, which may still be in use. Those are reported as skipped.
func Hold() GuardOption {
	return guardOption{"Hold", func(c *guardConfig) { c.hold = true }}
}

// Graceful asks a daemon before it cancels it: when its turn has come,
// [Stopping] closes, and its context is canceled when three quarters of the time
// of its drop are up, with a [*DropTimeoutError]. What the daemon returns after
// that, unless it is nil, is outcome timeout.
//
// A child with Graceful is not canceled with its parent, nor asked to stop with it: it
// goes on, and accepts tasks, until its turn comes. It is asked to stop then, and is
// canceled when three quarters of its time are up. So it is a place for work that
// outlives the request that began it; what feeds it depends on it.
//
// It is an option of daemons and children only.
func Graceful() GuardOption {
	return guardOption{"Graceful", func(c *guardConfig) { c.graceful = true }}
}

// Interrupt calls f when the turn of the daemon or child comes, for what ends only when
// its listener or connection is closed, and knows of no context. f is called once, on
// a goroutine of its own that nothing waits for; its panic or Goexit is contained and
// logged. What ends before its turn, or by [Scope.Close], is not interrupted.
// It is an option of daemons and children only.
func Interrupt(f func()) GuardOption {
	return guardOption{"Interrupt", func(c *guardConfig) { c.interrupt = f }}
}
