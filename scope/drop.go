package scope

import (
	"context"
	"time"

	"github.com/ebb-go/ebb/internal/engine"
	"github.com/ebb-go/ebb/internal/fault"
	"github.com/ebb-go/ebb/internal/outcome"
)

// Drop is called by the engine, once: a second run that comes to
// n while its early drop is running waits without it. Its frame lies on the stack
// of every drop that blocks, and with it those of group just fit the smallest
// stack; what needs room is done in other functions, before the drop function is called.
//
// Its frame is also the one by which the goroutine of a drop that hangs is found; see
// [fault.Frame].
//
//go:noinline
func (n *node) Drop(ctx context.Context) (err error) {
	if !n.begin(ctx) {
		return nil
	}
	err = ErrGoexit // unless it returns or panics
	begun, returned := false, false
	var unlabel func()
	defer func() {
		p := recover()
		if p != nil {
			err = fault.Panic(p)
		}
		if begun {
			n.resource.endDrop(err, p != nil)
		}
		if unlabel != nil {
			unlabel()
		}
		err = caught(err, p != nil)
		n.ended(err, returned)
	}()
	if n.s.rec != nil || n.s.profiled() {
		unlabel = n.watch()
	}
	ctx, began, refused := n.resource.beginDrop(&n.drop)
	if begun = began; !begun {
		returned = true
		return refused
	}
	err = n.resource.callDrop(ctx)
	returned = true
	return err
}

// watch shows the drop that begins to those that look: a span, and the labels of
// profiles until unlabel, which may be nil, is called.
func (n *node) watch() (unlabel func()) {
	if n.s.rec != nil {
		n.startSpan()
	}
	if n.s.profiled() {
		n.drop.Context, unlabel = n.s.profile(n.drop.Context, "guard", n.name())
	}
	return unlabel
}

// begin marks the drop as begun and makes its context, unless n was released
// between the plan of the run and its turn.
//
// In a teardown beside which no early drop runs, and where nothing can be given
// up, no other goroutine can begin or release it or mark it as gone. So it takes no lock, and
// neither does its end: that of a scope is where all workers of a large teardown
// would meet. (With the lock, a teardown of 1,000 guards took a third longer on two
// processors.)
func (n *node) begin(ctx context.Context) bool {
	s := n.s
	if s.teardownAlone {
		if n.is() == released {
			return false
		}
		n.drop.way = dropAlone
		n.set(ending)
	} else if !n.beginBeside(&ctx) {
		return false
	}
	n.drop.node = n
	n.drop.begin(ctx, s, dropFrame)
	if s.dropLimit() > 0 {
		waits.changed(s) // it has taken a place, and it may wait already: a daemon, or a child
	}
	return true
}

// beginBeside is begin where others can be beside it. Whether a drop is early is
// not a matter of the moment, but of the run that has begun it.
func (n *node) beginBeside(ctx *context.Context) bool {
	s := n.s
	early := n.vertex.Early()
	var made rarely // of which only stop is set: the context is made without the lock
	if early {
		*ctx, made.stop = context.WithCancelCause(*ctx)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if early {
		x := n.makeRarelyLocked()
		x.stop, x.began = made.stop, time.Now()
	}
	switch n.is() {
	case released:
		return false
	case gone: // it was abandoned before it could begin
	default:
		n.set(ending)
	}
	if early {
		n.drop.way = dropEarly
	}
	return true
}

// Turn is called by the engine when the turn of n in the teardown has come while an
// early drop of it is running: a child that was only closed is canceled.
func (n *node) Turn() {
	if n.s.dropLimit() > 0 {
		waits.changed(n.s) // as when a drop begins
	}
	if c, ok := n.resource.(*Scope); ok {
		c.turn()
	}
}

// CancelDrop is called by the engine when the teardown has no more time for an
// early drop that is still running.
func (n *node) CancelDrop(cause error) {
	n.s.mu.Lock()
	stop := n.rarelyLocked().stop
	if stop != nil {
		n.rarelyLocked().cut = true
	}
	n.s.mu.Unlock()
	if stop != nil {
		stop(cause)
	}
}

// Abandoned is called by the engine when a run has given n up. What waits for n, a drop
// of the same run maybe, gets its outcome now.
func (n *node) Abandoned(o engine.Outcome) {
	n.s.mu.Lock()
	awaited := n.rarelyLocked().early != nil
	n.s.mu.Unlock()
	if awaited {
		n.s.takeStacks([]engine.Outcome{o}) // else the end of the run takes all in one stop of the world
	}
	_ = n.outcome(o) // which the run returns once more
}

// ended waits for what the drop function has nested, and marks n as gone. What err is
// was decided where it was caught: an *engine.Caught says so, and else the function has
// returned err or, if it has not returned, called Goexit.
func (n *node) ended(err error, returned bool) {
	left := n.drop.way == dropAlone && n.drop.live.CompareAndSwap(1, 0)
	if left {
		n.drop.unpin(nil)
	}
	if left && err == nil {
		n.set(gone)
		n.s.lives(-1)
		n.s.count()
		// Either a waiter is seen here, or the waiter sees that n is gone:
		// each side writes first and then looks.
		if n.rarely.Load() == nil {
			return
		}
	}
	n.s.mu.Lock()
	if !left {
		n.drop.joinLocked()
	}
	n.markGoneLocked(n.joinedError(err, returned))
	n.unpinLocked()
	n.endRecordLocked()
	stop := n.rarelyLocked().stop
	n.s.unlockAndCount()
	if stop != nil {
		stop(errEnded) // frees the context
	}
}

// outcome returns the error that Run has of a drop, and ends the record of a drop that
// will not end, because it was abandoned or skipped.
func (n *node) outcome(o engine.Outcome) error {
	err := n.s.dropError(n, o)
	if v, ok := n.resource.(interface {
		noteOutcome(o engine.Outcome, err error)
	}); ok {
		v.noteOutcome(o, err)
	}
	if o.Outcome == outcome.Abandoned || o.Outcome == outcome.Skipped {
		n.s.mu.Lock()
		n.markGoneLocked(err)
		n.s.unlockAndCount()
	}
	return err
}

// markGoneLocked marks n as gone, with the first outcome that it has; err is what a call
// that waits for its drop gets.
func (n *node) markGoneLocked(err error) {
	if n.is() == gone {
		return
	}
	if err != nil {
		n.makeRarelyLocked().dropErr = err
	}
	n.set(gone)
	if n.drop.way == dropEarly {
		n.s.graph.Ended(&n.vertex) // before any waiter goes on
	}
	if n.s.state < dropping { // else the name is no longer needed
		n.s.names.free(n.name())
	}
	n.unpinLocked()
	n.endRecordLocked()
	n.s.lives(-1)
}
