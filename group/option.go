package group

import "time"

// A Schedule says when a guard may be dropped.
type Schedule uint8

const (
	Waves      Schedule = iota // wave k+1 starts when wave k has ended
	Eager                      // a guard is dropped as soon as its last dependent has ended
	Sequential                 // one at a time; respects the edges and otherwise reverses registration
)

// String returns the name in lower case.
func (s Schedule) String() string {
	switch s {
	case Waves:
		return "waves"
	case Eager:
		return "eager"
	case Sequential:
		return "sequential"
	}
	return "unknown"
}

// An Option changes how [Graph.Teardown], [Graph.Drop] and [Graph.DropTree]
// run. Of two that say the same thing the later one counts.
type Option interface{ apply(*options) }

type option func(*options)

func (o option) apply(to *options) { o(to) }

// options is what a run was asked for. The zero value is the default.
type options struct {
	schedule Schedule
	limit    int                              // of drops at a time; 0: none
	timeout  time.Duration                    // of a drop; 0: none
	deadline time.Time                        // of the run; zero: none
	reserve  time.Duration                    // part of the time until end
	slow     time.Duration                    // 0: nobody wants to know
	force    <-chan struct{}                  // nil: never
	cause    func(*Node, time.Duration) error // never nil after newRun
	observe  func(Event)                      // nil: nobody looks
}

// Order sets the schedule. The default is Waves.
func Order(s Schedule) Option { return option(func(o *options) { o.schedule = s }) }

// Limit bounds how many drops run at a time; abandoned ones do not count. 0 or
// less, the default, is no limit.
func Limit(n int) Option { return option(func(o *options) { o.limit = max(n, 0) }) }

// Timeout bounds each drop whose node has no limit of its own: its context is
// cancelled after d, and it is abandoned after a tenth of d more, or a second if
// that is less. 0 or less, the default, is no limit.
func Timeout(d time.Duration) Option { return option(func(o *options) { o.timeout = max(d, 0) }) }

// Deadline says when the whole run has to be over, the last tenth of [Timeout]
// included. The part reserve of the time until then is shared out evenly: with K
// waves, a drop of wave k has to be over at end - reserve*(K-1-k)/K. Where drops
// queue ([Sequential], [Limit]), every guard that has not started counts as a
// wave. Of this and a drop's own limit the shorter one counts. When end has
// passed before the run begins, it is taken to be reserve from then.
func Deadline(end time.Time, reserve time.Duration) Option {
	return option(func(o *options) { o.deadline, o.reserve = end, max(reserve, 0) })
}

// Slow asks for one DropSlow event for every drop that runs longer than d. It
// means nothing without [Observe].
func Slow(d time.Duration) Option { return option(func(o *options) { o.slow = max(d, 0) }) }

// Force ends a run early: when ch closes, the context of every running drop is
// cancelled with [ErrForced] and the drop is abandoned at once; what has not
// started is skipped with [ErrForced].
func Force(ch <-chan struct{}) Option { return option(func(o *options) { o.force = ch }) }

// Cause sets what a drop's context is cancelled with when its time is up. It is
// called before the drop of n starts, with the time that it has, and must not
// return nil. The default makes a [*TimeoutError].
func Cause(f func(n *Node, limit time.Duration) error) Option {
	return option(func(o *options) { o.cause = f })
}

// Observe tells f what happens, as it happens. It is called concurrently, and
// what it takes is part of the run. When it panics or calls runtime.Goexit, the
// run goes on, and once it is complete, the method that began it panics with a
// *fault.PanicError, which scope calls PanicError.
func Observe(f func(Event)) Option { return option(func(o *options) { o.observe = f }) }
