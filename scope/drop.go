package scope

import (
	"context"
	"time"

	"github.com/ebb-go/ebb/group"
	"github.com/ebb-go/ebb/internal/fault"
)

// Drop is called by the engine of package group, once: a second run that comes to
// i while its early drop is running waits without it. Its frame lies on the stack
// of every drop that blocks, and with it those of group just fit the smallest
// stack; what needs room is done in other functions.
func (i *item) Drop(ctx context.Context) (err error) {
	if !i.begin(ctx) {
		return nil
	}
	err = ErrGoexit // unless it returns or panics
	steps := i.steps()
	defer func() {
		p := recover()
		if p != nil {
			err = fault.Panic(p)
		}
		if steps != nil {
			steps.endDrop(err)
		}
		i.ended(ofCaught(err))
		if p != nil {
			err = &group.Caught{Err: err} // it is a panic; what a drop returns is an error, whatever it wraps
		}
	}()
	if steps != nil {
		return steps.callDrop(&i.drop)
	}
	return i.dropNow()
}

// caught marks err as what package guard has caught, if the drop function panicked: an
// error that it has returned is one, whatever it is or wraps.
func caught(err error, panicked bool) error {
	if err == nil || !panicked {
		return err
	}
	return &group.Caught{Err: err}
}

// ofCaught returns the error in what a daemon or child has caught itself.
func ofCaught(err error) error {
	if c, ok := err.(*group.Caught); ok {
		return c.Err
	}
	return err
}

// stepwise is a dropper that can do without a frame of its own.
type stepwise interface {
	beginDrop() bool                    // begins the drop if nobody has to be waited for
	callDrop(ctx context.Context) error // is the drop function, and panics if that does
	endDrop(err error)
}

// steps begins a drop that can be called step by step, while nobody looks; else it
// returns nil.
func (i *item) steps() stepwise {
	if i.s.rec != nil || i.s.profiled() {
		return nil
	}
	if steps, ok := i.impl.(stepwise); ok && steps.beginDrop() {
		return steps
	}
	return nil
}

// dropNow is the rest of Drop for all others.
func (i *item) dropNow() error {
	if i.s.rec != nil {
		i.startSpan()
	}
	if i.s.profiled() {
		ctx, stop := i.s.profile(i.drop.Context, "guard", i.name())
		defer stop()
		i.drop.Context = ctx
	}
	return i.impl.dropNow(&i.drop)
}

// begin marks the drop as begun and makes its context, unless i was released
// between the plan of the run and its turn.
//
// In a teardown beside which no early drop runs, and where nothing can be given
// up, nobody else can begin, release or settle it. So it takes no lock, and
// neither does its end: that of a scope is where all workers of a large teardown
// would meet. (With the lock, a teardown of 1,000 guards took a third longer on two
// processors.)
func (i *item) begin(ctx context.Context) bool {
	s := i.s
	if s.teardownAlone {
		if i.is() == released {
			return false
		}
		i.drop.way = dropAlone
		i.set(ending)
	} else if !i.beginBeside(&ctx) {
		return false
	}
	i.drop.item = i
	i.drop.begin(ctx, s, dropOwner)
	return true
}

// beginBeside is begin where others can be beside it. Whether a drop is early is
// not a matter of the moment, but of the run that has begun it.
func (i *item) beginBeside(ctx *context.Context) bool {
	s := i.s
	early := i.n.Early()
	var extra itemExtra // of which only stop is set: the context is made without the lock
	if early {
		*ctx, extra.stop = context.WithCancelCause(*ctx)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if early {
		x := i.makeExtraLocked()
		x.stop, x.began = extra.stop, time.Now()
	}
	switch i.is() {
	case released:
		return false
	case gone: // it was abandoned before it could begin
	default:
		i.set(ending)
	}
	if early {
		i.drop.way = dropEarly
	}
	return true
}

// Turn is called by the engine when the turn of i in the teardown has come while an
// early drop of it is running: a child that was only closed is canceled.
func (i *item) Turn() {
	if c, ok := i.impl.(*Scope); ok {
		c.turn()
	}
}

// CancelDrop is called by the engine when the teardown has no more time for an
// early drop that is still running.
func (i *item) CancelDrop(cause error) {
	i.s.mu.Lock()
	stop := i.extraLocked().stop
	if stop != nil {
		i.extraLocked().cut = true
	}
	i.s.mu.Unlock()
	if stop != nil {
		stop(cause)
	}
}

// ended waits for what the drop function has nested, and marks i as gone.
func (i *item) ended(err error) {
	left := i.drop.way == dropAlone && i.drop.live.CompareAndSwap(1, 0)
	if left && err == nil {
		i.set(gone)
		i.s.lives(-1)
		i.s.count()
		// Either who waits is seen here, or he sees here that it is gone:
		// each side writes first and then looks.
		if i.extra.Load() == nil {
			return
		}
	}
	i.s.mu.Lock()
	if !left {
		i.drop.joinLocked()
	}
	i.settleLocked(err)
	i.unpinLocked()
	i.tellGoneLocked()
	stop := i.extraLocked().stop
	i.s.unlockAndCount()
	if stop != nil {
		stop(errEnded) // frees the context
	}
}

// outcome returns what Run says of a drop, and tells those who wait for one that
// will not end, because it was abandoned or skipped.
func (i *item) outcome(o group.Outcome) error {
	err := i.s.dropError(i, o)
	if o.Outcome == "abandoned" || o.Outcome == "skipped" {
		i.s.mu.Lock()
		i.settleLocked(err)
		i.s.unlockAndCount()
	}
	return err
}

// settleLocked marks i as gone, with the first outcome that it has.
func (i *item) settleLocked(err error) {
	if i.is() == gone {
		return
	}
	if err != nil {
		i.makeExtraLocked().told = err
	}
	i.set(gone)
	if i.drop.way == dropEarly {
		i.s.graph.Ended(&i.n) // before anyone is told
	}
	if i.s.state < dropping { // else nobody will want the name any more
		i.s.names.free(i.name())
	}
	i.unpinLocked()
	i.tellGoneLocked()
	i.s.lives(-1)
}
